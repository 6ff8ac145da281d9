# SPDX-License-Identifier: MIT OR Apache-2.0
"""The boot partition's image, and what a budget report says in a log."""


def boot_image(files, read, size):
    """The boot partition from "NAME@OFFSET …"; the rest is erased flash.

    `read` gives a file's bytes by its name. Raises ValueError where one runs into
    the next or over the partition's end.
    """
    parts = []
    for entry in files.split():
        name, at, offset = entry.rpartition("@")
        if not at:
            raise ValueError(f"{entry}: NAME@OFFSET is what board.toml's [u-boot] files become")
        parts.append((int(offset, 0), name))
    parts.sort()
    image = bytearray()
    for i, (offset, name) in enumerate(parts):
        content = read(name)
        room = (parts[i + 1][0] if i + 1 < len(parts) else size) - offset
        if len(content) > room:
            raise ValueError(f"{name}: {len(content):,} bytes, {room:,} up to the next, over by {len(content) - room:,}: "
                             "cut u-boot.config down")
        image += b"\xff" * (offset - len(image)) + content
    return bytes(image)
