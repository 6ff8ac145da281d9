# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the class asks of imagekit, and what imagekit answers: the real one, through a shell as in do_compile."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from tinyrust import profile

ROOT = pathlib.Path(__file__).resolve().parents[3]
DEFAULTS = {
    "TINYRUST_PROFILE": "tiny", "TINYRUST_STD_REBUILD": "1", "TINYRUST_IMMEDIATE_ABORT": "1", "TCLIBC": "musl",
    "RUST_HOST_SYS": "armv7-unknown-linux-musleabihf", "TINYRUST_TARGET_FLAGS": "-Ctarget-feature=+thumb-mode,+crt-static",
    "TINYRUST_EXTRA_RUSTFLAGS": "-Clink-arg=-lgcc", "TINYRUST_PROGRAMS": "", "WORKDIR": "/w", "D": "/d", "TINYRUST_ROOT": str(ROOT),
}


class Data(dict):
    def getVar(self, name):
        return self[name]


def data(**changed):
    return Data(DEFAULTS, **changed)


def given(rust="1.97.1", **changed):
    """The text of config.toml, the flags, expected.json."""
    with tempfile.TemporaryDirectory() as folder:
        imagekit = "cargo run --quiet --package imagekit -- cargo-config"
        line = f"{imagekit} --rust {rust} {profile.cargo_config(data(**changed))} '{folder}' && tr '\\037' ' ' < '{folder}/rustflags'"
        flags = subprocess.run(["sh", "-c", line], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        files = pathlib.Path(folder)
        return (files / "config.toml").read_text(), flags.split(" "), json.loads((files / "expected.json").read_text())


class Profile(unittest.TestCase):
    def test_a_rust_of_today(self):
        config, flags, expected = given()
        for line in ('profile.tiny.inherits = "release"', 'profile.tiny.panic = "immediate-abort"', "profile.tiny.strip = false",
                     'unstable.build-std = ["std", "panic_abort"]', "unstable.panic-immediate-abort = true"):
            self.assertIn(line + "\n", config)
        self.assertEqual(flags, ["-Ctarget-feature=+thumb-mode,+crt-static", "-Zlocation-detail=none", "-Zfmt-debug=none",
                                 "-Cforce-unwind-tables=no", "-Clink-self-contained=no", "-Lnative=/w/tinyrust-libs",
                                 "-Clink-arg=-lgcc"])
        self.assertEqual((expected["rustflags"], expected["target"]), (flags, "armv7-unknown-linux-musleabihf"))

    def test_the_oldest_rust(self):
        config, _, expected = given(rust="1.88.0")
        self.assertIn('unstable.build-std-features = ["panic_immediate_abort", "optimize_for_size"]\n', config)
        self.assertEqual(expected["codegen"]["panic"], "abort")

    def test_the_options(self):
        config, flags, _ = given(TINYRUST_STD_REBUILD="0")
        self.assertNotIn("unstable", config)
        self.assertFalse([flag for flag in flags if flag.startswith("-Z") or "self-contained" in flag])
        self.assertIn('profile.tiny.panic = "abort"\n', config)
        config, flags, _ = given(TINYRUST_IMMEDIATE_ABORT="0", TCLIBC="glibc")
        self.assertIn('profile.tiny.panic = "abort"\n', config)
        self.assertEqual(flags, ["-Ctarget-feature=+thumb-mode,+crt-static", "-Cforce-unwind-tables=no", "-Clink-arg=-lgcc"])

    def test_odd_characters(self):
        odd = "-Clink-arg=it's\"$(x)`y`*\\"
        self.assertIn(odd, given(TINYRUST_EXTRA_RUSTFLAGS=odd)[1])

    def test_programs(self):
        self.assertEqual(profile.programs(data()), "--installed /d")
        self.assertEqual(profile.programs(data(TINYRUST_PROGRAMS="a=/x b")), "--program=a=/x --program=b")

    def test_what_the_answer_depends_on_is_there(self):
        self.assertEqual(len(profile.sources(data()).split()), 4)
        self.assertNotIn(":False", profile.sources(data()))
        self.assertNotIn(":True", profile.sources(data(TINYRUST_ROOT="/nowhere")))
