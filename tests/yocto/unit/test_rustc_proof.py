# SPDX-License-Identifier: MIT OR Apache-2.0
import unittest

from tinyrust import rustc_proof

TARGET = "armv7-unknown-linux-musleabihf"


def call(name, flags="-C opt-level=z", kind="lib", target=TARGET):
    where = f" --target {target}" if target else ""
    return f"     Running `/x/rustc --crate-name {name} src/a.rs --crate-type {kind} {flags}{where} -Zfmt-debug=none`\n"


GOOD = (call("build_script_build", "-C opt-level=0", "bin", None)
        + call("std") + call("actix_web")
        + call("tiny_rust", "-C opt-level=z -C panic=immediate-abort -C lto -C codegen-units=1", "bin"))
BINARY = {"opt-level": "z", "panic": "immediate-abort", "lto": "fat", "codegen-units": "1"}
EVERY = {"opt-level": "z", "fmt-debug": "none"}


def said(log, std=True):
    return rustc_proof.complaints(log, "tiny-rust", TARGET, BINARY, EVERY, std)


class Proof(unittest.TestCase):
    def test_what_was_asked_for_and_given_is_proved(self):
        self.assertEqual(said(GOOD), [])

    def test_colours_and_the_prefix_of_bitbakes_log_do_not_hide_a_call(self):
        log = "".join("| \x1b[1m\x1b[92m" + line.strip() + "\x1b[0m\n" for line in GOOD.splitlines())
        self.assertEqual(said(log), [])

    def test_programs_of_the_build_host_are_left_out(self):
        self.assertEqual(said(GOOD + call("build_script_main", "-C opt-level=0", "bin", None)), [])

    def test_another_optimization_of_one_crate_is_named(self):
        self.assertEqual(said(GOOD.replace(call("actix_web"), call("actix_web", "-C opt-level=3"))),
                         ["crate actix_web: opt-level is 3, z was asked for"])

    def test_the_last_flag_of_a_name_counts(self):
        log = GOOD.replace("-C lto ", "-C lto -C lto=off ")
        self.assertEqual(said(log), ["tiny_rust: lto is off, fat was asked for"])

    def test_a_panic_strategy_that_was_not_given_is_named(self):
        self.assertEqual(said(GOOD.replace("-C panic=immediate-abort", "")),
                         ["tiny_rust: panic is not given, immediate-abort was asked for"])

    def test_a_prebuilt_std_is_a_complaint(self):
        self.assertIn("was not rebuilt", said(GOOD.replace(call("std"), ""))[0])

    def test_a_std_rebuilt_unasked_is_a_complaint(self):
        self.assertIn("was rebuilt", said(GOOD, std=False)[0])

    def test_an_empty_log_proves_nothing(self):
        self.assertIn("no call of rustc", said("")[0])

    def test_a_log_without_the_program_proves_nothing(self):
        self.assertIn("never called for the program", said(call("std") + call("actix_web"))[0])

    def test_target_features_add_up(self):
        words = "-Ctarget-feature=+thumb-mode -C target-feature=+crt-static".split()
        options = rustc_proof.codegen(words)
        self.assertTrue(rustc_proof._has(options, "target-feature", "+crt-static,+thumb-mode"))
        self.assertFalse(rustc_proof._has(options, "target-feature", "+neon"))


class Overrides(unittest.TestCase):
    def test_what_beats_a_recipe_is_named_with_its_value(self):
        environment = {"CARGO_ENCODED_RUSTFLAGS": "-Copt-level=3", "CARGO_PROFILE_TINY_LTO": "off", "PATH": "/bin",
                       "CARGO_HOME": "/x", "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_MUSLEABIHF_RUSTFLAGS": "-O"}
        self.assertEqual(rustc_proof.overrides(environment),
                         ["CARGO_ENCODED_RUSTFLAGS=-Copt-level=3", "CARGO_PROFILE_TINY_LTO=off",
                          "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_MUSLEABIHF_RUSTFLAGS=-O"])

    def test_the_recipes_own_way_is_no_override(self):
        self.assertEqual(rustc_proof.overrides({"RUSTFLAGS": "-Copt-level=z", "RUSTC_BOOTSTRAP": "1"}), [])
