# SPDX-License-Identifier: MIT OR Apache-2.0
"""rustc's names of what OE-Core builds for."""

import re

# What OE-Core has a tune for and rustc no target: most of big-endian ARM, ARMv4 with musl, hard float
# before ARMv6, the ABIs n32 of MIPS and x32 with musl, little-endian PowerPC of 32 bits.
LACKING = re.compile(r"armeb-.*(hf|musl.*)|armv4t-.*musl.*|armv5te-.*hf|.*n32.*|.*muslx32|powerpcle-.*")


def lacking(name):
    """Why there is no such target, or nothing."""
    if LACKING.fullmatch(name):
        return (f"rustc has no target for this tune ({name} is not one of `rustc --print target-list`): "
                'TINYRUST_STD_REBUILD = "0" builds with the target that OE-Core describes to it')
    return ""


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
