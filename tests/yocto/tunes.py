#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Prints for each tune of MACHINE the target that tinyrust_size takes, and whether it says that rustc has it.

The check `targets` runs it inside a build environment.
"""

import pathlib
import sys

import bb.data
import bb.tinfoil

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "meta-tinyrust/lib"))

from tinyrust import targets  # noqa: E402


def main(recipe):
    with bb.tinfoil.Tinfoil() as tinfoil:
        tinfoil.prepare(config_only=True, quiet=2)
        machine = tinfoil.parse_recipe_file(recipe, appends=False)
        for tune in sorted(set(machine.getVar("AVAILTUNES").split())):
            d = bb.data.createCopy(machine)
            d.setVar("DEFAULTTUNE", tune)
            target = d.getVar("TINYRUST_TARGET")
            print("tune", tune, target, "none" if targets.lacking(target) else "target")


if __name__ == "__main__":
    main(sys.argv[1])
