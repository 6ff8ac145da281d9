# SPDX-License-Identifier: MIT OR Apache-2.0
"""The Rust that a build has."""

import unittest

from tinyrust import rust

LOCK = """\
version = 4

[[package]]
name = "core"
version = "0.0.0"

[[package]]
name = "wasi"
version = "0.14.4+wasi-0.2.4"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aa"
"""


class Store(dict):
    """What is asked of bitbake's datastore."""

    getVar = dict.get


class Rust(unittest.TestCase):
    def test_a_crate_of_a_registry_has_a_checksum_and_std_has_none(self):
        self.assertEqual(rust.crates(LOCK), [("wasi", "0.14.4+wasi-0.2.4", "aa")])

    def test_the_preferred_version_is_the_compilers(self):
        for said, version in {"1.94.1%": "1.94.1", "1.95.%": "1.95", "1.97.1": "1.97.1", None: ""}.items():
            self.assertEqual(rust.version(Store({"PREFERRED_VERSION_rust-native": said})), version)
