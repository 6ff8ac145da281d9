# SPDX-License-Identifier: MIT OR Apache-2.0
"""Did each line of a configuration fragment land in the final .config?

Kconfig drops what it cannot honour (a missing dependency, a symbol that was
renamed) without a word; so each line is looked up in the result.
"""

import re

_OFF = re.compile(r"^# (CONFIG_\w+) is not set$")
_SET = re.compile(r"^(CONFIG_\w+)=(.*)$")


def symbols(text):
    """{symbol: value}, None for a symbol that is switched off; the last line of a symbol counts."""
    found = {}
    for line in text.splitlines():
        if match := _OFF.match(line):
            found[match[1]] = None
        elif match := _SET.match(line):
            found[match[1]] = None if match[2] == "n" else match[2]
    return found


def without(text, names):
    """A .config without the lines of these symbols, whether set or not."""
    kept = []
    for line in text.splitlines():
        match = _OFF.match(line) or _SET.match(line)
        if not (match and match[1] in names):
            kept.append(line)
    return "\n".join(kept) + "\n"


def missing(fragments, config):
    """One sentence per line of [(file name, text)] that the .config's text does not have.

    A line that a later fragment overrides is not asked for.
    """
    have = symbols(config)
    want = {}
    for name, text in fragments:
        for symbol, value in symbols(text).items():
            want[symbol] = (value, name)
    complaints = []
    for symbol, (value, name) in want.items():
        got = have.get(symbol)
        if got != value:
            asked = f"{symbol}={value}" if value is not None else f"# {symbol} is not set"
            became = f"{symbol}={got}" if got is not None else "not set"
            complaints.append(f"{name}: `{asked}` became {became}")
    return complaints
