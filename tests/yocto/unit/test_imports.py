# SPDX-License-Identifier: MIT OR Apache-2.0
import pathlib
import unittest

import tinyrust


class Imports(unittest.TestCase):
    def test_bitbake_imports_what_is_there(self):
        folder = pathlib.Path(tinyrust.__file__).parent
        there = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
        self.assertEqual(sorted(tinyrust.BBIMPORTS), there)
