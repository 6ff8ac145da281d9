//! `cargo xtask setup`: what the build needs of the machine.

use anyhow::{Result, bail};
use board::Board;

use crate::rust_src::{self, Rustc};
use buildkit::apt;
use buildkit::cache::Cache;
use buildkit::checkout::Repo;
use buildkit::command::Log;
use buildkit::sources::Sources;

/// What every board's build needs of Debian's packages, and what for.
const TOOLS: &[(&str, &str)] = &[
    ("bc", "kernel and U-Boot: generates header files"),
    ("bison", "kernel and U-Boot: kconfig, dtc"),
    ("bzip2", "unpacks sources"),
    ("ca-certificates", "cargo's downloads"),
    ("cpio", "flashfit's tests"),
    ("debian-archive-keyring", "verifies Debian's archive"),
    (
        "device-tree-compiler",
        "the board's device tree, the FIT image",
    ),
    ("erofs-utils", "flashfit's tests"),
    ("flex", "kernel and U-Boot: kconfig, dtc"),
    ("gcc", "programs that run during the build"),
    ("genimage", "flashfit's tests"),
    ("git", "the revision in the image"),
    ("libc6-dev", "programs that run during the build"),
    ("libgnutls28-dev", "U-Boot: mkimage and related tools"),
    ("libssl-dev", "U-Boot: mkimage"),
    ("lz4", "flashfit's tests"),
    ("make", "kernel, U-Boot, busybox, musl"),
    ("mtd-utils", "flashfit's tests"),
    ("patch", "sources"),
    ("perl", "kernel: scripts"),
    ("python3-dev", "U-Boot: binman's libfdt"),
    ("python3-setuptools", "U-Boot: binman's libfdt"),
    (
        "python3-venv",
        "the linters of the Buildroot and Yocto layers",
    ),
    ("qemu-user-static", "the ladder: runs the boards' programs"),
    ("rsync", "kernel: headers"),
    ("shellcheck", "make lint"),
    ("squashfs-tools", "the root file system"),
    ("swig", "U-Boot: binman's libfdt"),
    ("u-boot-tools", "flashfit's tests"),
    ("xxd", "U-Boot: the default environment"),
    ("xz-utils", "kernel image, sources"),
    ("zstd", "flashfit's tests"),
];

/// What `make test` needs in addition, and no build: with `setup --all`.
const FOR_TESTS: &str = "chromium";

/// The packages that a board's build and boot need.
pub fn packages(board: &Board) -> Result<Vec<String>> {
    let mut all = TOOLS
        .iter()
        .map(|(package, _)| (*package).to_owned())
        .collect::<Vec<_>>();
    all.extend(board.require(&board.cc, "cc")?.packages.iter().cloned());
    let u_boot = board.require(&board.u_boot, "u-boot")?;
    all.extend(u_boot.packages.iter().cloned());
    all.extend(board.qemu.iter().map(|qemu| qemu.package.clone()));
    all.sort();
    all.dedup();
    Ok(all)
}

/// Fails with the command to run when something that a build needs is missing.
pub fn require(board: &Board, rustc: &Rustc) -> Result<()> {
    let missing = apt::missing(&packages(board)?)?;
    if !missing.is_empty() {
        bail!(
            "missing packages: {}; `cargo xtask setup --board {}` installs them",
            missing.join(" "),
            board.name
        );
    }
    if !rustc.has_source() {
        bail!(
            "the source of Rust's standard library {} is missing; `cargo xtask setup` gets it",
            rustc.version
        );
    }
    Ok(())
}

/// Installs what is missing; with `check`, only says what is.
pub fn run(repo: &Repo, board: &Board, check: bool) -> Result<()> {
    let rustc = Rustc::find(repo.root())?;
    let wanted = packages(board)?;
    let missing = apt::missing(&wanted)?;
    if check {
        for package in &missing {
            let purpose = TOOLS.iter().find(|(tool, _)| tool == package);
            let purpose = purpose.map_or("named in board.toml", |(_, purpose)| purpose);
            println!("missing: {package} ({purpose})");
        }
        if !rustc.has_source() {
            println!(
                "missing: the source of Rust's standard library {}",
                rustc.version
            );
        }
        if missing.is_empty() && rustc.has_source() {
            println!(
                "nothing is missing: {} packages, Rust {} and its standard library's source",
                wanted.len(),
                rustc.version
            );
            return Ok(());
        }
        bail!(
            "`cargo xtask setup --board {}` installs what is missing",
            board.name
        );
    }
    install(&missing)?;
    let cache = Cache::from_environment()?;
    let log = Log::create(&repo.logs("setup").join("setup.log"))?;
    let sources = Sources::load(&repo.path("boards/common/sources.toml"))?;
    rust_src::provide(&rustc, &sources, &cache, &log, &|text| println!("{text}"))
}

/// Installs what the tests of flashfit's page need: they open it in a browser.
pub fn for_tests(check: bool) -> Result<()> {
    let missing = apt::missing(&[FOR_TESTS.to_owned()])?;
    if check && !missing.is_empty() {
        bail!("missing: {FOR_TESTS} (make test); `cargo xtask setup --all` installs it");
    }
    install(&missing)
}

fn install(missing: &[String]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing with apt-get: {}", missing.join(" "));
    apt::install(missing)?;
    let still = apt::missing(missing)?;
    if !still.is_empty() {
        bail!(
            "apt-get reported success, but did not install: {}",
            still.join(" ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use buildkit::checkout::DEFAULT_BOARD;

    #[test]
    fn the_boards_own_compiler_and_emulator_are_among_the_packages() {
        let repo = Repo::find().unwrap();
        let board = repo.board(DEFAULT_BOARD).unwrap();
        let all = packages(&board).unwrap();
        for package in &board.cc.as_ref().unwrap().packages {
            assert!(all.contains(package), "{package}");
        }
        assert!(all.contains(&board.qemu.as_ref().unwrap().package));
        assert!(all.is_sorted() && all.contains(&"squashfs-tools".to_owned()));
        assert!(all.contains(&"qemu-user-static".to_owned()));
    }
}
