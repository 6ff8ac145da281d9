# SPDX-License-Identifier: MIT OR Apache-2.0
"""A plain image of somebody else's with the server on it, planned for several machines, C libraries and init systems."""

import itertools
import re

from checks.runs import Failed, expect, graph, with_conf

MACHINES = ["qemux86-64", "qemuarm64", "qemuarm", "qemuriscv64"]
ROWS = list(itertools.product(["systemd", "sysvinit"], ["glibc", "musl"]))

PLAIN = 'IMAGE_INSTALL:append = " tinyrust tinyrust-service"\n'


def tasks(build, machine, init, libc):
    """How many tasks core-image-minimal takes, from the compilers on; every one has what it needs."""
    conf = with_conf(build, PLAIN, f'MACHINE = "{machine}"\nDISTRO = "nodistro"\nTCLIBC = "{libc}"\nINIT_MANAGER = "{init}"\n')
    order = graph(build, conf, "core-image-minimal")
    for recipe in ("tinyrust", "tinyrust-service"):
        expect(any(task.startswith(f"{recipe}.do_package_write") for task in order), f"no package of {recipe} in the plan")
    return len(order)


def run(build, machines):
    """Prints a table; `machines`: by default all of MACHINES."""
    machines = machines or MACHINES
    release = re.search(r'LAYERSERIES_COMPAT_core = "(.*)"', (build.oeroot / "meta/conf/layer.conf").read_text())[1]
    print(f"| {release} | {' | '.join(machines)} |", flush=True)
    print("|---|" + "---:|" * len(machines))
    failures = []
    for init, libc in ROWS:
        cells = []
        for machine in machines:
            try:
                cells.append(f"{tasks(build, machine, init, libc):,}")
            except Failed as reason:
                cells.append("no plan")
                failures.append(f"{init}, {libc}, {machine}: {reason}")
        print(f"| {init}, {libc} | {' | '.join(cells)} |", flush=True)
    print("\n".join(failures), end="")
    return 1 if failures else 0
