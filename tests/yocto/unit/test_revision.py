# SPDX-License-Identifier: MIT OR Apache-2.0
import pathlib
import subprocess
import unittest

from tinyrust import revision

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Data(dict):
    """bitbake's data store, as far as it is read."""

    getVar = dict.get


class Revision(unittest.TestCase):
    def test_a_checkout_has_the_revision_that_every_builder_says(self):
        said = subprocess.run([ROOT / "scripts/revision"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.assertEqual(revision.of(Data(TINYRUST_ROOT=str(ROOT))), said)

    def test_a_released_tarball_has_its_name(self):
        release = Data(TINYRUST_ROOT=str(ROOT), TINYRUST_RELEASE="https://example.org/tinyrust-0.1.0.tar.gz")
        self.assertEqual(revision.of(release), "tinyrust-0.1.0")

    def test_a_layer_that_was_copied_out_of_the_repository_has_none(self):
        self.assertEqual(revision.of(Data(TINYRUST_ROOT="/nonexistent")), "unknown")
