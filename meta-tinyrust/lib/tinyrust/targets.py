# SPDX-License-Identifier: MIT OR Apache-2.0
"""rustc's names of what OE-Core builds for."""


def target(triple, features):
    """rustc's own target for OE-Core's Rust triple and TUNE_FEATURES.

    OE-Core gives rustc a JSON file for each triple and is free in its names; without one
    rustc wants those of `rustc --print target-list`.
    """
    arch, _, system = triple.partition("-")
    system = system[system.index("linux"):]
    if arch == "arm" and "armv4" in features:
        arch = "armv4t"
    elif arch == "arm" and "armv5" in features:
        # rustc's plain arm is ARMv6, which such a CPU does not run.
        arch = "armv5te"
    elif arch in ("riscv32", "riscv64"):
        arch += "gc"
    elif arch in ("mips64", "mips64el"):
        # The one calling convention of 64 bits that rustc knows.
        system += "abi64"
    return f"{arch}-unknown-{system}"
