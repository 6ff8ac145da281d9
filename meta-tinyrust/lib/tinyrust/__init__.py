# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the classes of this layer compute, apart from bitbake so that it can be tested without it."""

# bitbake imports these with `addpylib`.
BBIMPORTS = ["bill", "licence", "profile", "revision", "rust", "source", "targets"]
