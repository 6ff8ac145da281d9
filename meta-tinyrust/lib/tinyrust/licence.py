# SPDX-License-Identifier: MIT OR Apache-2.0
"""LICENSE as the release at hand writes it."""

import importlib.util


def expression(spdx):
    """An SPDX expression, for a release that reads no SPDX in its own notation.

    Up to wrynose LICENSE has `&` and `|`, and an exception is part of a licence's name; releases
    after it warn of both.
    """
    if importlib.util.find_spec("oe.spdx_license"):
        return spdx
    return spdx.replace(" AND ", " & ").replace(" OR ", " | ").replace(" WITH ", "-with-")
