# SPDX-License-Identifier: MIT OR Apache-2.0
"""Where a recipe's files come from: the checkout around this layer, or a released tarball of it."""

import os


def uris(d):
    """What TINYRUST_FILES adds to SRC_URI. In a checkout each file is named, so that nothing else is copied or hashed."""
    folder = d.getVar("TINYRUST_SUBDIR")
    into = ";subdir=" + folder if folder else ""
    release = d.getVar("TINYRUST_RELEASE")
    if release and d.getVar("TINYRUST_FROM_RELEASE") == "1":
        return f"{release};name=release;striplevel=1{into}"
    return " ".join(f"file://{path}{into}" for path in d.getVar("TINYRUST_FILES").split())


def missing(d):
    """Why the recipe cannot have its files, or nothing."""
    root, release = d.getVar("TINYRUST_ROOT"), d.getVar("TINYRUST_RELEASE")
    from_release = d.getVar("TINYRUST_FROM_RELEASE") == "1"
    if release and from_release:
        if d.getVar("TINYRUST_RELEASE_SHA256"):
            return ""
        return f"TINYRUST_RELEASE is {release}, but TINYRUST_RELEASE_SHA256 is not set: set it to that file's SHA-256"
    absent = [path for path in d.getVar("TINYRUST_FILES").split() if not os.path.exists(os.path.join(root, path))]
    if not absent:
        return ""
    remedy = "set TINYRUST_ROOT to a checkout of the tinyrust repository"
    if from_release:
        remedy += ", or TINYRUST_RELEASE and TINYRUST_RELEASE_SHA256 to a tarball of it"
    else:
        remedy += "; TINYRUST_RELEASE does not serve, as bitbake reads the boards' files before it fetches"
    return f"TINYRUST_ROOT is {root}, which has no {absent[0]}: {remedy}"
