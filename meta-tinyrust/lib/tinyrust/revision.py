# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the server and build.json say the image is built from."""

import subprocess


def of(d):
    """The checkout's revision, by the script that all builders call; of a released tarball its version.

    Not for a signature: the sources themselves are in it.
    """
    if d.getVar("TINYRUST_RELEASE"):
        return d.getVar("PV")
    try:
        return subprocess.run([d.getVar("TINYRUST_ROOT") + "/scripts/revision"],
                              check=True, capture_output=True, text=True).stdout.strip()
    except (subprocess.CalledProcessError, FileNotFoundError):
        return "unknown"
