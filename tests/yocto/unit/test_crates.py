# SPDX-License-Identifier: MIT OR Apache-2.0
import pathlib
import unittest

from tinyrust import crates

ROOT = pathlib.Path(__file__).resolve().parents[3]
LAYER = ROOT / "meta-tinyrust"

LOCK = """
version = 4
[[package]]
name = "adler2"
version = "2.0.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "{0}"
[[package]]
name = "own"
version = "1.0.0"
[[package]]
name = "wasi"
version = "0.11.1+wasi-snapshot-preview1"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "{1}"
""".format("a" * 64, "b" * 64)


class Crates(unittest.TestCase):
    def test_an_include_says_what_the_lock_says(self):
        text = crates.include([("Cargo.lock", LOCK)], "command")
        self.assertEqual(crates.from_include(text), crates.from_lock(LOCK))
        self.assertEqual(crates.from_lock(LOCK)["adler2-2.0.1"], "a" * 64)

    def test_packages_of_the_workspace_are_no_crates(self):
        self.assertNotIn("own-1.0.0", crates.from_lock(LOCK))

    def test_a_crate_in_two_locks_stands_once(self):
        text = crates.include([("one", LOCK), ("two", LOCK)], "command")
        self.assertEqual(text.count("crate://crates.io/adler2/2.0.1"), 1)

    def test_what_bitbakes_own_task_writes_is_read_as_well(self):
        text = 'SRC_URI += " \\\n    crate://crates.io/adler2/2.0.1 \\\n"\n\nSRC_URI[adler2-2.0.1.sha256sum] = "%s"\n' % ("a" * 64)
        self.assertEqual(crates.from_include(text), {"adler2-2.0.1": "a" * 64})

    def test_a_crate_without_its_checksum_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "adler2-2.0.1"):
            crates.from_include('SRC_URI += "crate://crates.io/adler2/2.0.1"\n')


class Includes(unittest.TestCase):
    """The committed files."""

    def equal(self, include, lock):
        self.assertEqual(crates.from_include((LAYER / include).read_text()),
                         crates.from_lock((ROOT / lock).read_text()),
                         f"{include} is stale: run meta-tinyrust/scripts/generate")

    def test_the_crates_of_the_server_are_those_of_its_lock(self):
        self.equal("recipes-tinyrust/tinyrust/tinyrust-crates.inc", "app/Cargo.lock")

    def test_the_crates_of_flashfit_are_those_of_its_lock(self):
        self.equal("recipes-devtools/flashfit/flashfit-crates.inc", "Cargo.lock")

    def test_the_crates_of_the_sample_are_those_of_its_lock(self):
        sample = "recipes-examples/hello-actix/hello-actix"
        self.equal(f"{sample}-crates.inc", f"meta-tinyrust/{sample}/Cargo.lock")

    def test_there_is_a_list_of_stds_crates_for_the_release_and_for_this_compiler(self):
        channel = (ROOT / "rust-toolchain.toml").read_text()
        for version in ("1.94.1", "1.95.0"):
            found = crates.from_include((LAYER / f"conf/tinyrust/std-crates-{version}.inc").read_text())
            self.assertTrue(any(name.startswith("hashbrown-") for name in found))
        self.assertIn("1.95.0", channel, "rust-toolchain.toml moved: write a list for its version")
