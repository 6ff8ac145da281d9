# SPDX-License-Identifier: MIT OR Apache-2.0
"""A run of bitbake, and where it leaves things."""

import re
import subprocess
import tomllib

from hostbuild import BOARD, ROOT

BOARD_TOML = ROOT / "boards" / BOARD / "board.toml"


class Failed(Exception):
    """A promise that was not kept."""


def expect(condition, message):
    if not condition:
        raise Failed(message)


def bitbake(build, *args, fails=False):
    """The output of a run that must succeed, or must fail."""
    done = subprocess.run(["bitbake", *args], cwd=build.dir, env=build.environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    log = build.dir / "checks.log"
    with open(log, "a") as f:
        f.write(f"$ bitbake {' '.join(args)}\n{done.stdout}\n")
    if (done.returncode != 0) != fails:
        tail = "\n".join(done.stdout.splitlines()[-40:])
        raise Failed(f"bitbake {' '.join(args)} {'succeeded' if fails else 'failed'} (all of it in {log}):\n{tail}")
    return done.stdout


def with_conf(build, text, before=""):
    """A file that bitbake reads after the others, and one before: machine and distro decide what is read at all."""
    first, last = build.dir / "check-before.conf", build.dir / "check.conf"
    first.write_text(before)
    last.write_text(text)
    return "-r", str(first), "-R", str(last)


def roomy_board(build):
    """A copy of board.toml without what bounds the server, for other programs and settings than the budgets are for."""
    text = BOARD_TOML.read_text()
    rootfs = next(p["size"] for p in tomllib.loads(text)["partition"] if p.get("root"))
    text = re.sub(r"\[slot\]\nbudget = .*\n", "", text)
    board = build.dir / "roomy.toml"
    board.write_text(re.sub(r'budget = "[\d_]+ B"', f'budget = "{rootfs}"', text))
    return board


def from_layer(output):
    """Warnings and errors that name this layer."""
    return [line for line in output.splitlines()
            if line.startswith(("WARNING", "ERROR")) and "tinyrust" in line]


def graph(build, conf, image):
    """Every task of an image, from the compilers on, as bitbake puts them in order."""
    output = bitbake(build, *conf, "-g", image)
    expect(not from_layer(output), "\n".join(from_layer(output)))
    return set(re.findall(r'^"(\S+)" \[', (build.dir / "task-depends.dot").read_text(), re.M))


def deployed(build, image, kind):
    """What an image recipe left in the deploy directory."""
    return build.dir / f"tmp/deploy/images/{BOARD}/{image}-{BOARD}.rootfs.{kind}"


def images(build):
    """The image folder of tinyrust-image."""
    return deployed(build, "tinyrust-image", "images")
