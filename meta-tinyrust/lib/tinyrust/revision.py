# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the server and build.json say the image is built from."""

import os
import subprocess


def of(d):
    """The checkout's revision, by the script that all builders call; of a released tarball its name.

    Not for a signature: the sources themselves are in it.
    """
    release = d.getVar("TINYRUST_RELEASE")
    if release:
        return os.path.basename(release).partition(".tar")[0]
    try:
        return subprocess.run([d.getVar("TINYRUST_ROOT") + "/scripts/revision"],
                              check=True, capture_output=True, text=True).stdout.strip()
    except (subprocess.CalledProcessError, FileNotFoundError):
        return "unknown"
