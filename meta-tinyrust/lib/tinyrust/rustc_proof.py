# SPDX-License-Identifier: MIT OR Apache-2.0
"""What rustc was really given, read from the log of `cargo build -v`.

A profile is only a wish: an environment variable, a flag of another class or a
profile of another name beats it without a word, and the file just gets bigger.
"""

import re
import shlex

_RUNNING = re.compile(r"Running `(.*rustc.* --crate-name (\S+) .*)`")
# Flags that take their value as the next word.
_WITH_VALUE = {"-C", "-Z"}


def invocations(log):
    """[(crate name, [words])] of the rustc calls in a log, colours removed."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", log)
    return [(name, shlex.split(command)) for command, name in _RUNNING.findall(plain)]


def codegen(words):
    """{"opt-level": "z", "panic": …}: the -C and -Z options; the last one of a name counts.

    `target-feature` and others that rustc adds up are joined by commas.
    """
    options = {}
    i = 0
    while i < len(words):
        word = words[i]
        if word in _WITH_VALUE and i + 1 < len(words):
            option, i = words[i + 1], i + 1
        elif word[:2] in _WITH_VALUE and len(word) > 2:
            option = word[2:]
        else:
            i += 1
            continue
        name, _, value = option.partition("=")
        name = name.replace("_", "-")
        if name in ("target-feature", "link-arg", "link-args") and name in options:
            value = options[name] + "," + value
        options[name] = value or "yes"
        i += 1
    return options


def target(words):
    """The --target of a call, None for a program of the build host."""
    for i, word in enumerate(words):
        if word == "--target" and i + 1 < len(words):
            return words[i + 1]
        if word.startswith("--target="):
            return word.partition("=")[2]
    return None


def _has(options, name, value):
    got = options.get(name)
    if name == "target-feature":
        return set(value.split(",")) <= set((got or "").split(","))
    if name == "lto" and value == "fat":
        # cargo writes `-C lto` for "fat".
        return got in ("fat", "yes", "true")
    return got == value


def complaints(log, crate, triple, binary, every, std):
    """Sentences about a build that is not what was asked for; an empty list is the proof.

    `crate`: the program's crate name; `binary` and `every`: options that the
    program itself and each crate for the target must have had; `std`: whether the
    standard library must have been compiled in this very build.
    """
    calls = [(name, words) for name, words in invocations(log) if target(words) == triple]
    if not calls:
        return [f"the log has no call of rustc for {triple}: cargo built nothing, or without -v"]
    said = []
    crate = crate.replace("-", "_")
    programs = [
        codegen(words) for name, words in calls
        if name == crate and "bin" in _crate_types(words)
    ]
    if not programs:
        said.append(f"rustc was never called for the program {crate}")
    for options in programs:
        for name, value in binary.items():
            if not _has(options, name, value):
                said.append(f"{crate}: {name} is {options.get(name, 'not given')}, {value} was asked for")
    for name, words in calls:
        options = codegen(words)
        for option, value in every.items():
            if not _has(options, option, value):
                said.append(f"crate {name}: {option} is {options.get(option, 'not given')}, {value} was asked for")
    built_std = any(name == "std" for name, _ in calls)
    if std and not built_std:
        said.append("the standard library was not rebuilt: no call of rustc for crate std")
    if not std and built_std:
        said.append("the standard library was rebuilt, and the recipe said not to")
    return said


# What cargo and rustc read from the environment and hold above what a recipe says.
_READ = re.compile(r"(CARGO_)?(ENCODED_)?RUSTFLAGS|CARGO_BUILD_RUSTFLAGS|CARGO_TARGET_\w+_RUSTFLAGS|"
                   r"CARGO_PROFILE_\w+|(CARGO_BUILD_)?RUSTC(_WORKSPACE)?(_WRAPPER)?|CARGO_UNSTABLE_\w+|CARGO_CONFIG\w*")


def overrides(environment):
    """["NAME=value", …]: the variables of an environment that can beat a recipe's flags.

    RUSTFLAGS itself is how OE-Core hands the recipe's own flags over.
    """
    return [f"{name}={value}" for name, value in sorted(environment.items())
            if name != "RUSTFLAGS" and _READ.fullmatch(name)]


def _crate_types(words):
    return [words[i + 1] for i, word in enumerate(words[:-1]) if word == "--crate-type"]
