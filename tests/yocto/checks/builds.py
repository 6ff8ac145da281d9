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


def offline(build):
    """After one fetch the network is not needed."""
    conf = with_conf(build, 'BB_NO_NETWORK = "1"\n')
    bitbake(build, *conf, "-c", "cleansstate", "tinyrust", "tinyrust-image")
    bitbake(build, *conf, "tinyrust-image")
    return "tinyrust and tinyrust-image rebuilt with BB_NO_NETWORK=1"
