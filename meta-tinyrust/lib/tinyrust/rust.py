# SPDX-License-Identifier: MIT OR Apache-2.0
"""The Rust that a build has, and the crates of its standard library."""

import tomllib


def version(d):
    """The version of Rust that is built with: 1.97.1 where 1.97.1% is preferred."""
    return (d.getVar('PREFERRED_VERSION_rust-native') or '').rstrip('%').rstrip('.')


def crates(lock):
    """Name, version and checksum of each crate of a registry in a Cargo.lock."""
    return [(package['name'], package['version'], package['checksum'])
            for package in tomllib.loads(lock).get('package', []) if 'checksum' in package]
