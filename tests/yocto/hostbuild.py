# SPDX-License-Identifier: MIT OR Apache-2.0
"""A bitbake build directory whose toolchain is the host's."""

import os
import pathlib
import shlex
import shutil
import subprocess
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The board that is built for: MACHINE, as bitbake itself has it.
BOARD = os.environ.get("MACHINE") or (ROOT / "boards/default").read_text().strip()
FACTS = tomllib.loads((ROOT / "boards" / BOARD / "board.toml").read_text())


# The C library that is built with, as bitbake itself has it.
LIBC = os.environ.get("TCLIBC") or "musl"


def oe_prefix(target):
    """The prefix that OE calls its compiler by, for a Rust target of musl."""
    arch, *_, system = target.split("-")
    arch = {"armv7": "arm", "riscv64gc": "riscv64"}.get(arch, arch)
    system = system.removesuffix("hf")
    if LIBC == "glibc":
        system = system.replace("musl", "gnu").removesuffix("gnu")
    return "-".join(filter(None, (arch, "oe-linux", system))) + "-"


# The host's compiler is called by OE's name.
OE_PREFIX = oe_prefix(FACTS["rust"]["target"])
HOST_PREFIX = FACTS["cc"]["prefix"]
HOST_TRIPLE = HOST_PREFIX.removesuffix("-")
QEMU = FACTS["qemu"]["binary"]

# Name on PATH -> Debian package, of what bitbake itself and the assumed natives stand for.
NEEDED = {
    "gawk": "gawk", "chrpath": "chrpath", "diffstat": "diffstat", "lz4": "lz4", "zstd": "zstd",
    "rpcgen": "rpcsvc-proto", "bison": "bison", "flex": "flex", "bc": "bc", "m4": "m4", "swig": "swig",
    "dtc": "device-tree-compiler", "mksquashfs": "squashfs-tools", "mkimage": "u-boot-tools",
    "dpkg-scanpackages": "dpkg-dev", "apt-ftparchive": "apt-utils", "rsync": "rsync", "cpio": "cpio",
    "depmod": "kmod", "openssl": "openssl", "file": "file", "quilt": "quilt", "xxd": "xxd", "ping": "iputils-ping", "ssh": "openssh-client", "cmake": "cmake", "ninja": "ninja-build",
    QEMU: FACTS["qemu"]["package"], HOST_PREFIX + "gcc": " ".join(FACTS["cc"]["packages"]), "cargo": "rustup", "rustc": "rustup",
}

# What dwarfsrcfiles is compiled with -> Debian package.
HEADERS = {"/usr/include/elfutils/libdw.h": "libdw-dev", "/usr/include/libelf.h": "libelf-dev"}

# A compiler of OE's name. The flags dropped: a sysroot that does not exist here, and what
# only a GCC newer than Debian 12's knows. Kernel and boot loader link no C library.
GCC = """\
#!/bin/sh
libc=yes
for arg do
\tshift
\tcase $arg in
\t--sysroot=* | -fcanon-prefix-map) continue ;;
\t-nostdinc) libc=no ;;
\tesac
\tset -- "$@" "$arg"
done
[ $libc = no ] || set -- "$@" -L{libs} {specs} -idirafter {headers}
# The direct build's specs find their library by it.
TINYRUST_SYSROOT={sysroot} exec {compiler} "$@"
"""

# OE's dpkg, by patches of OE's, tells a package's scripts where the root file system is, and does not ask for
# programs that it would need on a running system.
DPKG = """\
#!/bin/sh
for arg do
\tcase $arg in
\t--root=* | --instdir=*) export D="${{arg#*=}}" ;;
\tesac
done
exec {dpkg} --force-bad-path "$@"
"""

# Any build of these tests.
LOCAL_CONF = """\
MACHINE ?= "{board}"
DISTRO ?= "tinyrust-tiny"
CONF_VERSION = "2"
# uninative is a download of a site; here the host's own tools are what runs.
INHERIT_DISTRO:remove = "uninative"
CONNECTIVITY_CHECK_URIS = ""
BB_NUMBER_THREADS = "{threads}"
BB_NUMBER_PARSE_THREADS = "{threads}"
PARALLEL_MAKE = "-j{threads}"
BB_DISKMON_DIRS = ""
DL_DIR = "{downloads}"
# The tarballs of Debian's archive that are byte for byte upstream's.
SOURCE_MIRROR_URL = "file://{sources}"
INHERIT += "own-mirrors"
{extra}
"""

# One that compiles with what the host has.
HOST_CONF = """\
TCMODE = "host"
TCLIBC = "{libc}"
PACKAGE_CLASSES = "package_deb"
TINYRUST_HOST_RUST = "{rust}"
TINYRUST_HOST_RUST_SOURCE = "{rust_source}"
TINYRUST_HOST_PSEUDO = "{pseudo}"
TINYRUST_HOST_SOURCES = "{sources}"
TINYRUST_HOST_LINUX = "{linux}"
# Recipes that no build here needs, for a parse of seconds. The full one is a test of its own.
BBMASK = "/meta/recipes-[^/]+/(?!({kept})/)"
"""

# Folders of OE-Core's recipes that a build here needs something of.
KEPT = ("base-files base-passwd images initscripts kmod meta musl packagegroups qemu run-postinsts rust shadow "
        "update-rc.d volatile-binds").split()


class Problem(Exception):
    """Something that the person who started the harness has to change."""


class Build:
    """Paths and settings; `setup` is cheap and done before each command."""

    def __init__(self, env, plain=False):
        """`plain`: OE's own toolchain, which is parsed and planned with and never built here."""
        self.plain = plain
        if os.geteuid() == 0:
            raise Problem("bitbake refuses to run as root: start this as a normal user "
                          "(runuser -u USER -- env OEROOT=… BITBAKE=… make yocto-test)")
        self.oeroot = self._directory(env, "OEROOT", "meta/conf/layer.conf", "a checkout of openembedded-core (wrynose)")
        self.bitbake_root = self._directory(env, "BITBAKE", "bin/bitbake", "a checkout of bitbake (2.18)")
        cache = env.get("TINYRUST_CACHE") or os.path.join(
            env.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "tinyrust")
        top = pathlib.Path(env.get("TINYRUST_YOCTO") or os.path.join(cache, "yocto"))
        self.dir = top / ("plain" if plain else "host")
        self.downloads = top / "downloads"
        self.specs = self._musl(env, pathlib.Path(cache)) if LIBC == "musl" else None
        self.rust_bin = self._directory(env, "RUST", "rustc", "a folder with rustc, cargo and rustdoc") if env.get("RUST") else None
        self.pseudo = self._directory(env, "PSEUDO", "usr/bin/pseudo", "the prefix of a pseudo of 1.9.2 or later, installed under usr/")
        self.sources = pathlib.Path(env.get("TINYRUST_SOURCES") or top / "sources")
        self.threads = env.get("TINYRUST_THREADS") or str(os.cpu_count() or 2)
        self.extra = env.get("TINYRUST_LOCAL_CONF", "")
        self.layers = [pathlib.Path(folder) for folder in env.get("TINYRUST_LAYERS", "").split()]
        self.env = env

    @staticmethod
    def _directory(env, name, witness, what):
        value = env.get(name)
        if not value:
            raise Problem(f"{name} is not set: {what}")
        path = pathlib.Path(value)
        if not (path / witness).exists():
            raise Problem(f"{name}={value} has no {witness}: {what}")
        return path

    @staticmethod
    def _musl(env, cache):
        """musl-gcc.specs: of MUSL, or of what the direct build made last."""
        if env.get("MUSL"):
            found = [p for p in (pathlib.Path(env["MUSL"]) / "musl-gcc.specs",
                                 pathlib.Path(env["MUSL"]) / "lib/musl-gcc.specs") if p.exists()]
        else:
            # Other boards have one of their own there; inputs.txt says which compiler it was made by.
            found = sorted((p for p in cache.glob("toolchain/*/musl-gcc.specs")
                            if f'prefix "{HOST_PREFIX}"' in (p.parent / "inputs.txt").read_text()),
                           key=lambda p: p.stat().st_mtime)
        if not found:
            raise Problem(f"no musl: `cargo xtask image --board {BOARD}` makes one in the cache, or MUSL names a folder with musl-gcc.specs")
        return found[-1]

    def setup(self):
        absent = sorted({package for tool, package in NEEDED.items() if not self._which(tool)} |
                        {package for header, package in HEADERS.items() if not os.path.exists(header)})
        if absent:
            raise Problem("missing here; apt-get install " + " ".join(absent))
        locales = subprocess.run(["locale", "-a"], check=True, stdout=subprocess.PIPE, text=True).stdout.lower().split()
        if "en_us.utf8" not in locales:
            raise Problem("no locale en_US.UTF-8, which bitbake demands by name; "
                          "apt-get install locales && localedef -i en_US -f UTF-8 en_US.UTF-8")
        self._tools()
        conf = self.dir / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        self.sources.mkdir(parents=True, exist_ok=True)
        layers = [self.oeroot / "meta", ROOT / "meta-tinyrust", *self.layers]
        text = LOCAL_CONF.format(board=BOARD, threads=self.threads, sources=self.sources, downloads=self.downloads, extra=self.extra)
        if not self.plain:
            layers.append(HERE / "meta-host-toolchain")
            text += HOST_CONF.format(kept="|".join(KEPT), libc=LIBC, rust=self.rust(), rust_source=self.rust_source(), pseudo=self.pseudo, sources=self.sources, linux=self._linux())
        self._write(conf / "bblayers.conf", 'LCONF_VERSION = "7"\nBBPATH = "${TOPDIR}"\nBBFILES ?= ""\n'
                    f'BBLAYERS = "{" ".join(map(str, layers))}"\n')
        self._write(conf / "local.conf", text)

    def rust(self):
        """The version of the compiler that is built with."""
        return subprocess.run(["rustc", "--version"], env=self.environment(), check=True, cwd="/",
                              stdout=subprocess.PIPE, text=True).stdout.split()[1]

    def sysroot(self):
        """Where the compiler of RUST lives, or the one on PATH."""
        rustc = self.rust_bin / "rustc" if self.rust_bin else "rustc"
        return pathlib.Path(subprocess.run([rustc, "--print", "sysroot"], check=True, cwd=ROOT,
                                           stdout=subprocess.PIPE, text=True).stdout.strip())

    def rust_source(self):
        """The folder with std's source, library/."""
        return self.sysroot() / "lib/rustlib/src/rust"

    def _linux(self):
        """The version of the kernel source, which the direct build's list of sources records."""
        sources = tomllib.loads((ROOT / "boards/common/sources.toml").read_text())
        return sources["linux"]["version"]

    def _tools(self):
        """The directory that goes first on PATH."""
        bin_dir, libs = self.dir / "tools/bin", self.dir / "tools/lib"
        bin_dir.mkdir(parents=True, exist_ok=True)
        libs.mkdir(parents=True, exist_ok=True)
        # OE's GCC brings it for musl; nothing here is compiled with a stack protector.
        if not (libs / "libssp_nonshared.a").exists():
            subprocess.run(["ar", "rcs", str(libs / "libssp_nonshared.a")], check=True)
        # The kernel's headers, which OE stages beside its C library.
        headers = self.dir / "tools/include" / HOST_TRIPLE
        headers.mkdir(parents=True, exist_ok=True)
        # Debian has those of another architecture in a folder of their own, its own ones in two.
        folders = (f"/usr/{HOST_TRIPLE}/include", f"/usr/include/{HOST_TRIPLE}", "/usr/include")
        for name in ("asm", "asm-generic", "linux", "mtd"):
            found = [f"{folder}/{name}" for folder in folders if os.path.isdir(f"{folder}/{name}")]
            if not found:
                raise Problem(f"no {name}/ in {' or '.join(folders)}: apt-get install linux-libc-dev, or the -cross package of it")
            self._link(headers / name, found[0])
        for tool in ("gcc", "g++", "cpp"):
            self._script(bin_dir / (OE_PREFIX + tool), GCC.format(
                libs=libs, headers=headers, specs=f"-specs={self.specs}" if self.specs else "",
                sysroot=self.specs.parent / "sysroot" if self.specs else "", compiler=shutil.which(HOST_PREFIX + tool)))
        for tool in ("ar as ld ld.bfd nm objcopy objdump ranlib readelf strip size strings "
                     "gcc-ar gcc-nm gcc-ranlib").split():
            found = shutil.which(HOST_PREFIX + tool)
            if not found:
                raise Problem(f"no {HOST_PREFIX}{tool}: apt-get install {NEEDED[HOST_PREFIX + 'gcc']}")
            self._link(bin_dir / (OE_PREFIX + tool), found)
        sysroot = self.sysroot()
        if not (self.rust_source() / "library/Cargo.lock").exists():
            raise Problem(f"{sysroot} has no rust-src: `cargo xtask setup` puts it there")
        # rustup's own cargo looks for its home; the toolchain's does not.
        rust_bin = self.rust_bin or sysroot / "bin"
        for tool in ("cargo", "rustc", "rustdoc"):
            self._link(bin_dir / tool, rust_bin / tool)
        for name in ("python3", "nativepython3"):
            self._link(bin_dir / name, "/usr/bin/python3")
        self._script(bin_dir / "dpkg", DPKG.format(dpkg=shutil.which("dpkg")))
        source = self.oeroot / "meta/recipes-devtools/dwarfsrcfiles/files/dwarfsrcfiles.c"
        if not (bin_dir / "dwarfsrcfiles").exists():
            subprocess.run(["gcc", "-O1", "-o", str(bin_dir / "dwarfsrcfiles"), str(source), "-lelf", "-ldw"], check=True)

    def _which(self, tool):
        return shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")

    @staticmethod
    def _write(path, text):
        # An unchanged file keeps its time, so that bitbake keeps its cache.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)

    def _script(self, path, text):
        self._write(path, text)
        path.chmod(0o755)

    @staticmethod
    def _link(path, target):
        if path.is_symlink() and os.readlink(path) == str(target):
            return
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def environment(self):
        env = {k: v for k, v in self.env.items()
               if k not in ("RUSTFLAGS", "CARGO_TARGET_DIR", "LD_LIBRARY_PATH", "PERL_MM_OPT")}
        env.update(
            LC_ALL="C.UTF-8", LANG="C.UTF-8", BBPATH=str(self.dir), BUILDDIR=str(self.dir),
            PATH=":".join([str(self.dir / "tools/bin"), str(self.bitbake_root / "bin"), str(self.oeroot / "scripts"),
                           env["PATH"], "/usr/sbin", "/sbin"]),
            PYTHONPATH=str(self.bitbake_root / "lib"))
        return env

    def shell(self):
        env = self.environment()
        names = ("LC_ALL", "LANG", "BBPATH", "BUILDDIR", "PATH", "PYTHONPATH")
        return "\n".join(f"export {n}={shlex.quote(env[n])}" for n in names) + f"\ncd {shlex.quote(str(self.dir))}"

    def bitbake(self, *args, **options):
        return subprocess.run(["bitbake", *args], cwd=self.dir, env=self.environment(), **options).returncode
