# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a farm of builders shares: the hashes by which shared state is found."""

import os
import re
import shutil
import subprocess

from checks.runs import Failed, bitbake, expect
from hostbuild import ROOT


def locked(folder):
    """The hash of every task, {"recipe:task": hash}."""
    text = (folder / "locked-sigs.inc").read_text()
    return dict(re.findall(r"^\s+(\S+:do_\w+):([0-9a-f]{64})", text, re.M))


def signatures(build):
    """A checkout in another path, of no revision, and another build directory: every task has the same signature."""
    tree, top = build.dir / "elsewhere/tree", build.dir / "elsewhere/build"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(ROOT, tree, symlinks=True, ignore=shutil.ignore_patterns(".git", "target", "out", "__pycache__"))
    bitbake(build, "-S", "lockedsigs", "tinyrust-image")
    env = {**os.environ, "TINYRUST_YOCTO": str(top), "TINYRUST_SOURCES": str(build.sources)}
    if build.specs:
        env["MUSL"] = str(build.specs.parent)
    done = subprocess.run([tree / "tests/yocto/harness", "bitbake", "-S", "lockedsigs", "tinyrust-image"], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failed(done.stdout[-3000:])
    here, there = locked(build.dir), locked(top / "host")
    expect(any(task.startswith("u-boot-tinyrust:") for task in here), f"no boot loader in {build.dir}/locked-sigs.inc")
    other = sorted(task for task in here.keys() | there.keys() if here.get(task) != there.get(task))
    expect(not other, f"{len(other)} of {len(here)} tasks have another signature: {', '.join(other[:20])}")
    return f"{len(here)} tasks"
