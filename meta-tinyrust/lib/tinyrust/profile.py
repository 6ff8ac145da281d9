# SPDX-License-Identifier: MIT OR Apache-2.0
"""What tinyrust_size asks of imagekit, which knows the size profiles."""

import os
import shlex

# What imagekit's answer depends on.
SOURCES = ("app/Cargo.toml", "app/profiles.toml", "crates/rustcheck/src/profiles.rs", "crates/rustcheck/src/profiles")


def _on(value):
    return value.lower() in ("1", "y", "yes", "t", "true")


# Variables are named in full: bitbake reads from the text what a signature depends on.
def cargo_config(d):
    """The options of `imagekit cargo-config`, for a shell: all that decides what cargo is given."""
    # do_package strips, and keeps the symbols in the -dbg package.
    words = ["--profile", d.getVar("TINYRUST_PROFILE"), "--target", d.getVar("RUST_HOST_SYS"), "--keep-symbols"]
    flags = d.getVar("TINYRUST_EXTRA_RUSTFLAGS").split()
    rebuild = _on(d.getVar("TINYRUST_STD_REBUILD"))
    if not rebuild:
        words.append("--prebuilt-std")
    elif d.getVar("TCLIBC") == "musl":
        # GCC's C library, not the copy that a prebuilt std would bring.
        flags = ["-Clink-self-contained=no", "-Lnative=" + d.getVar("WORKDIR") + "/tinyrust-libs"] + flags
    if not (rebuild and _on(d.getVar("TINYRUST_IMMEDIATE_ABORT"))):
        # A panic says what and where; and OE's own libstd-rs is used without an unstable flag.
        words += ["--without=" + feature for feature in ("immediate-abort", "location-detail", "fmt-debug")]
    words += ["--target-flag=" + flag for flag in d.getVar("TINYRUST_TARGET_FLAGS").split()]
    words += ["--rustflag=" + flag for flag in flags]
    return shlex.join(words)


def programs(d):
    """The options of `imagekit rust-check`: the programs that it is to find in the record."""
    named = d.getVar("TINYRUST_PROGRAMS").split()
    return shlex.join(["--program=" + program for program in named] or ["--installed", d.getVar("D")])


def sources(d):
    """Files for the signature of what imagekit's answer decides: layer.conf takes imagekit itself out
    of it. A tarball in the place of the checkout counts by its hash."""
    paths = [os.path.join(d.getVar("TINYRUST_ROOT"), name) for name in SOURCES]
    return " ".join(f"{path}:{os.path.exists(path)}" for path in paths)
