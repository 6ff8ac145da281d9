# SPDX-License-Identifier: MIT OR Apache-2.0
"""What was built, started in QEMU."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request

from checks.runs import Failed, bitbake, deployed, expect, from_layer, images, roomy_board, with_conf
from hostbuild import ROOT, Problem


def imagekit(build):
    """The program as flashfit-native installed it."""
    found = sorted(build.dir.glob("tmp/sysroots-components/*/flashfit-native/usr/bin/imagekit"))
    expect(found, "flashfit-native has not installed imagekit")
    return found[0]


def first_answer(build, flash):
    """(status, body) of GET / on the board that starts from this chip."""
    images = flash.with_suffix(".images")
    chip, console = build.dir / "chip.bin", build.dir / "console.log"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = json.loads(subprocess.check_output([imagekit(build), "qemu-command", images, "--chip", chip, "--port", str(port)]))
    with subprocess.Popen([*command, "-serial", f"file:{console}"], stdin=subprocess.DEVNULL) as device:
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


def own_crate(build):
    """A crate of one's own in the server's place: through one inherit, on the image, answering on the board."""
    status, body, said = in_servers_place(build, "hello-actix")
    expect((status, body) == (200, b"Hello, world!"), f"{status} {body}")
    others = [path.stem.split("_")[0] for layer in build.layers for path in sorted(layer.glob("recipes-*/*/*.bb"))]
    return "; ".join([said, *(in_servers_place(build, recipe)[2] for recipe in others)])


def in_servers_place(build, recipe):
    """Status and body of GET / from an image with this recipe's program, and what it takes."""
    conf = with_conf(build, f'PREFERRED_RPROVIDER_tinyrust = "{recipe}"\nIMAGE_BASENAME:pn-tinyrust-image = "own-crate"\n'
                     f'FLASH_BOARD = "{roomy_board(build)}"\n')
    output = bitbake(build, *conf, "tinyrust-image", recipe)
    expect(not from_layer(output), "\n".join(from_layer(output)))
    checked = [log for path in build.dir.glob(f"tmp/work/*/{recipe}/*/temp/log.do_rust_check")
               for log in re.findall(r": \d+ crates for [\w.-]+", path.read_text())]
    expect(checked, f"what rustc was given for {recipe} was not checked")
    image = deployed(build, "own-crate", "flash")
    manifest = image.with_suffix(".manifest").read_text()
    expect(f"{recipe} " in manifest and not re.search(r"^tinyrust ", manifest, re.M), manifest)
    status, body = first_answer(build, image)
    expect(status == 200, f"{recipe}: {status} {body}")
    report = json.loads(deployed(build, "own-crate", "flash-budget.json").read_text())
    files = [file for part in report["images"] if part["squashfs"] for file in part["squashfs"]["files"]]
    # Its largest file: what init starts may be a script.
    program = max((file for file in files if file["path"].startswith("/usr/bin/")), key=lambda file: file["raw"])
    size = f"{program['raw']:,} bytes, {program['on_flash']:,} on flash"
    return status, body, f"{recipe}{checked[0]}; GET /: {status} {body.decode(errors='replace').partition(chr(10))[0]}, {size}"


def oeqa(build, image, suite, least, conf=""):
    """`bitbake -c testimage` with a suite of the layer's, on the board in QEMU."""
    conf = with_conf(build, f'''
IMAGE_CLASSES += "testimage"
TEST_TARGET = "TinyrustFlashTarget"
TEST_SUITES = "{suite}"
{conf}''')
    bitbake(build, *conf, image)
    output = bitbake(build, *conf, "-c", "testimage", image)
    expect("FAILED" not in output, output[-3000:])
    found = re.findall(rf"{image} - Ran (\d+) tests?.*", output) or re.findall(r"Ran (\d+) tests", output)
    expect(found and int(found[-1]) >= least, output[-3000:])
    return f"{found[-1]} tests"


def testimage(build):
    """oeqa's runtime cases pass on tinyrust-image."""
    return oeqa(build, "tinyrust-image", "tinyrust_image", 9)


def service(build):
    """tinyrust-service's script starts, stops and restarts the server under busybox init."""
    fragment = build.dir / "start-stop-daemon.config"
    fragment.write_text("CONFIG_START_STOP_DAEMON=y\n")
    # OE-Core's own busybox has the applet; tinyrust-image's has no use for it.
    return oeqa(build, "tinyrust-service-image", "tinyrust_service", 5, f'''
SRC_URI:append:pn-busybox-tinyrust = " file://{fragment}"
KCONFIG_FRAGMENTS:append:pn-busybox-tinyrust = " ${{UNPACKDIR}}{fragment}"
''')


def boot(build):
    """The boot tests of qemu/, on what bitbake made."""
    if not shutil.which("cargo"):
        raise Problem("no cargo for the boot tests")
    env = {**os.environ, "TINYRUST_IMAGES": str(images(build)), "CARGO_TARGET_DIR": str(build.dir / "boot-tests")}
    done = subprocess.run(["cargo", "test", "--test", "device"], cwd=ROOT, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (build.dir / "boot-tests.log").write_text(done.stdout)
    expect(done.returncode == 0, done.stdout[-4000:])
    return ", ".join(re.findall(r"test result: ok\. (\d+ passed)", done.stdout))
