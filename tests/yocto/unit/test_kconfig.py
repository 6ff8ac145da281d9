# SPDX-License-Identifier: MIT OR Apache-2.0
import unittest

from tinyrust import kconfig


class Kconfig(unittest.TestCase):
    def test_a_line_that_landed_is_no_complaint(self):
        config = 'CONFIG_A=y\nCONFIG_B="x y"\n# CONFIG_C is not set\n'
        self.assertEqual(kconfig.missing([("f", config)], config), [])

    def test_a_line_that_did_not_land_is_named_with_its_file_and_what_it_became(self):
        said = kconfig.missing([("boards/x/linux.config", "CONFIG_A=y\n")], "CONFIG_A=m\n")
        self.assertEqual(said, ["boards/x/linux.config: `CONFIG_A=y` became CONFIG_A=m"])

    def test_a_symbol_that_is_gone_is_a_complaint(self):
        self.assertEqual(kconfig.missing([("f", "CONFIG_A=y\n")], ""), ["f: `CONFIG_A=y` became not set"])

    def test_off_is_satisfied_by_a_symbol_that_is_not_there(self):
        self.assertEqual(kconfig.missing([("f", "# CONFIG_A is not set\n")], ""), [])

    def test_off_is_not_satisfied_by_a_module(self):
        self.assertEqual(kconfig.missing([("f", "# CONFIG_A is not set\n")], "CONFIG_A=m\n"),
                         ["f: `# CONFIG_A is not set` became CONFIG_A=m"])

    def test_the_later_fragment_wins(self):
        fragments = [("common", "CONFIG_A=y\n"), ("board", "# CONFIG_A is not set\n")]
        self.assertEqual(kconfig.missing(fragments, "# CONFIG_A is not set\n"), [])

    def test_symbols_are_taken_out_whether_set_or_not(self):
        left = kconfig.without("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_AB=y\n", {"CONFIG_A", "CONFIG_B"})
        self.assertEqual(left, "CONFIG_AB=y\n")
