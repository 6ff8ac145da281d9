# SPDX-License-Identifier: MIT OR Apache-2.0
import pathlib
import tempfile
import unittest

from tinyrust import source


class Recipe(dict):
    """The variables of a recipe."""

    def __init__(self, **values):
        super().__init__({"TINYRUST_FILES": "app/Cargo.toml LICENSE-MIT", "TINYRUST_SUBDIR": "", "TINYRUST_RELEASE": "",
                          "TINYRUST_RELEASE_SHA256": "", "TINYRUST_FROM_RELEASE": "1", "TINYRUST_ROOT": "/nonexistent", **values})

    getVar = dict.get


RELEASE = {"TINYRUST_RELEASE": "https://example.org/tinyrust-1.0.tar.gz", "TINYRUST_RELEASE_SHA256": "ab"}


class Source(unittest.TestCase):
    def test_a_checkout_gives_each_file(self):
        with tempfile.TemporaryDirectory() as root:
            for path in ("app/Cargo.toml", "LICENSE-MIT"):
                pathlib.Path(root, path).parent.mkdir(exist_ok=True)
                pathlib.Path(root, path).touch()
            self.assertEqual(source.missing(Recipe(TINYRUST_ROOT=root)), "")
        self.assertEqual(source.uris(Recipe(TINYRUST_SUBDIR="flashfit")),
                         "file://app/Cargo.toml;subdir=flashfit file://LICENSE-MIT;subdir=flashfit")

    def test_a_release_needs_no_checkout(self):
        self.assertEqual(source.missing(Recipe(**RELEASE)), "")
        self.assertEqual(source.uris(Recipe(**RELEASE)), RELEASE["TINYRUST_RELEASE"] + ";name=release;striplevel=1")

    def test_a_layer_without_its_repository_says_what_to_set(self):
        said = source.missing(Recipe())
        for word in ("TINYRUST_ROOT is /nonexistent, which has no app/Cargo.toml", "TINYRUST_RELEASE and TINYRUST_RELEASE_SHA256"):
            self.assertIn(word, said)

    def test_a_release_without_its_hash_is_refused(self):
        self.assertIn("TINYRUST_RELEASE_SHA256 is not set", source.missing(Recipe(**RELEASE | {"TINYRUST_RELEASE_SHA256": ""})))

    def test_the_boards_want_a_checkout(self):
        recipe = Recipe(**RELEASE, TINYRUST_FROM_RELEASE="0")
        self.assertIn("TINYRUST_RELEASE does not serve", source.missing(recipe))
        self.assertTrue(source.uris(recipe).startswith("file://app/Cargo.toml "))
