# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a farm of builders shares: the hashes by which shared state is found, and that state."""

import os
import pathlib
import re
import shutil
import subprocess

from checks.runs import Failed, bitbake, expect, images, with_conf
from hostbuild import ROOT

# OE-Core has the build directory in the signature of each image's tasks (image.bbclass: do_rootfs[dirs] is TOPDIR).
IMAGE = "tinyrust-image"
# What shared state is to spare.
WORK = {f"do_{task}" for task in "fetch unpack patch configure kconfig_check compile install rust_check package "
                                 "package_write_deb populate_sysroot deploy".split()}


class Elsewhere:
    """A copy of the checkout in another path, another commit, and a build directory of its own."""

    def __init__(self, build):
        self.build = build
        self.tree, self.top = build.dir / "elsewhere/tree", build.dir / "elsewhere/build"
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(ROOT, self.tree, symlinks=True, ignore=shutil.ignore_patterns(".git", "target", "out", "__pycache__"))
        with open(self.tree / "README.md", "a") as readme:
            readme.write("\nA line that no build depends on.\n")
        for command in ("init -q", "add -A", "-c user.name=elsewhere -c user.email=elsewhere@example.org commit -q -m elsewhere"):
            subprocess.run(["git", "-C", self.tree, *command.split()], check=True)

    def bitbake(self, *args, conf=""):
        """The output of a run there."""
        env = {**os.environ, "TINYRUST_YOCTO": str(self.top), "TINYRUST_SOURCES": str(self.build.sources),
               "TINYRUST_LOCAL_CONF": self.build.extra + conf}
        if self.build.specs:
            env["MUSL"] = str(self.build.specs.parent)
        done = subprocess.run([self.tree / "tests/yocto/harness", "bitbake", *args], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        (self.build.dir / "elsewhere.log").write_text(done.stdout)
        if done.returncode:
            raise Failed(done.stdout[-3000:])
        return done.stdout


def recipes():
    """The names of this layer's recipes but the image."""
    return {path.stem.split("_")[0] for path in (ROOT / "meta-tinyrust").glob("recipes-*/*/*.bb")} - {IMAGE}


def locked(folder):
    """The hash of every task of this layer's recipes, {"recipe:task": hash}."""
    text = (folder / "locked-sigs.inc").read_text()
    ours = recipes()
    return {task: value for task, value in re.findall(r"^\s+(\S+:do_\w+):([0-9a-f]{64})", text, re.M) if task.split(":")[0] in ours}


def signatures(build):
    """A checkout in another path, of another revision, and another build directory: every task of the layer's recipes has the same signature."""
    elsewhere = Elsewhere(build)
    # What a hash server has learnt of equal outputs is not what the metadata says.
    plain = '\nBB_SIGNATURE_HANDLER = "OEBasicHash"\nBB_HASHSERVE = ""\n'
    bitbake(build, *with_conf(build, plain), "-S", "lockedsigs", IMAGE)
    elsewhere.bitbake("-S", "lockedsigs", IMAGE, conf=plain)
    here, there = locked(build.dir), locked(elsewhere.top / "host")
    expect(any(task.startswith("u-boot-tinyrust:") for task in here), f"no boot loader in {build.dir}/locked-sigs.inc")
    other = sorted(task for task in here.keys() | there.keys() if here.get(task) != there.get(task))
    expect(not other, f"{len(other)} of {len(here)} tasks have another signature: {', '.join(other[:20])}")
    return f"{len(here)} tasks of {len({task.split(':')[0] for task in here})} recipes"


def mirror(build):
    """With SSTATE_MIRRORS at the shared state of this build, a build of another checkout, elsewhere, compiles nothing of this layer."""
    elsewhere = Elsewhere(build)
    shutil.rmtree(elsewhere.top, ignore_errors=True)

    def value(name):
        """Of the build's configuration; nothing where it is not set."""
        said = subprocess.run(["bitbake-getvar", "--value", name], cwd=build.dir, env=build.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        return said.strip().rpartition("\n")[2]

    state, hashes = value("SSTATE_DIR"), value("BB_HASHSERVE_DB_DIR") or value("PERSISTENT_DIR")
    expect(state and hashes, "bitbake-getvar knows neither SSTATE_DIR nor PERSISTENT_DIR")
    # The hash server that a farm has beside its state: without, each has its own opinion on which outputs are equal.
    own = elsewhere.top / "hashes"
    own.mkdir(parents=True)
    for database in pathlib.Path(hashes).glob("hashserv.db*"):
        shutil.copy(database, own)
    said = elsewhere.bitbake(IMAGE, conf=f'\nSSTATE_DIR = "{elsewhere.top}/sstate-cache"\nBB_HASHSERVE_DB_DIR = "{own}"\n'
                             f'SSTATE_MIRRORS = "file://.* file://{state}/PATH;downloadfilename=PATH"\n')
    ran = {(pathlib.Path(recipe).stem.split("_")[0], task)
           for recipe, task in re.findall(r"Running task \d+ of \d+ \((\S+\.bb):(do_\w+)\)", said)}
    expect((IMAGE, "do_rootfs") in ran, said[-3000:])
    again = sorted(f"{recipe}:{task}" for recipe, task in ran if recipe in recipes() and task in WORK)
    expect(not again, f"ran again: {', '.join(again)}")
    flash = images(build) / "flash.bin"
    there = elsewhere.top / "host" / flash.relative_to(build.dir)
    expect(flash.read_bytes() == there.read_bytes(), f"{flash} and {there} differ")
    return f"{re.search('Sstate summary: .*', said)[0]}; the same flash.bin"
