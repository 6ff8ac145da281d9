# SPDX-License-Identifier: MIT OR Apache-2.0
import importlib.util
import unittest
from unittest import mock

from tinyrust import licence

SPDX = "(Apache-2.0 OR MIT) AND Apache-2.0 WITH LLVM-exception AND Zlib"


def oe_core(module):
    """OE-Core with or without a module."""
    return mock.patch.object(importlib.util, "find_spec", lambda name: object() if name == module else None)


class Licence(unittest.TestCase):
    def test_a_release_that_reads_spdx_gets_spdx(self):
        with oe_core("oe.spdx_license"):
            self.assertEqual(licence.expression(SPDX), SPDX)

    def test_an_older_one_gets_its_own_signs_and_names(self):
        with oe_core(None):
            self.assertEqual(licence.expression(SPDX), "(Apache-2.0 | MIT) & Apache-2.0-with-LLVM-exception & Zlib")
