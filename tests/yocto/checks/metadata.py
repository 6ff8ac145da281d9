# SPDX-License-Identifier: MIT OR Apache-2.0
"""The layer as metadata: nothing is compiled."""

import os
import re
import subprocess

from checks.runs import bitbake, expect, from_layer, graph, with_conf
from hostbuild import BOARD, HERE, ROOT, Build


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
        said.append(f"{machine} {len(graph(plain, conf, 'tinyrust-image'))} tasks")
    return ", ".join(said)


def std_crates(build):
    """std's crates come from OE-Core's archive of its very Rust, with OE-Core's checksum."""
    plain = Build(os.environ, plain=True)
    plain.setup()
    said = bitbake(plain, "-e", "-b", str(ROOT / "meta-tinyrust/recipes-devtools/rust-std-crates/rust-std-crates-native.bb"))
    version = re.search(r'^PV="(.*)"', said, re.M)[1]
    [recipe] = plain.oeroot.glob("meta/recipes-devtools/rust/rust_*.bb")
    expect(recipe.name == f"rust_{version}.bb", f"{version}, and OE-Core has {recipe.name}")
    addresses = re.search(r'^SRC_URI="(.*)"', said, re.M)[1].split()
    expect(len(addresses) == 1 and f"/rustc-{version}-src.tar.xz;" in addresses[0], addresses)
    return addresses[0]


def targets(build):
    """For every tune of OE-Core's qemu machines and of the board, with musl and glibc, rustc has the class's target, or the class says it has none."""
    plain = Build(os.environ, plain=True)
    plain.setup()
    known = subprocess.run(["rustc", "--print", "target-list"], env=plain.environment(), cwd=plain.dir, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    recipe = ROOT / "meta-tinyrust/recipes-examples/hello-actix/hello-actix_1.0.0.bb"
    machines = sorted(path.stem for path in (plain.oeroot / "meta/conf/machine").glob("qemu*.conf"))
    expect(machines, "no machine")
    said, wrong = {}, []
    for machine in [*machines, BOARD]:
        for libc in ("musl", "glibc"):
            env = {**plain.environment(), "MACHINE": machine, "DISTRO": "nodistro", "TCLIBC": libc,
                   "BB_ENV_PASSTHROUGH_ADDITIONS": "MACHINE DISTRO TCLIBC"}
            done = subprocess.run([HERE / "tunes.py", recipe], cwd=plain.dir, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            tunes = re.findall(r"^tune (\S+) (\S+) (\w+)$", done.stdout, re.M)
            expect(done.returncode == 0 and tunes, f"{machine}, {libc}: {done.stdout[-2000:]}")
            for tune, target, has in tunes:
                said[tune, libc] = target
                if (target in known) != (has == "target"):
                    wrong.append(f"{tune}, {libc}: {target}")
    expect(not wrong, "rustc and the class do not agree on " + "; ".join(wrong))
    return f"{len(said)} tunes, {len(set(said.values()) & set(known))} targets"


VARIANTS = """\
SUMMARY = "A recipe of the class as others write them: native and SDK variants, SRC_URI set after the inherit"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"
inherit tinyrust_size
SRC_URI = "file:///dev/null"
BBCLASSEXTEND = "native nativesdk"
"""


def variants(build):
    """Native and nativesdk variants are plain cargo's; a recipe that sets SRC_URI late has std's crates all the same."""
    plain = Build(os.environ, plain=True)
    plain.setup()
    folder = plain.dir / "recipes"
    folder.mkdir(exist_ok=True)
    (folder / "variants_1.0.bb").write_text(VARIANTS)
    conf = with_conf(plain, f'BBFILES += "{folder}/*.bb"\n')
    said = {}
    for name in ("variants", "variants-native", "nativesdk-variants"):
        said[name] = bitbake(plain, *conf, "-e", name)

    def value(name, variable):
        found = re.search(rf'^(?:export )?{variable}="(.*)"', said[name], re.M)
        return found[1] if found else ""

    expect("rust-std-crates-native" in value("variants", "DEPENDS"), "std's crates are no dependency")
    expect("--profile tiny" in value("variants", "CARGO_BUILD_FLAGS"), value("variants", "CARGO_BUILD_FLAGS"))
    # A level in CFLAGS would stand behind the one that a crate sets for its C code.
    expect("-Os" in value("variants", "CRATE_CC_FLAGS"), value("variants", "CRATE_CC_FLAGS"))
    levels = {name: re.findall(r"(?<!\S)-O\S*", value(name, "CFLAGS")) for name in said}
    expect(not levels["variants"] and levels["nativesdk-variants"], str(levels))
    for name in ("variants-native", "nativesdk-variants"):
        flags = value(name, "CARGO_BUILD_FLAGS")
        expect("--release" in flags and "-Z" not in flags, f"{name}: {flags}")
        expect("-Zfmt-debug" not in value(name, "RUSTFLAGS"), f"{name}: {value(name, 'RUSTFLAGS')}")
        listed = bitbake(plain, *conf, "-c", "listtasks", name)
        expect("do_rust_check" not in listed, f"{name} has do_rust_check")
        expect("rust-std-crates-native" not in value(name, "DEPENDS"), f"{name} depends on std's crates")
    expect("libstd-rs" in value("nativesdk-variants", "DEPENDS"), value("nativesdk-variants", "DEPENDS"))
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
