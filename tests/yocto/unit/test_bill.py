# SPDX-License-Identifier: MIT OR Apache-2.0
import pathlib
import shlex
import tempfile
import unittest

from tinyrust import bill

MANIFEST = """PACKAGE NAME: base-files
PACKAGE VERSION: 3.0.14
RECIPE NAME: base-files
LICENSE: GPL-2.0-only

PACKAGE NAME: init-scripts
PACKAGE VERSION: 1
RECIPE NAME: base-scripts
LICENSE: MIT

"""


class Data(dict):
    """bitbake's data store, as far as it is read."""

    getVar = dict.get


class Bill(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.data = Data(LICENSE_DIRECTORY=folder.name, SSTATE_PKGARCH="board", IMAGE_LINK_NAME="image-board.rootfs",
                         SSTATE_ARCHS="x86_64 armv7 board")

    def write(self, *names, text=""):
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def options(self, **sources):
        return [word.replace(str(self.root) + "/", "") for word in shlex.split(bill.options(self.data, sources))]

    def test_the_last_manifest_counts_and_each_package_has_its_recipes_texts(self):
        for time in ("20260101000000", "20260202000000"):
            self.write(f"board/image-board.rootfs-{time}/license.manifest", text=MANIFEST)
        self.write("board/base-files/GPL-2", "board/base-files/generic_GPL-2.0-only", "board/base-files/recipeinfo",
                   "armv7/base-scripts/generic_MIT", "board/linux-tinyrust/COPYING")
        self.assertEqual(self.options(linux="linux-tinyrust", musl=None), [
            "--yocto-packages", "board/image-board.rootfs-20260202000000/license.manifest",
            "--text=linux=board/linux-tinyrust/COPYING", "--text=base-files=board/base-files/GPL-2",
            "--text=init-scripts=armv7/base-scripts/generic_MIT"])

    def test_without_a_manifest_the_sources_have_their_texts(self):
        self.write("board/linux-tinyrust/COPYING")
        self.assertEqual(self.options(linux="linux-tinyrust"), ["--text=linux=board/linux-tinyrust/COPYING"])
