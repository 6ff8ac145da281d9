# SPDX-License-Identifier: MIT OR Apache-2.0
import pathlib
import subprocess
import unittest

from tinyrust import targets

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Targets(unittest.TestCase):
    # OE-Core's Rust triple and the features that matter, of each of its qemu machines, musl and glibc;
    # the check `targets` of the harness asks OE-Core itself.
    MACHINES = {
        ("arm-oe-linux-gnueabi", "arm armv5 thumb dsp"): "armv5te-unknown-linux-gnueabi",
        ("arm-oe-linux-musleabi", "arm armv5 thumb dsp"): "armv5te-unknown-linux-musleabi",
        ("arm-oe-linux-gnueabihf", "arm armv6 vfp"): "arm-unknown-linux-gnueabihf",
        ("armv7-oe-linux-musleabihf", "arm armv7ve vfp thumb neon"): "armv7-unknown-linux-musleabihf",
        ("aarch64-oe-linux-gnu", "aarch64 crc cortexa57"): "aarch64-unknown-linux-gnu",
        ("riscv64-oe-linux-musl", "rv 64 i m a f d c"): "riscv64gc-unknown-linux-musl",
        ("riscv32-oe-linux-gnu", "rv 32 i m a f d c"): "riscv32gc-unknown-linux-gnu",
        ("mips64-oe-linux-gnu", "bigendian n64 mips64r2"): "mips64-unknown-linux-gnuabi64",
        ("mips64-oe-linux-musl", "bigendian n64 mips64r2"): "mips64-unknown-linux-muslabi64",
        ("mips-oe-linux-gnu", "o32 bigendian mips32r2"): "mips-unknown-linux-gnu",
        ("powerpc-oe-linux-gnu", "m32 bigendian"): "powerpc-unknown-linux-gnu",
        ("powerpc64le-oe-linux-musl", "m64"): "powerpc64le-unknown-linux-musl",
        ("x86_64-oe-linux-gnu", "m64"): "x86_64-unknown-linux-gnu",
        ("i686-oe-linux-musl", "m32"): "i686-unknown-linux-musl",
        ("loongarch64-oe-linux-gnu", "loongarch64"): "loongarch64-unknown-linux-gnu",
    }

    def test_each_is_one_that_rustc_has(self):
        known = subprocess.run(["rustc", "--print", "target-list"], cwd=ROOT, check=True,
                               stdout=subprocess.PIPE, text=True).stdout.split()
        for (triple, features), expected in self.MACHINES.items():
            self.assertEqual(targets.target(triple, features.split()), expected)
            self.assertIn(expected, known)
            self.assertEqual(targets.lacking(expected), "")

    def test_a_tune_that_rustc_has_no_target_for_is_named(self):
        for triple, features in (("armeb-oe-linux-musleabi", "armv7a bigendian"), ("arm-oe-linux-gnueabihf", "armv5 vfp callconvention-hard"),
                                 ("mips64-oe-linux-gnun32-gnu", "n32 mips64"), ("x86_64-oe-linux-muslx32", "mx32")):
            said = targets.lacking(targets.target(triple, features.split()))
            self.assertIn("rustc has no target for this tune", said)
            self.assertIn('TINYRUST_STD_REBUILD = "0"', said)
