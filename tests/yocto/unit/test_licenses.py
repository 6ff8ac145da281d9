# SPDX-License-Identifier: MIT OR Apache-2.0
import unittest

from tinyrust import licenses


class Licenses(unittest.TestCase):
    def test_the_order_of_a_choice_does_not_count(self):
        self.assertEqual(licenses.together(["MIT OR Apache-2.0", "Apache-2.0 OR MIT", "Apache-2.0 / MIT"]), "(Apache-2.0 | MIT)")

    def test_parts_that_all_hold_stand_beside_those_of_others(self):
        self.assertEqual(licenses.together(["(Apache-2.0 OR MIT) AND BSD-3-Clause", "MIT"]),
                         "(Apache-2.0 | MIT) & BSD-3-Clause & MIT")

    def test_an_exception_has_the_name_of_oe_cores_file(self):
        self.assertEqual(licenses.together(["Apache-2.0 WITH LLVM-exception OR MIT"]),
                         "(Apache-2.0-with-LLVM-exception | MIT)")

    def test_and_binds_closer_than_or(self):
        self.assertEqual(licenses.together(["MIT OR Zlib AND ISC"]), "((ISC & Zlib) | MIT)")

    def test_what_is_no_expression_is_an_error(self):
        for text in ("", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0"):
            with self.assertRaises(ValueError, msg=text):
                licenses.together([text])
