# SPDX-License-Identifier: MIT OR Apache-2.0
"""Figures for docs/: the default image's report, and what each PACKAGECONFIG costs."""

import json
import shutil
import subprocess

from checks.runs import bitbake, images, roomy_board, with_conf
from hostbuild import ROOT

COSTS = ROOT / "docs/measurements/yocto-packageconfig.json"

# What is set, and what the table says of it; the first one is the default.
VARIANTS = [
    ("std-rebuild immediate-abort", "the default: `std-rebuild immediate-abort`"),
    ("std-rebuild", "without `immediate-abort`"),
    ("std-rebuild immediate-abort mimalloc", "with `mimalloc`"),
    ("std-rebuild immediate-abort hardening", "with `hardening`, OE-Core's own flags"),
    ("std-rebuild immediate-abort upx", "with `upx`"),
    ("immediate-abort", "without `std-rebuild`: OE-Core's libstd-rs"),
]


def cost(build, config):
    """What the server takes with a PACKAGECONFIG: (ELF, bytes of the root file system)."""
    conf = with_conf(build, f'PACKAGECONFIG:pn-tinyrust = "{config}"\nFLASH_BOARD = "{roomy_board(build)}"\n')
    bitbake(build, *conf, "tinyrust-image")
    report = json.loads((images(build) / "flashfit.json").read_text())
    used = {entry["name"]: entry["used"] for entry in report["components"]}
    return {"elf": used["server-elf"], "on_flash": used["server"]}


def run(build, names):
    """Builds and writes; `names`: settings of VARIANTS, by default all of them; the others' figures stay."""
    bitbake(build, "tinyrust-image")
    shutil.copyfile(images(build) / "flashfit.json", ROOT / "docs/builders/yocto.json")
    rows = {row["packageconfig"]: row for row in json.loads(COSTS.read_text())["rows"]} if names and COSTS.exists() else {}
    for config, what in VARIANTS:
        if not names or config in names:
            rows[config] = {"what": what, "packageconfig": config, **cost(build, config)}
            print(rows[config], flush=True)
            write(build, [rows[config] for config, _ in VARIANTS if config in rows])
    bitbake(build, "tinyrust-image")
    return 0


def revision():
    """The last commit that decides the image."""
    return subprocess.run([ROOT / "scripts/revision"], check=True, capture_output=True, text=True).stdout.strip()


def write(build, rows):
    COSTS.write_text(json.dumps({"schema": "tinyrust-packageconfig/1", "rust": build.rust(), "revision": revision(), "rows": rows}, indent=2) + "\n")
