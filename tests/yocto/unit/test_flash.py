# SPDX-License-Identifier: MIT OR Apache-2.0
import unittest

from tinyrust import flash


class BootImage(unittest.TestCase):
    files = {"spl": b"SPL", "u-boot": b"UBOOT"}

    def test_what_is_between_two_files_is_erased_flash(self):
        self.assertEqual(flash.boot_image("spl@0x0 u-boot@0x8", self.files.get, 32), b"SPL\xff\xff\xff\xff\xffUBOOT")

    def test_the_order_of_the_list_does_not_count(self):
        self.assertEqual(flash.boot_image("u-boot@8 spl@0", self.files.get, 32),
                         flash.boot_image("spl@0 u-boot@8", self.files.get, 32))

    def test_a_file_over_the_next_one_says_by_how_much(self):
        with self.assertRaisesRegex(ValueError, "spl: 3 bytes, 2 up to the next, over by 1"):
            flash.boot_image("spl@0 u-boot@2", self.files.get, 32)

    def test_a_file_over_the_partition_says_by_how_much(self):
        with self.assertRaisesRegex(ValueError, "u-boot: 5 bytes, 4 .* over by 1"):
            flash.boot_image("spl@0 u-boot@8", self.files.get, 12)

    def test_an_entry_without_an_offset_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "NAME@OFFSET"):
            flash.boot_image("spl", self.files.get, 12)
