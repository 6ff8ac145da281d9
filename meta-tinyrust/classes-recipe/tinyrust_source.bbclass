# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Files of the repository that this layer is a folder of, as a recipe's source.
#
# TINYRUST_FILES           what the recipe takes, by its path in the repository
# TINYRUST_SUBDIR          the folder of UNPACKDIR that the files go to; by default UNPACKDIR itself
# TINYRUST_FROM_RELEASE    1: a released tarball does as well as a checkout
# TINYRUST_ROOT            the checkout (layer.conf has the one around the layer)
# TINYRUST_RELEASE         a tarball of the whole repository (`git archive --prefix=tinyrust/`) …
# TINYRUST_RELEASE_SHA256  … and its hash
#
# A recipe that can have its files from neither is left out, and says what to set.

TINYRUST_SUBDIR ?= ""
TINYRUST_FROM_RELEASE ?= "0"
TINYRUST_RELEASE ?= ""
TINYRUST_RELEASE_SHA256 ?= ""

FILESEXTRAPATHS:prepend := "${TINYRUST_ROOT}:"
SRC_URI:append = " ${@tinyrust.source.uris(d)}"
SRC_URI[release.sha256sum] = "${TINYRUST_RELEASE_SHA256}"

# nooelint: oelint.task.noanonpython - nothing else can leave a recipe out with a reason
python __anonymous () {
    reason = tinyrust.source.missing(d)
    if reason:
        raise bb.parse.SkipRecipe(reason)
}
