# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the layer promises, asserted with real runs of bitbake.

Each check builds on those before it; a name on the command line runs that one alone.
"""

import time

from checks.budgets import budget, foreign
from checks.builds import image, offline, release
from checks.device import boot, own_crate, service, testimage
from checks.metadata import crates, layer, parse, plan, std_crates, targets, variants
from checks.program import bill, elf, flags, foreign_flags, spdx
from checks.runs import Failed
from checks.shared import mirror, signatures
from hostbuild import Problem

CHECKS = [parse, plan, std_crates, targets, variants, layer, signatures, image, mirror, crates, flags, foreign_flags, elf, testimage, service, boot, own_crate, budget, spdx, bill, foreign,
          release, offline]


def run(build, names):
    unknown = set(names) - {check.__name__ for check in CHECKS}
    if unknown:
        raise Problem(f"no check {', '.join(sorted(unknown))}: {', '.join(c.__name__ for c in CHECKS)}")
    failed = 0
    for check in CHECKS:
        if names and check.__name__ not in names:
            continue
        print(f"{check.__name__}: {check.__doc__}", flush=True)
        began = time.monotonic()
        try:
            said = check(build)
            print(f"  ok, {time.monotonic() - began:.0f} s: {said}", flush=True)
        except Failed as reason:
            failed += 1
            print(f"  FAILED after {time.monotonic() - began:.0f} s: {reason}", flush=True)
    return 1 if failed else 0
