# SPDX-License-Identifier: MIT OR Apache-2.0
"""The server's file: its flags, its size, what is linked into it."""

import json
import re
import tomllib

from checks.runs import bitbake, expect, images, with_conf
from hostbuild import BOARD, ROOT, Problem


def flags(build):
    """What rustc was given was recorded and compared, and build.json has it."""
    logs = list(build.dir.glob("tmp/work/*/tinyrust/*/temp/log.do_rust_check"))
    expect(logs, "no log of do_rust_check: was the compile step taken from a cache?")
    found = re.search(r"tinyrust: \d+ crates for .*", logs[0].read_text())
    expect(found, logs[0].read_text())
    record = json.loads((images(build) / "build.json").read_text())
    expect(record["schema"] == "tinyrust-build/2", record["schema"])
    given = record["rust_flags"]["given"]
    for flag in ("-Copt-level=z", "-Clto=fat", "-Cpanic=immediate-abort", "-Ccodegen-units=1", "-Zlocation-detail=none"):
        expect(flag in given, f"no {flag} in {given}")
    for name in ("linux", "u-boot", "busybox"):
        expect(name in record["sources"], f"no {name} in {record['sources']}")
    return f"{found[0]}; {record['builder']}, {record['cc']}, rustc {record['rustc']['release']}"


def foreign_flags(build):
    """Flags from elsewhere: those of cargo's config files do not get in, all others fail by name."""
    # Above the build, as a developer's ~/.cargo/config.toml is.
    config = build.dir / ".cargo/config.toml"
    # In the recipe's own configuration: in local.conf it would build flashfit-native anew as well.
    append = build.dir / "foreign/hello-actix_%.bbappend"
    for path in (config, append):
        path.parent.mkdir(exist_ok=True)
    conf = with_conf(build, f'BBFILES += "{append}"\n')

    def rust_check(settings, fails=False):
        append.write_text('do_compile[nostamp] = "1"\n' + settings)
        return bitbake(build, *conf, "hello-actix", "-c", "rust_check", fails=fails)

    try:
        config.write_text('[build]\nrustflags = ["-Ctarget-cpu=native"]\ntarget-dir = "/nonexistent"\n')
        rust_check('export CARGO_TARGET_DIR = "/nonexistent"\nexport CARGO_BUILD_TARGET_DIR = "/nonexistent"\n')
        said = ["-Ctarget-cpu=native and a target folder of a config file: not taken"]
        config.write_text('[profile.tiny.package.actix-web]\nopt-level = 3\n')
        output = rust_check("", fails=True)
        said.append(line_of(output, "-Copt-level=z wanted, -Copt-level=3 given (crate actix_web)"))
        config.unlink()
        for environment, words in (
            # The linker gets what it needs, so that it is the check that fails.
            ('export CARGO_ENCODED_RUSTFLAGS = "-Clink-self-contained=no\x1f-Ctarget-cpu=native"\n',
             ["-Ctarget-cpu=native given, which nobody asked for", "in the environment: CARGO_ENCODED_RUSTFLAGS="]),
            ('RUSTFLAGS:append = " -Ctarget-cpu=cortex-a7"\n',
             ["-Ctarget-cpu=cortex-a7 given, which nobody asked for", "is one of TINYRUST_EXTRA_RUSTFLAGS"]),
        ):
            output = rust_check(environment, fails=True)
            said += [line_of(output, word) for word in words]
    finally:
        config.unlink(missing_ok=True)
        append.unlink(missing_ok=True)
        bitbake(build, *with_conf(build, ""), "-c", "clean", "hello-actix")
    return "; ".join(said)


def line_of(output, word):
    found = [line.strip() for line in output.splitlines() if word in line]
    expect(found, f"`{word}` is not in\n{output[-3000:]}")
    return found[0]


def elf(build):
    """The server within 1 % of the direct build's."""
    direct = ROOT / "out" / BOARD / "tinyrust"
    if not direct.exists():
        raise Problem(f"{direct} is not there: cargo xtask image")
    ours, theirs = (images(build) / "tinyrust").stat().st_size, direct.stat().st_size
    expect(abs(ours - theirs) <= theirs / 100, f"{ours:,} bytes, the direct build's has {theirs:,}")
    return f"{ours:,} bytes, the direct build {theirs:,}"


def spdx(build):
    """The SPDX of the server lists its crates, and std's."""
    lock = (ROOT / "app/Cargo.lock").read_text()
    wanted = set(re.findall(r'name = "(.*)"\nversion = "(.*)"\nsource = "registry', lock))
    files = list(build.dir.glob("tmp/deploy/spdx/*/*/builds/build-tinyrust.spdx.json"))
    text = "".join(f.read_text() for f in files)
    missing = sorted(f"{n} {v}" for n, v in wanted if f"{n}-{v}.crate" not in text and f"{n}/{v}" not in text)
    expect(files and not missing, f"{len(missing)} of {len(wanted)} crates are not in {files}: {missing[:5]}")
    expect("/rust-std-crates-native/" in text, "std's crates are no part of the build")
    std = "".join(f.read_text() for f in build.dir.glob("tmp/deploy/spdx/*/*/builds/build-rust-std-crates-native.spdx.json"))
    library = build.rust_source() / "library"
    # Debian's source has the crates that its own systems compile.
    of_std = [package for package in tomllib.loads((library / "Cargo.lock").read_text())["package"]
              if (library / "vendor" / f'{package["name"]}-{package["version"]}').is_dir()]
    absent = [p["name"] for p in of_std if f'{p["name"]}-{p["version"]}.crate' not in std or p["checksum"] not in std]
    expect(of_std and not absent, f"{absent} of {len(of_std)} crates of std are not in the SPDX of rust-std-crates-native")
    recipe = (ROOT / "meta-tinyrust/recipes-tinyrust/tinyrust/tinyrust-license.inc").read_text()
    terms = re.search(r"expression\('(.*)'\)", recipe)[1].split(" AND ")
    said = re.findall(r'"simplelicensing_licenseExpression": ?"(.*?)"', text)
    # Up to wrynose an exception is part of a name that SPDX has not, and so a reference.
    whole = re.sub(r"LicenseRef-([\w.-]+)-with-([\w-]+)", r"\1 WITH \2", max(said, key=len, default=""))
    absent = sorted(t for t in terms if t.strip("()") not in whole)
    expect(whole and not absent, f"{absent} are not in the licence: {whole or 'none'}")
    return f"{len(wanted)} crates of the lock, {len(of_std)} of std; {whole}"


def bill(build):
    """The bill of materials lists what the image is made of, from every side."""
    document = json.loads((images(build) / "sbom.cdx.json").read_text())
    components = {c["name"]: c for c in document["components"]}
    lock = (ROOT / "app/Cargo.lock").read_text()
    locked = dict(re.findall(r'name = "(.*)"\nversion = ".*"\nsource = "registry.*"\nchecksum = "(.*)"', lock))
    crates = [c for c in document["components"] if c["bom-ref"].startswith("crate:") and "purl" in c]
    strange = [c["name"] for c in crates if not c.get("hashes") or not c.get("licenses")]
    expect(len(crates) > 50 and not strange, f"{strange} of {len(crates)} crates have no checksum or licence")
    known = [c for c in crates if c["hashes"][0]["content"] == locked.get(c["name"])]
    expect(len(known) > len(crates) * 0.8, f"{len(known)} of {len(crates)} crates have the checksum of app/Cargo.lock")
    wanted = {"linux", "u-boot", "busybox", "musl", "libgcc", "rust-std", "tinyrust", "tinyrust-rootfs", "flash.bin"}
    expect(wanted <= components.keys(), f"{sorted(wanted - components.keys())} are not listed")
    texts = (images(build) / "licences.txt").read_text()
    table = texts.split("\n\n")[2]
    expect("no text" not in table, table)
    parts = {part: re.findall(f"^    {part} .*: (.*)$", texts, re.M) for part in ("linux", "u-boot")}
    expect("Linux-syscall-note" in parts["linux"] and "gpl-2.0.txt" in parts["u-boot"], f"texts: {parts}")
    return f"{len(document['components'])} components, {len(crates)} crates; {len(texts):,} bytes of licences"
