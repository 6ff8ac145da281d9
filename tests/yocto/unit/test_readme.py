# SPDX-License-Identifier: MIT OR Apache-2.0
"""What yocto-check-layer wants of the layer's README.

It wants a maintainer, how to send patches and an address for mail, or a reference to another README
that has them (OE-Core, scripts/lib/checklayer/cases/common.py).
"""

import pathlib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Readme(unittest.TestCase):
    def test_yocto_check_layer_accepts_it(self):
        text = (ROOT / "meta-tinyrust/README.md").read_text(encoding="utf-8").lower()
        self.assertIn("maintainer", text)
        self.assertIn("patch", text)
        self.assertTrue("readme" in text or "@" in text)
