# SPDX-License-Identifier: MIT OR Apache-2.0
"""Cargo's licence expressions as bitbake writes them.

Cargo: SPDX, and "MIT/Apache-2.0" in old manifests. bitbake: `|`, `&`, and names of
OE-Core's common-licenses.
"""

import re

_TOKEN = re.compile(r"\(|\)|[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.-]+)?")


def parse(text):
    """An expression as nested ("and" | "or", [parts]) and names.

    Raises ValueError where it is none.
    """
    tokens = _TOKEN.findall(text.replace("/", " OR "))
    tree, rest = _or(tokens)
    if rest:
        raise ValueError(f"{text}: no licence expression")
    return tree


def _or(tokens):
    return _list("OR", "or", _and, tokens)


def _and(tokens):
    return _list("AND", "and", _atom, tokens)


def _list(word, kind, part, tokens):
    first, tokens = part(tokens)
    parts = [first]
    while tokens and tokens[0] == word:
        nxt, tokens = part(tokens[1:])
        parts.append(nxt)
    return (parts[0] if len(parts) == 1 else (kind, parts)), tokens


def _atom(tokens):
    if not tokens or tokens[0] in (")", "AND", "OR"):
        raise ValueError("a licence expression ends too early")
    if tokens[0] == "(":
        tree, rest = _or(tokens[1:])
        if not rest or rest[0] != ")":
            raise ValueError("a licence expression has no closing parenthesis")
        return tree, rest[1:]
    return tokens[0].replace(" WITH ", "-with-"), tokens[1:]


def _text(tree):
    if isinstance(tree, str):
        return tree
    kind, parts = tree
    # Sorted, so that "MIT OR Apache-2.0" and "Apache-2.0 OR MIT" are one.
    texts = sorted({_text(p) for p in parts})
    return texts[0] if len(texts) == 1 else "(" + (" | " if kind == "or" else " & ").join(texts) + ")"


def together(expressions):
    """One expression for a program of which each part has one of these: all of them hold."""
    terms = set()
    for expression in expressions:
        tree = parse(expression)
        parts = tree[1] if isinstance(tree, tuple) and tree[0] == "and" else [tree]
        terms.update(_text(p) for p in parts)
    return " & ".join(sorted(terms))
