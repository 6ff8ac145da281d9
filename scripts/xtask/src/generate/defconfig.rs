//! A board's defconfig: the template that all boards share, with the board's facts in it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use board::{Linux, UBoot};

use imagekit::variables::load;

use super::names::symbol;
use buildkit::checkout::DEFAULT_BOARD;

/// This external tree, in Buildroot's words.
const TREES: &str = "$(BR2_EXTERNAL_TINYRUST_PATH)";

/// The versions of what Buildroot builds for every board.
#[derive(Debug)]
pub struct Versions {
    /// The kernel's.
    pub linux: String,
    /// The boot loader's.
    pub u_boot: String,
}

/// Fills the template for the board in `folder`, which is called `board`.
///
/// `@NAME@` alone on a line stands for several lines, or for none.
pub fn render(template: &str, folder: &Path, board: &str, versions: &Versions) -> Result<String> {
    let facts = load(&folder.join("board.toml"))?;
    let config = std::fs::read_to_string(folder.join("buildroot.config"))?;
    let (u_boot_own, cpu): (Vec<_>, Vec<_>) = config
        .lines()
        .filter(|line| line.starts_with("BR2_") || line.ends_with(" is not set"))
        .partition(|line| line.contains("BR2_TARGET_"));
    let linux = facts.linux.as_ref().context("board.toml has no [linux]")?;
    ensure!(
        linux.base == "tinyconfig",
        "[linux] base = {:?}: Buildroot supports only `tinyconfig` under the fragments",
        linux.base
    );
    let u_boot = facts.require(&facts.u_boot, "u-boot")?;
    let u_boot = u_boot_lines(u_boot, folder, &u_boot_own, &versions.u_boot)?;
    // A board's own beside what all boards share.
    let own = |name: &str| {
        let path = folder.join(name);
        path.exists()
            .then(|| format!("{TREES}/../boards/{board}/{name}"))
    };
    let and_own = |name: &str| own(name).map_or_else(String::new, |path| format!(" {path}"));
    let values = [
        ("@CPU@", cpu.join("\n")),
        ("@OWN_DEVICE_TABLE@", and_own("device-table.txt")),
        ("@OWN_BUSYBOX_CONFIG@", and_own("busybox.config")),
        (
            "@KERNEL_PATCH@",
            own("linux-patches").map_or_else(String::new, |path| {
                format!("BR2_LINUX_KERNEL_PATCH=\"{path}\"")
            }),
        ),
        ("@KERNEL_IMAGE@", kernel_image(linux)?.to_owned()),
        ("@U_BOOT@", u_boot),
        (
            "@BOARD_LINE@",
            if board == DEFAULT_BOARD {
                String::new()
            } else {
                format!("{}=y", symbol(board))
            },
        ),
        ("@LINUX_SERIES@", series(&versions.linux)),
        ("@LINUX_VERSION@", versions.linux.clone()),
        ("@BOARD@", board.to_owned()),
    ];
    let mut out = String::new();
    for line in template.lines().filter(|line| !line.starts_with("## ")) {
        let alone = line.starts_with('@');
        let mut text = line.to_owned();
        for (name, value) in &values {
            text = text.replace(name, value);
        }
        ensure!(
            !text.contains('@'),
            "br2-external/defconfig.in: nothing replaces {text}"
        );
        if !(alone && text.is_empty()) {
            writeln!(out, "{text}")?;
        }
    }
    Ok(out)
}

/// What Buildroot calls the series of a kernel's version: `6_12`.
fn series(version: &str) -> String {
    let parts: Vec<&str> = version.split('.').take(2).collect();
    parts.join("_")
}

/// The option of the kernel's image; nothing where it is what Buildroot builds anyway for
/// the architecture (`Kernel binary format` in its linux/Config.in).
fn kernel_image(linux: &Linux) -> Result<&'static str> {
    Ok(match (linux.image.as_str(), linux.arch.as_str()) {
        ("zImage", "arm") | ("Image", "arm64" | "riscv") | ("bzImage", "x86" | "x86_64") => "",
        ("vmlinux", _) => "BR2_LINUX_KERNEL_VMLINUX=y",
        ("vmlinux.bin", "mips") => "BR2_LINUX_KERNEL_VMLINUX_BIN=y",
        ("vmlinuz", "mips") => "BR2_LINUX_KERNEL_VMLINUZ=y",
        ("vmlinuz.bin", "mips") => "BR2_LINUX_KERNEL_VMLINUZ_BIN=y",
        ("Image.gz", "arm64" | "riscv") => "BR2_LINUX_KERNEL_IMAGEGZ=y",
        (image, arch) => bail!("[linux] image = {image:?}: Buildroot has no such kernel on {arch}"),
    })
}

/// U-Boot with what the boot partition holds of it, in savedefconfig's order: the firmware that
/// it starts or is started by comes first. `u-boot.bin` is built in any case.
fn u_boot_lines(u_boot: &UBoot, folder: &Path, own: &[&str], version: &str) -> Result<String> {
    let defconfig = u_boot.defconfig.trim_end_matches("_defconfig");
    let (own, firmware): (Vec<_>, Vec<_>) = own
        .iter()
        .map(|&line| line.to_owned())
        .partition(|line| line.contains("BR2_TARGET_UBOOT"));
    let mut lines = firmware;
    lines.extend([
        "BR2_TARGET_UBOOT=y".to_owned(),
        "BR2_TARGET_UBOOT_BUILD_SYSTEM_KCONFIG=y".to_owned(),
        "BR2_TARGET_UBOOT_CUSTOM_VERSION=y".to_owned(),
        format!("BR2_TARGET_UBOOT_CUSTOM_VERSION_VALUE=\"{version}\""),
    ]);
    if folder.join("u-boot-patches").is_dir() {
        lines.push(format!(
            "BR2_TARGET_UBOOT_PATCH=\"{TREES}/../boards/@BOARD@/u-boot-patches\""
        ));
    }
    lines.push(format!("BR2_TARGET_UBOOT_BOARD_DEFCONFIG=\"{defconfig}\""));
    lines.push(format!(
        "BR2_TARGET_UBOOT_CONFIG_FRAGMENT_FILES=\"{TREES}/../boards/common/u-boot.config \
         {TREES}/../boards/@BOARD@/u-boot.config {TREES}/generated/@BOARD@.u-boot.config\""
    ));
    lines.push(format!(
        "BR2_TARGET_UBOOT_DEFAULT_ENV_FILE=\"{TREES}/generated/@BOARD@.env\""
    ));
    lines.extend(own);
    let built = u_boot
        .files
        .iter()
        .map(|file| {
            let path = file.built.to_str();
            path.with_context(|| format!("[u-boot] files: {} is not UTF-8", file.built.display()))
        })
        .collect::<Result<Vec<_>>>()?;
    let (loaders, images): (Vec<_>, Vec<_>) = built
        .into_iter()
        .partition(|path| path.starts_with("spl/") || path.starts_with("tpl/"));
    let mut custom = Vec::new();
    for image in images {
        match image {
            "u-boot.bin" => {}
            "u-boot.img" => lines.push("BR2_TARGET_UBOOT_FORMAT_IMG=y".into()),
            "u-boot.itb" => lines.push("BR2_TARGET_UBOOT_FORMAT_ITB=y".into()),
            other => custom.push(other),
        }
    }
    if !custom.is_empty() {
        lines.push("BR2_TARGET_UBOOT_FORMAT_CUSTOM=y".into());
        lines.push(format!(
            "BR2_TARGET_UBOOT_FORMAT_CUSTOM_NAME=\"{}\"",
            custom.join(" ")
        ));
    }
    if !loaders.is_empty() {
        lines.push("BR2_TARGET_UBOOT_SPL=y".into());
        if loaders != ["spl/u-boot-spl.bin"] {
            lines.push(format!(
                "BR2_TARGET_UBOOT_SPL_NAME=\"{}\"",
                loaders.join(" ")
            ));
        }
    }
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = "name = \"b\"\n[linux]\narch = \"arm\"\nbase = \"tinyconfig\"\n\
        image = \"zImage\"\n[flash]\nsize = \"1 MiB\"\nerase-block = \"64 KiB\"\n\
        mapped-at = 0x1000\n[[partition]]\nname = \"all\"\noffset = \"0 KiB\"\nsize = \"1 MiB\"\n";

    fn versions() -> Versions {
        Versions {
            linux: "6.12.3".to_owned(),
            u_boot: "2025.01".to_owned(),
        }
    }

    fn board(toml: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("board.toml"), toml).unwrap();
        let config = "# a comment\nBR2_arm=y\nBR2_TARGET_UBOOT_NEEDS_DTC=y\n";
        std::fs::write(folder.path().join("buildroot.config"), config).unwrap();
        folder
    }

    fn u_boot(files: &[&str]) -> String {
        let files = files
            .iter()
            .map(|built| format!("{{ file = \"f\", built = \"{built}\", offset = \"0 B\" }}"))
            .collect::<Vec<_>>();
        let table = format!(
            "[u-boot]\ndefconfig = \"b_defconfig\"\nfiles = [{}]\n",
            files.join(",")
        );
        BOARD.replace("[flash]", &format!("{table}[flash]"))
    }

    #[test]
    fn a_template_is_filled_and_lines_of_nothing_go() {
        let folder = board(&u_boot(&[]));
        let template =
            "## told\n@CPU@\nX=\"@BOARD@\"\n@KERNEL_IMAGE@\n@KERNEL_PATCH@\n@BOARD_LINE@\n";
        assert_eq!(
            render(template, folder.path(), "b-1", &versions()).unwrap(),
            "BR2_arm=y\nX=\"b-1\"\nBR2_TINYRUST_BOARD_B_1=y\n"
        );
        assert_eq!(
            render("@BOARD_LINE@\n", folder.path(), DEFAULT_BOARD, &versions()).unwrap(),
            ""
        );
    }

    #[test]
    fn versions_are_those_of_sources_toml() {
        let folder = board(&u_boot(&["u-boot.bin"]));
        let template = "H_@LINUX_SERIES@=y\nV=\"@LINUX_VERSION@\"\n@U_BOOT@\n";
        let text = render(template, folder.path(), "b", &versions()).unwrap();
        assert!(text.starts_with("H_6_12=y\nV=\"6.12.3\"\n"), "{text}");
        assert!(text.contains("_VERSION_VALUE=\"2025.01\"\n"), "{text}");
    }

    #[test]
    fn what_only_this_board_has_stands_after_what_all_share() {
        let folder = board(&u_boot(&[]));
        let template = "TABLE=\"common@OWN_DEVICE_TABLE@\"\n@KERNEL_PATCH@\n";
        let text = || render(template, folder.path(), "b", &versions()).unwrap();
        assert_eq!(text(), "TABLE=\"common\"\n");
        std::fs::write(folder.path().join("device-table.txt"), "").unwrap();
        std::fs::create_dir(folder.path().join("linux-patches")).unwrap();
        let own = "$(BR2_EXTERNAL_TINYRUST_PATH)/../boards/b";
        assert_eq!(
            text(),
            format!(
                "TABLE=\"common {own}/device-table.txt\"\n\
                 BR2_LINUX_KERNEL_PATCH=\"{own}/linux-patches\"\n"
            )
        );
    }

    #[test]
    fn firmware_of_others_stands_before_the_boot_loader() {
        let folder = board(&u_boot(&["u-boot.bin"]));
        let path = folder.path().join("buildroot.config");
        std::fs::write(&path, "BR2_arm=y\nBR2_TARGET_OPENSBI=y\n").unwrap();
        let text = render("@CPU@\n@U_BOOT@\n", folder.path(), "b", &versions()).unwrap();
        assert!(
            text.starts_with("BR2_arm=y\nBR2_TARGET_OPENSBI=y\nBR2_TARGET_UBOOT=y\n"),
            "{text}"
        );
    }

    #[test]
    fn what_nothing_stands_for_is_an_error() {
        let folder = board(&u_boot(&[]));
        let error = render("X=@MEMORY@\n", folder.path(), "b", &versions()).unwrap_err();
        assert!(error.to_string().contains("@MEMORY@"), "{error}");
    }

    #[test]
    fn a_kernel_image_that_buildroot_does_not_know_is_an_error() {
        let folder = board(&u_boot(&[]).replace("zImage", "uImage.lz9"));
        let error = render("", folder.path(), "b", &versions()).unwrap_err();
        assert!(error.to_string().contains("uImage.lz9"), "{error}");
    }

    #[test]
    fn the_boot_loader_is_what_the_boot_partition_holds() {
        let files = |built: &[&str]| {
            let folder = board(&u_boot(built));
            let text = render("@U_BOOT@\n", folder.path(), "b", &versions()).unwrap();
            assert!(text.contains("BOARD_DEFCONFIG=\"b\"\n") && text.contains("NEEDS_DTC=y"));
            text.split_once("NEEDS_DTC=y\n").unwrap().1.to_owned()
        };
        assert_eq!(files(&["u-boot.bin"]), "");
        assert_eq!(
            files(&["spl/u-boot-spl.bin", "u-boot.img"]),
            "BR2_TARGET_UBOOT_FORMAT_IMG=y\nBR2_TARGET_UBOOT_SPL=y\n"
        );
        assert_eq!(
            files(&["spl/spl.elf", "u-boot.rom"]),
            "BR2_TARGET_UBOOT_FORMAT_CUSTOM=y\nBR2_TARGET_UBOOT_FORMAT_CUSTOM_NAME=\"u-boot.rom\"\n\
             BR2_TARGET_UBOOT_SPL=y\nBR2_TARGET_UBOOT_SPL_NAME=\"spl/spl.elf\"\n"
        );
    }
}
