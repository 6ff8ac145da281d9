# SPDX-License-Identifier: MIT OR Apache-2.0
"""What testimage's controller makes of board.toml; OE-Core's base class is not needed for it."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Target:
    """OE-Core's base class, as far as the controller uses it."""

    def __init__(self, logger):
        self.logger = logger


def controller():
    stubs = {name: types.ModuleType(name) for name in ("oeqa", "oeqa.core", "oeqa.core.target")}
    stubs["oeqa.core.target"].OETarget = Target
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

    def test_every_board_is_started_by_a_command_without_open_names(self):
        subprocess.run(["cargo", "build", "--quiet", "--package", "imagekit"], cwd=ROOT, check=True)
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        for toml in sorted(ROOT.glob("boards/*/board.toml")):
            with self.subTest(board=toml.parent.name), tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                bin_folder, images = folder / "native/usr/bin", folder / "image.images"
                bin_folder.mkdir(parents=True)
                (bin_folder / "imagekit").symlink_to(target / "debug/imagekit")
                images.mkdir()
                shutil.copy(toml, images)
                (images / "flash.bin").write_bytes(b"content")
                target_under_test = controller().TinyrustFlashTarget(None, None, None, rootfs=str(folder / "image.flash"),
                                                                    native_sysroot=str(folder / "native"))
                target_under_test.port = 8080
                chip = folder / "chip.bin"
                command = target_under_test.emulator(str(chip))
                self.assertRegex(command[0], "^qemu-system-")
                self.assertTrue(any(f"file={chip}" in argument for argument in command), command)
                self.assertTrue(any("hostfwd=tcp:127.0.0.1:8080-:80" in argument for argument in command), command)
                self.assertNotRegex(" ".join(command), "[{}]")
                self.assertTrue(chip.read_bytes().startswith(b"content"))
