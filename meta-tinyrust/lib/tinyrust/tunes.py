# SPDX-License-Identifier: MIT OR Apache-2.0
"""Which of OE-Core's tunes a board of board.toml is.

A board names its CPU to Rust and to GCC; OE-Core knows it as a DEFAULTTUNE of one of
its includes under conf/machine/include. Where more than one would do, the tune is the one
that promises no more of the silicon than the other two say.
"""


def tune(target, cflags):
    """(include, DEFAULTTUNE) for rustc's target and GCC's flags.

    Raises ValueError for a CPU that has no entry here.
    """
    arch = target.partition("-")[0]
    hard = target.endswith("hf")
    thumb = "t" if "-mthumb" in cflags else ""
    if arch == "armv7":
        # vfpv3-d16 is `+fp`: 16 registers and no NEON, which the tune named cortexa7 brings.
        unit = "-neon" if any("neon" in f or "+simd" in f for f in cflags) else "-vfpv3d16"
        return "arm/arch-armv7a.inc", f"armv7a{thumb}hf{unit}" if hard else f"armv7a{thumb}"
    if arch == "arm":
        # rustc's plain arm is ARMv6.
        return "arm/arch-armv6.inc", f"armv6{thumb}hf" if hard else f"armv6{thumb}-novfp"
    if arch == "armv5te":
        return "arm/arch-armv5-dsp.inc", f"armv5{thumb}e"
    if arch == "aarch64":
        return "arm/arch-armv8a.inc", "armv8a"
    if arch in ("mips", "mipsel"):
        # rustc's MIPS targets for Linux with musl are mips32r2 with soft float.
        float_unit = "" if "-mhard-float" in cflags else "-nf"
        return "mips/tune-mips32r2.inc", f"mips32r2{'el' if arch == 'mipsel' else ''}{float_unit}"
    if arch in ("riscv64gc", "riscv32gc"):
        return "riscv/tune-riscv.inc", arch.removesuffix("gc")
    if arch == "x86_64":
        return "x86/arch-x86.inc", "x86-64"
    raise ValueError(f"no tune is known for {target}: add it to meta-tinyrust/lib/tinyrust/tunes.py")
