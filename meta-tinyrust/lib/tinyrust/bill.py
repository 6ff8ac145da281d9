# SPDX-License-Identifier: MIT OR Apache-2.0
"""What bitbake knows of an image's packages, for `imagekit sbom`."""

import glob
import os
import shlex


def recipes(manifest):
    """(package, recipe) of each package in an image's license.manifest."""
    with open(manifest) as f:
        for paragraph in f.read().split("\n\n"):
            facts = dict(line.partition(": ")[::2] for line in paragraph.splitlines())
            if "PACKAGE NAME" in facts:
                yield facts["PACKAGE NAME"], facts["RECIPE NAME"]


def texts(folders):
    """The licence texts in the first of a recipe's folders that is there: its own files, or, where it
    has none, OE-Core's of the same licence."""
    for folder in folders:
        if os.path.isdir(folder):
            names = sorted(name for name in os.listdir(folder) if name != "recipeinfo")
            own = [name for name in names if not name.startswith("generic_")]
            return [os.path.join(folder, name) for name in own or names]
    return []


def options(d, sources):
    """The options of `imagekit sbom`, for a shell. `sources`: the recipe of each C source."""
    licenses = d.getVar("LICENSE_DIRECTORY")
    # do_rootfs writes it into a folder with its time; the link without one comes after the image.
    name = os.path.join(licenses, d.getVar("SSTATE_PKGARCH"), d.getVar("IMAGE_LINK_NAME") + "-[0-9]*/license.manifest")
    manifests = sorted(glob.glob(name))
    packages = list(sources.items())
    words = []
    if manifests:
        words += ["--yocto-packages", manifests[-1]]
        packages += recipes(manifests[-1])
    archs = d.getVar("SSTATE_ARCHS").split()[::-1]
    for package, recipe in packages:
        found = texts([os.path.join(licenses, arch, recipe) for arch in archs]) if recipe else []
        words += [f"--text={package}={path}" for path in found]
    return shlex.join(words)
