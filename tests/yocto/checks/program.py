# SPDX-License-Identifier: MIT OR Apache-2.0
"""The server's file: its flags, its size, what is linked into it."""

import re

from checks.runs import bitbake, expect, images, with_conf
from hostbuild import BOARD, ROOT, Problem


def proof(build):
    """The log of the compile step was read and says what was asked for."""
    logs = list(build.dir.glob("tmp/work/*/tinyrust/*/temp/log.do_tinyrust_proof"))
    expect(logs, "no log of do_tinyrust_proof: was the compile step taken from a cache?")
    text = logs[0].read_text()
    found = re.search(r"proof: .*", text)
    expect(found, text)
    for word in ("opt-level=z", "lto=fat", "panic=immediate-abort", "codegen-units=1", "location-detail=none"):
        expect(word in found[0], f"no {word} in {found[0]}")
    return found[0]


def proof_fails(build):
    """A variable of the environment that beats the profile fails the task, by its name."""
    # The linker gets what it needs, so that it is the proof that fails.
    conf = with_conf(build, 'export CARGO_ENCODED_RUSTFLAGS = "-Clink-self-contained=no"\n')
    try:
        output = bitbake(build, *conf, "hello-actix", "-c", "tinyrust_proof", fails=True)
    finally:
        bitbake(build, *conf, "-c", "clean", "hello-actix")
    said = []
    for word in ("the size profile did not take effect", "fmt-debug is not given, none was asked for",
                 "has CARGO_ENCODED_RUSTFLAGS=-Clink-self-contained=no"):
        found = [line.strip() for line in output.splitlines() if word in line]
        expect(found, f"`{word}` is not in\n{output[-3000:]}")
        said.append(found[0])
    return "; ".join(said)


def elf(build):
    """The server within 1 % of the direct build's."""
    direct = ROOT / "out" / BOARD / "tinyrust"
    if not direct.exists():
        raise Problem(f"{direct} is not there: cargo xtask image")
    ours, theirs = (images(build) / "tinyrust").stat().st_size, direct.stat().st_size
    expect(abs(ours - theirs) <= theirs / 100, f"{ours:,} bytes, the direct build's has {theirs:,}")
    return f"{ours:,} bytes, the direct build {theirs:,}"


def spdx(build):
    """The SPDX of the server lists its crates, and std's."""
    lock = (ROOT / "app/Cargo.lock").read_text()
    wanted = set(re.findall(r'name = "(.*)"\nversion = "(.*)"\nsource = "registry', lock))
    files = list(build.dir.glob("tmp/deploy/spdx/*/*/builds/build-tinyrust.spdx.json"))
    text = "".join(f.read_text() for f in files)
    missing = sorted(f"{n} {v}" for n, v in wanted if f"{n}-{v}.crate" not in text and f"{n}/{v}" not in text)
    expect(files and not missing, f"{len(missing)} of {len(wanted)} crates are not in {files}: {missing[:5]}")
    expect("hashbrown" in text, "no crate of std's")
    recipe = (ROOT / "meta-tinyrust/recipes-tinyrust/tinyrust/tinyrust-license.inc").read_text()
    terms = re.search(r'LICENSE = "(.*)"', recipe)[1].split(" & ")
    said = re.findall(r'"simplelicensing_licenseExpression": ?"(.*?)"', text)
    # OE-Core joins with AND and OR, and writes names that SPDX has not as references.
    wanted_terms = {re.sub(r"[\w.-]+-with-[\w-]+", r"LicenseRef-\g<0>", t.replace("|", "OR")) for t in terms}
    whole = max(said, key=len, default="")
    absent = sorted(t for t in wanted_terms if t.strip("()") not in whole)
    expect(whole and not absent, f"{absent} are not in the licence: {whole or 'none'}")
    return f"{len(wanted)} crates of the lock, and std's; {whole}"
