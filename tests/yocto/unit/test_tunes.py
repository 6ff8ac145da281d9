# SPDX-License-Identifier: MIT OR Apache-2.0
import pathlib
import tomllib
import unittest

from tinyrust import tunes

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Tunes(unittest.TestCase):
    def tune(self, target, cflags=""):
        return tunes.tune(target, cflags.split())[1]

    def test_no_neon_where_the_compiler_is_given_none(self):
        self.assertEqual(self.tune("armv7-unknown-linux-musleabihf", "-march=armv7-a+fp -mthumb"), "armv7athf-vfpv3d16")
        self.assertEqual(self.tune("armv7-unknown-linux-musleabihf", "-march=armv7-a+simd"), "armv7ahf-neon")

    def test_old_arm_is_soft_float_unless_its_target_says_otherwise(self):
        self.assertEqual(self.tune("arm-unknown-linux-musleabi", "-mfloat-abi=soft"), "armv6-novfp")
        self.assertEqual(self.tune("arm-unknown-linux-musleabihf"), "armv6hf")
        self.assertEqual(self.tune("armv5te-unknown-linux-musleabi"), "armv5e")

    def test_mips_is_soft_float_as_rustcs_target_is(self):
        self.assertEqual(self.tune("mipsel-unknown-linux-musl"), "mips32r2el-nf")

    def test_64_bits(self):
        self.assertEqual(self.tune("aarch64-unknown-linux-musl"), "armv8a")
        self.assertEqual(self.tune("riscv64gc-unknown-linux-musl"), "riscv64")
        self.assertEqual(self.tune("x86_64-unknown-linux-musl"), "x86-64")

    def test_an_unknown_cpu_says_where_to_add_it(self):
        with self.assertRaisesRegex(ValueError, "tunes.py"):
            self.tune("loongarch64-unknown-linux-musl")

    def test_every_board_has_one(self):
        boards = sorted(ROOT.glob("boards/*/board.toml"))
        self.assertTrue(boards)
        for path in boards:
            board = tomllib.loads(path.read_text())
            tunes.tune(board["rust"]["target"], board["cc"]["cflags"])
