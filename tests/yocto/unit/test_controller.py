# SPDX-License-Identifier: MIT OR Apache-2.0
"""What testimage's controller makes of board.toml; OE-Core's base class is not needed for it."""

import importlib.util
import pathlib
import sys
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def controller():
    stubs = {name: types.ModuleType(name) for name in ("oeqa", "oeqa.core", "oeqa.core.target")}
    stubs["oeqa.core.target"].OETarget = object
    kept = {name: sys.modules.get(name) for name in stubs}
    sys.modules.update(stubs)
    try:
        path = ROOT / "meta-tinyrust/lib/oeqa/controllers/tinyrust.py"
        spec = importlib.util.spec_from_file_location("tinyrust_controller", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        for name, module_before in kept.items():
            if module_before is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module_before


class Controller(unittest.TestCase):
    def test_sizes_are_those_of_board_toml(self):
        self.assertEqual(controller().size("448 KiB"), 458752)
        self.assertEqual(controller().size("620_000 B"), 620000)

    def test_the_map_is_the_kernels_form(self):
        board = {"flash": {"mtd-id": "bmc"},
                 "partition": [{"name": "boot", "offset": "0 KiB", "size": "64 KiB"}, {"name": "rest", "offset": "64 KiB", "size": "1 MiB"}]}
        self.assertEqual(controller().mtdparts(board), "mtdparts=bmc:65536@0(boot),1048576@65536(rest)")
