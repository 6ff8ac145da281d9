# SPDX-License-Identifier: MIT OR Apache-2.0
"""From the sources to flash.bin, in each form that the sources have."""

import hashlib
import subprocess
import time

from checks.runs import bitbake, expect, from_layer, images, with_conf
from hostbuild import ROOT


def image(build):
    """From the sources to flash.bin, within the budgets."""
    began = time.monotonic()
    output = bitbake(build, "tinyrust-image")
    flash = images(build) / "flash.bin"
    expect(flash.stat().st_size == 8 * 1024 * 1024, f"{flash} has {flash.stat().st_size} bytes")
    expect((images(build) / "flashfit.json").exists(), "no report beside the image")
    expect(not from_layer(output), "\n".join(from_layer(output)))
    return f"{time.monotonic() - began:.0f} s"


def release(build):
    """A layer without its repository: it says what to set, and with a tarball's address and hash it builds the server."""
    nowhere = 'TINYRUST_ROOT = "/nonexistent"\n'
    output = bitbake(build, *with_conf(build, "", nowhere), "tinyrust", fails=True)
    for word in ("TINYRUST_ROOT is /nonexistent, which has no app/Cargo.toml", "TINYRUST_RELEASE"):
        expect(word in output, f"`{word}` is not in\n{output[-3000:]}")
    expect("Unable to get checksum" not in output, output[-3000:])
    tarball = build.dir / "tinyrust.tar.gz"
    subprocess.run(["git", "-C", str(ROOT), "archive", "--prefix=tinyrust/", "-o", str(tarball), "HEAD"], check=True)
    conf = with_conf(build, f'TINYRUST_RELEASE = "file://{tarball}"\n'
                     f'TINYRUST_RELEASE_SHA256 = "{hashlib.sha256(tarball.read_bytes()).hexdigest()}"\n', nowhere)
    try:
        bitbake(build, *conf, "-c", "cleansstate", "tinyrust", "flashfit-native")
        bitbake(build, *conf, "tinyrust")
    finally:
        bitbake(build, "-c", "cleansstate", "tinyrust")
    return tarball.name


def offline(build):
    """After one fetch the network is not needed."""
    conf = with_conf(build, 'BB_NO_NETWORK = "1"\n')
    bitbake(build, *conf, "-c", "cleansstate", "tinyrust", "tinyrust-image")
    bitbake(build, *conf, "tinyrust-image")
    return "tinyrust and tinyrust-image rebuilt with BB_NO_NETWORK=1"
