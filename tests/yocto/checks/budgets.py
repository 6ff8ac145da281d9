# SPDX-License-Identifier: MIT OR Apache-2.0
"""What does not fit is no image."""

import re

from checks.runs import BOARD_TOML, bitbake, deployed, expect, images, with_conf


def budget(build):
    """Over budget by one byte fails, and a component without its budget is an error."""
    path = build.dir / "board.toml"
    conf = with_conf(build, f'FLASH_BOARD = "{path}"\n')
    text = BOARD_TOML.read_text()

    def refused(changed, *words):
        expect(changed != text, "board.toml has nothing to change where it was")
        path.write_text(changed)
        output = bitbake(build, *conf, "tinyrust-image", fails=True)
        for word in words:
            expect(word in output, f"`{word}` is not in\n{output[-3000:]}")
        line = next((line for line in output.splitlines() if re.search(rf"{path}:\d+", line)), None)
        expect(line, f"no line of board.toml in\n{output[-3000:]}")
        return line.strip()

    path.write_text(text)
    bitbake(build, *conf, "tinyrust-image")
    used = (images(build) / "rootfs.squashfs").stat().st_size
    try:
        # Both slots hold the same file, and flashfit wants the same budget for both.
        return "; ".join((
            refused(re.sub(r'(image = "rootfs.squashfs"\nroot = true\n)budget = .*', rf'\1budget = "{used - 1} B"', text),
                    f"{used:,} bytes, {used - 1:,} allowed", "over by 1"),
            refused(re.sub(r'(name = "server"\n(?:.+\n)*?)budget = .*\n', r"\1", text), "budget"),
        ))
    finally:
        # A refused image is not in the deploy directory; the next check wants one.
        path.write_text(text)
        bitbake(build, *conf, "tinyrust-image")


FOREIGN = """\
schema = 1
name = "foreign"
title = "A project that knows nothing of this one"

[flash]
chip = "any"
size = "16 MiB"
erase-block = "64 KiB"
mtd-id = "spi0.0"
mapped-at = 0x0
dt-node = "/flash@0"
headroom-warning = "32 KiB"

[[partition]]
name = "rootfs"
offset = "0 KiB"
size = "8 MiB"
image = "rootfs.squashfs"
budget = "{budget} B"

[[partition]]
name = "data"
offset = "8 MiB"
size = "8 MiB"
"""


def foreign(build):
    """core-image-minimal, with the class and a board.toml of its own."""
    board = build.dir / "foreign.toml"
    board.write_text(FOREIGN.format(budget=8_000_000))
    # One package: what else the image has is fetched from servers that no mirror here stands for.
    conf = with_conf(build, f'''
IMAGE_FSTYPES:pn-core-image-minimal = "squashfs-xz"
IMAGE_CLASSES:append:pn-core-image-minimal = " flash_budget"
FLASH_BOARD:pn-core-image-minimal = "{board}"
IMAGE_INSTALL:pn-core-image-minimal = "base-files"
ROOTFS_BOOTSTRAP_INSTALL:pn-core-image-minimal = ""
IMAGE_LINGUAS:pn-core-image-minimal = ""
''')
    bitbake(build, *conf, "core-image-minimal")
    report = deployed(build, "core-image-minimal", "flash-budget.txt")
    expect("rootfs" in report.read_text(), report.read_text())
    used = deployed(build, "core-image-minimal", "squashfs-xz").stat().st_size
    board.write_text(FOREIGN.format(budget=used - 1))
    output = bitbake(build, *conf, "core-image-minimal", fails=True)
    expect("over by 1" in output and "foreign.toml:" in output, output[-3000:])
    return f"{used:,} bytes checked, over by 1 refused"
