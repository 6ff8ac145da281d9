# SPDX-License-Identifier: MIT OR Apache-2.0
"""The layer as metadata: nothing is compiled."""

import os
import re
import subprocess

from checks.runs import bitbake, expect, from_layer, with_conf
from hostbuild import ROOT, Build


def parse(build):
    """The whole of OE-Core with its own toolchain parses, without a warning of this layer."""
    plain = Build(os.environ, plain=True)
    plain.setup()
    output = bitbake(plain, "-p")
    expect(not from_layer(output), "\n".join(from_layer(output)))
    return re.search(r"Parsing of .* errors\.", output)[0]


def plan(build):
    """On every board and on qemuarm, all of tinyrust-image has a provider and an order, GCC, musl and Rust included."""
    plain = Build(os.environ, plain=True)
    plain.setup()
    said = []
    boards = sorted(path.parent.name for path in ROOT.glob("boards/*/board.toml"))
    expect(boards, "no board")
    for machine in [*boards, "qemuarm"]:
        conf = with_conf(plain, "", f'MACHINE = "{machine}"\n')
        output = bitbake(plain, *conf, "-n", "tinyrust-image")
        expect(not from_layer(output), "\n".join(from_layer(output)))
        said.append(machine + " " + re.search(r"Attempted (\d+ tasks)", output)[1])
    return ", ".join(said)


def crates(build):
    """bitbake's own task writes the crates includes that are committed."""
    recipes = {"tinyrust": "recipes-tinyrust/tinyrust/tinyrust", "hello-actix": "recipes-examples/hello-actix/hello-actix",
               "flashfit-native": "recipes-devtools/flashfit/flashfit"}
    for recipe, path in recipes.items():
        include = ROOT / "meta-tinyrust" / f"{path}-crates.inc"
        committed = include.read_text()
        try:
            bitbake(build, "-c", "update_crates", recipe)
            written = include.read_text()
        finally:
            include.write_text(committed)
        expect(written == committed, f"{include}: bitbake -c update_crates {recipe} writes another")
    return ", ".join(recipes)


def layer(build):
    """yocto-check-layer, which also compares signatures with and without the layer."""
    plain = Build(os.environ, plain=True)
    plain.setup()
    # The tool adds the layer itself, to compare with a build that has it not.
    (plain.dir / "conf/bblayers.conf").write_text(
        'LCONF_VERSION = "7"\nBBPATH = "${TOPDIR}"\nBBFILES ?= ""\n' f'BBLAYERS = "{plain.oeroot}/meta"\n')
    (plain.dir / "conf/local.conf").write_text(
        'CONF_VERSION = "2"\nMACHINE ??= "qemux86-64"\nINHERIT_DISTRO:remove = "uninative"\nCONNECTIVITY_CHECK_URIS = ""\n'
        f'BB_NUMBER_THREADS = "{plain.threads}"\nBB_NUMBER_PARSE_THREADS = "{plain.threads}"\n')
    done = subprocess.run(["yocto-check-layer", "--no-auto-dependency", str(ROOT / "meta-tinyrust")],
                          cwd=plain.dir, env=plain.environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    (build.dir / "check-layer.log").write_text(done.stdout)
    expect(done.returncode == 0 and "PASS" in done.stdout, done.stdout[-4000:])
    return re.findall(r"Ran \d+ tests.*", done.stdout)[-1]
