# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the layer promises, asserted with real runs of bitbake.

Each check builds on those before it; a name on the command line runs that one alone.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
import tomllib
import urllib.request

from hostbuild import ROOT, Build, Problem

BOARD = ROOT / "boards/ast2600-evb/board.toml"


class Failed(Exception):
    """A promise that was not kept."""


def expect(condition, message):
    if not condition:
        raise Failed(message)


def bitbake(build, *args, fails=False):
    """The output of a run that must succeed, or must fail."""
    done = subprocess.run(["bitbake", *args], cwd=build.dir, env=build.environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    log = build.dir / "checks.log"
    with open(log, "a") as f:
        f.write(f"$ bitbake {' '.join(args)}\n{done.stdout}\n")
    if (done.returncode != 0) != fails:
        tail = "\n".join(done.stdout.splitlines()[-40:])
        raise Failed(f"bitbake {' '.join(args)} {'succeeded' if fails else 'failed'} (all of it in {log}):\n{tail}")
    return done.stdout


def with_conf(build, text, before=""):
    """A file that bitbake reads after the others, and one before: machine and distro decide what is read at all."""
    first, last = build.dir / "check-before.conf", build.dir / "check.conf"
    first.write_text(before)
    last.write_text(text)
    return "-r", str(first), "-R", str(last)


def from_layer(output):
    """Warnings and errors that name this layer."""
    return [line for line in output.splitlines()
            if line.startswith(("WARNING", "ERROR")) and "tinyrust" in line]


def images(build):
    return build.dir / "tmp/deploy/images/ast2600-evb/tinyrust-image-ast2600-evb.rootfs.images"


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
        # A shorter parse; the full one is a check of its own.
        conf = with_conf(plain, 'BBMASK += "/meta/recipes-(gnome|multimedia|rt|sato)/"\n', f'MACHINE = "{machine}"\n')
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


def image(build):
    """From the sources to flash.bin, within the budgets."""
    began = time.monotonic()
    output = bitbake(build, "tinyrust-image")
    flash = images(build) / "flash.bin"
    expect(flash.stat().st_size == 8 * 1024 * 1024, f"{flash} has {flash.stat().st_size} bytes")
    expect((images(build) / "flashfit.json").exists(), "no report beside the image")
    expect(not from_layer(output), "\n".join(from_layer(output)))
    return f"{time.monotonic() - began:.0f} s"


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


def own_crate(build):
    """A crate of one's own in the server's place: through one inherit, on the image, answering on the board."""
    conf = with_conf(build, 'PREFERRED_RPROVIDER_tinyrust = "hello-actix"\nIMAGE_BASENAME:pn-tinyrust-image = "own-crate"\n')
    output = bitbake(build, *conf, "tinyrust-image", "hello-actix")
    expect(not from_layer(output), "\n".join(from_layer(output)))
    proofs = [p for p in build.dir.glob("tmp/work/*/hello-actix/*/temp/log.do_tinyrust_proof") if "proof: " in p.read_text()]
    expect(proofs, "no proof of hello-actix")
    image = build.dir / "tmp/deploy/images/ast2600-evb/own-crate-ast2600-evb.rootfs.flash"
    manifest = image.with_suffix(".manifest").read_text()
    expect("hello-actix " in manifest and not re.search(r"^tinyrust ", manifest, re.M), manifest)
    status, body = first_answer(build, image)
    expect((status, body) == (200, b"Hello, world!"), f"{status} {body}")
    size = (image.with_suffix(".images") / "tinyrust").stat().st_size
    return f"GET /: {status} {body.decode()}, {size:,} bytes"


def release(build):
    """The released form: a tarball of the repository, by its hash, in the checkout's place."""
    tarball = build.dir / "tinyrust.tar.gz"
    subprocess.run(["git", "-C", str(ROOT), "archive", "--prefix=tinyrust/", "-o", str(tarball), "HEAD"], check=True)
    conf = with_conf(build, f'TINYRUST_RELEASE = "file://{tarball}"\n'
                     f'TINYRUST_RELEASE_SHA256 = "{hashlib.sha256(tarball.read_bytes()).hexdigest()}"\n')
    try:
        bitbake(build, *conf, "-c", "cleansstate", "tinyrust")
        bitbake(build, *conf, "tinyrust")
    finally:
        bitbake(build, "-c", "cleansstate", "tinyrust")
    return tarball.name


def first_answer(build, flash):
    """(status, body) of GET / on the board that starts from this chip."""
    images = flash.with_suffix(".images")
    qemu = tomllib.loads((images / "board.toml").read_text())["qemu"]
    chip, console = build.dir / "chip.bin", build.dir / "console.log"
    shutil.copyfile(flash, chip)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    values = {"{flash}": str(chip), "{net}": f"user,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:80"}
    args = [re.sub(r"\{\w+\}", lambda name: values[name[0]], a) for a in qemu["args"]]
    with subprocess.Popen([qemu["binary"], *args, "-display", "none", "-monitor", "none", "-serial", f"file:{console}"],
                          stdin=subprocess.DEVNULL) as device:
        try:
            end = time.monotonic() + 300
            while time.monotonic() < end:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                        return answer.status, answer.read()
                except OSError:
                    time.sleep(1)
        finally:
            device.kill()
    raise Failed(f"no answer in five minutes; the console's end:\n{console.read_text(errors='replace')[-2000:]}")


def elf(build):
    """The server within 1 % of the direct build's."""
    direct = ROOT / "out/ast2600-evb/tinyrust"
    if not direct.exists():
        raise Problem(f"{direct} is not there: cargo xtask image")
    ours, theirs = (images(build) / "tinyrust").stat().st_size, direct.stat().st_size
    expect(abs(ours - theirs) <= theirs / 100, f"{ours:,} bytes, the direct build's has {theirs:,}")
    return f"{ours:,} bytes, the direct build {theirs:,}"


def budget(build):
    """Over budget by one byte fails, and a component without its budget is an error."""
    path = build.dir / "board.toml"
    conf = with_conf(build, f'FLASH_BOARD = "{path}"\n')
    text = BOARD.read_text()

    def refused(changed, *words):
        expect(changed != text, "board.toml has nothing to change where it was")
        path.write_text(changed)
        output = bitbake(build, *conf, "tinyrust-image", fails=True)
        for word in words:
            expect(word in output, f"`{word}` is not in\n{output[-3000:]}")
        line = next((line for line in output.splitlines() if re.search(rf"{path}:\d+", line)), None)
        expect(line, f"no line of board.toml in\n{output[-3000:]}")
        return line.strip()

    path.write_text(text)
    bitbake(build, *conf, "tinyrust-image")
    used = (images(build) / "rootfs.squashfs").stat().st_size
    try:
        # Both slots hold the same file, and flashfit wants the same budget for both.
        return "; ".join((
            refused(re.sub(r'(image = "rootfs.squashfs"\nroot = true\n)budget = .*', rf'\1budget = "{used - 1} B"', text),
                    f"{used:,} bytes, {used - 1:,} allowed", "over by 1"),
            refused(re.sub(r'(name = "server"\n(?:.+\n)*?)budget = .*\n', r"\1", text), "budget"),
        ))
    finally:
        # A refused image is not in the deploy directory; the next check wants one.
        path.write_text(text)
        bitbake(build, *conf, "tinyrust-image")


FOREIGN = """\
schema = 1
name = "foreign"
title = "A project that knows nothing of this one"

[flash]
chip = "any"
size = "16 MiB"
erase-block = "64 KiB"
mtd-id = "spi0.0"
mapped-at = 0x0
dt-node = "/flash@0"
headroom-warning = "32 KiB"

[[partition]]
name = "rootfs"
offset = "0 KiB"
size = "8 MiB"
image = "rootfs.squashfs"
budget = "{budget} B"

[[partition]]
name = "data"
offset = "8 MiB"
size = "8 MiB"
"""


def foreign(build):
    """core-image-minimal, with the class and a board.toml of its own."""
    board = build.dir / "foreign.toml"
    board.write_text(FOREIGN.format(budget=8_000_000))
    # One package: what else the image has is fetched from servers that no mirror here stands for.
    conf = with_conf(build, f'''
IMAGE_FSTYPES:pn-core-image-minimal = "squashfs-xz"
IMAGE_CLASSES:append:pn-core-image-minimal = " flash_budget"
FLASH_BOARD:pn-core-image-minimal = "{board}"
IMAGE_INSTALL:pn-core-image-minimal = "base-files"
ROOTFS_BOOTSTRAP_INSTALL:pn-core-image-minimal = ""
IMAGE_LINGUAS:pn-core-image-minimal = ""
''')
    bitbake(build, *conf, "core-image-minimal")
    report = build.dir / "tmp/deploy/images/ast2600-evb/core-image-minimal-ast2600-evb.rootfs.flash-budget.txt"
    expect("rootfs" in report.read_text(), report.read_text())
    used = (build.dir / "tmp/deploy/images/ast2600-evb/core-image-minimal-ast2600-evb.rootfs.squashfs-xz").stat().st_size
    board.write_text(FOREIGN.format(budget=used - 1))
    output = bitbake(build, *conf, "core-image-minimal", fails=True)
    expect("over by 1" in output and "foreign.toml:" in output, output[-3000:])
    return f"{used:,} bytes checked, over by 1 refused"


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


def offline(build):
    """After one fetch the network is not needed."""
    conf = with_conf(build, 'BB_NO_NETWORK = "1"\n')
    bitbake(build, *conf, "-c", "cleansstate", "tinyrust", "tinyrust-image")
    bitbake(build, *conf, "tinyrust-image")
    return "tinyrust and tinyrust-image rebuilt with BB_NO_NETWORK=1"


def testimage(build):
    """oeqa's runtime cases on the board in QEMU."""
    conf = with_conf(build, 'IMAGE_CLASSES += "testimage"\nTEST_TARGET = "TinyrustFlashTarget"\n'
                     'TEST_SUITES = "tinyrust_image"\n')
    bitbake(build, *conf, "tinyrust-image")
    output = bitbake(build, *conf, "-c", "testimage", "tinyrust-image")
    expect("FAILED" not in output, output[-3000:])
    found = re.findall(r"tinyrust-image - Ran (\d+) tests?.*", output) or re.findall(r"Ran (\d+) tests", output)
    expect(found and int(found[-1]) >= 9, output[-3000:])
    return f"{found[-1]} tests"


def boot(build):
    """The boot tests of qemu/, on what bitbake made."""
    if not shutil.which("cargo"):
        raise Problem("no cargo for the boot tests")
    env = {**os.environ, "TINYRUST_IMAGES": str(images(build)), "CARGO_TARGET_DIR": str(build.dir / "boot-tests")}
    done = subprocess.run(["cargo", "test", "--package", "tinyrust-qemu"], cwd=ROOT, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (build.dir / "boot-tests.log").write_text(done.stdout)
    expect(done.returncode == 0, done.stdout[-4000:])
    return ", ".join(re.findall(r"test result: ok\. (\d+ passed)", done.stdout))


CHECKS = [parse, plan, layer, image, crates, proof, proof_fails, elf, testimage, boot, own_crate, budget, spdx, foreign,
          release, offline]


def run(build, names):
    unknown = set(names) - {check.__name__ for check in CHECKS}
    if unknown:
        raise Problem(f"no check {', '.join(sorted(unknown))}: {', '.join(c.__name__ for c in CHECKS)}")
    failed = 0
    for check in CHECKS:
        if names and check.__name__ not in names:
            continue
        print(f"{check.__name__}: {check.__doc__}", flush=True)
        began = time.monotonic()
        try:
            said = check(build)
            print(f"  ok, {time.monotonic() - began:.0f} s: {said}", flush=True)
        except Failed as reason:
            failed += 1
            print(f"  FAILED after {time.monotonic() - began:.0f} s: {reason}", flush=True)
    return 1 if failed else 0

