//! kernel.itb: the kernel and its device tree in one FIT image, each with its checksum
//! (doc/usage/fit/source_file_format.rst of U-Boot).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use board::{Board, Compression, Linux};
use flashfit::layout::{Format, render};

use crate::command::run;

/// What is made of what: the kernel `[linux] image` in `images`, and the board's device tree.
#[derive(Debug, Clone, clap::Args)]
pub struct Inputs {
    /// The image folder, which has the kernel and gets kernel.itb and the device tree
    pub images: PathBuf,
    /// The folder of the device tree source that board.toml names [default: that of board.toml]
    #[arg(long)]
    pub board_folder: Option<PathBuf>,
    /// The kernel's source, for the includes of the device tree
    #[arg(long)]
    pub linux: PathBuf,
    /// A C preprocessor with its options; must be the last argument
    #[arg(long, num_args = 1.., default_values = ["gcc", "-E"], allow_hyphen_values = true)]
    pub cpp: Vec<String>,
    /// U-Boot's mkimage
    #[arg(long, default_value = "mkimage")]
    pub mkimage: PathBuf,
    /// The device tree compiler
    #[arg(long, default_value = "dtc")]
    pub dtc: PathBuf,
    /// The time in kernel.itb, in seconds since 1970 [default: SOURCE_DATE_EPOCH, else 0, so
    /// that the same inputs give the same bytes]
    #[arg(long)]
    pub epoch: Option<String>,
}

/// Makes kernel.itb, and `<board>.dtb` where the board has a device tree of its own, in the
/// image folder.
///
/// # Errors
/// When board.toml lacks a fact, or a tool fails: with what it said.
pub fn build(board: &Board, inputs: &Inputs) -> Result<()> {
    let facts = board.require(&board.linux, "linux")?;
    let at = board.path.display();
    let missing = || format!("{at}: [linux] has no load-address, which a FIT image needs");
    let load = facts.load_address.with_context(missing)?;
    let entry = facts.entry().with_context(missing)?;
    let images = fs::canonicalize(&inputs.images)
        .with_context(|| format!("cannot use the image folder {}", inputs.images.display()))?;
    let work = images.join(".kernel-fit");
    fs::create_dir_all(&work).with_context(|| format!("cannot create {}", work.display()))?;

    let device_tree = match &facts.dts {
        Some(dts) => {
            let beside = board.path.parent().unwrap_or(Path::new("."));
            let source = inputs.board_folder.as_deref().unwrap_or(beside).join(dts);
            let to = images.join(format!("{}.dtb", board.name));
            device_tree(board, facts, inputs, &source, &work, &to)?;
            Some(to)
        }
        None => None,
    };
    let kernel = compressed(facts, &images.join(&facts.image), &work)?;
    let source = its(
        &board.name,
        facts,
        &[load.to_string(), entry.to_string()],
        &kernel,
        device_tree.as_deref(),
    );
    let path = work.join("kernel.its");
    fs::write(&path, source).with_context(|| format!("cannot write {}", path.display()))?;
    let epoch = inputs.epoch.clone();
    let epoch = epoch.or_else(|| std::env::var("SOURCE_DATE_EPOCH").ok());
    run(Command::new(&inputs.mkimage)
        .env("SOURCE_DATE_EPOCH", epoch.as_deref().unwrap_or("0"))
        .arg("-f")
        .arg(&path)
        .arg(images.join("kernel.itb")))?;
    fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))
}

/// The source of the FIT image.
fn its(
    board: &str,
    facts: &Linux,
    [load, entry]: &[String; 2],
    kernel: &Path,
    device_tree: Option<&Path>,
) -> String {
    let arch = processor(&facts.arch);
    let mut text = format!(
        "/dts-v1/;
/ {{
	description = \"tinyrust for {board}\";
	#address-cells = <1>;

	images {{
		kernel {{
			description = \"Linux\";
			data = /incbin/(\"{kernel}\");
			type = \"kernel\";
			arch = \"{arch}\";
			os = \"linux\";
			compression = \"{compression}\";
			load = <{load}>;
			entry = <{entry}>;

			hash {{
				algo = \"sha256\";
			}};
		}};
",
        kernel = kernel.display(),
        compression = facts.compression.as_str(),
    );
    if let Some(device_tree) = device_tree {
        let _ = write!(
            text,
            "
		fdt {{
			description = \"{board}\";
			data = /incbin/(\"{device_tree}\");
			type = \"flat_dt\";
			arch = \"{arch}\";
			compression = \"none\";

			hash {{
				algo = \"sha256\";
			}};
		}};
",
            device_tree = device_tree.display(),
        );
    }
    let fdt = match device_tree {
        Some(_) => "\n\t\t\tfdt = \"fdt\";",
        None => "",
    };
    text + &format!(
        "	}};

	configurations {{
		default = \"board\";

		board {{
			kernel = \"kernel\";{fdt}
		}};
	}};
}};
"
    )
}

/// U-Boot's name of the kernel's architecture (`uimage_arch` in boot/image.c).
fn processor(arch: &str) -> &str {
    match arch {
        "i386" => "x86",
        other => other,
    }
}

/// The kernel as the FIT image holds it.
fn compressed(facts: &Linux, kernel: &Path, work: &Path) -> Result<PathBuf> {
    let data = fs::metadata(kernel).with_context(|| format!("no kernel {}", kernel.display()))?;
    if data.len() == 0 {
        bail!(
            "{}: is empty and cannot boot: build it again",
            kernel.display()
        );
    }
    match facts.compression {
        Compression::None => Ok(kernel.to_owned()),
        Compression::Lzma => {
            let copy = work.join("kernel");
            fs::copy(kernel, &copy).with_context(|| format!("no kernel {}", kernel.display()))?;
            run(Command::new("xz")
                .args(["--format=lzma", "-9e", "--force"])
                .arg(&copy))?;
            Ok(copy.with_extension("lzma"))
        }
    }
}

/// The board's source, the includes of the kernel, the flash map of board.toml.
fn device_tree(
    board: &Board,
    facts: &Linux,
    inputs: &Inputs,
    source: &Path,
    work: &Path,
    to: &Path,
) -> Result<()> {
    let partitions = work.join(Format::Dts.file_name());
    fs::write(&partitions, render(board, Format::Dts)?)
        .with_context(|| format!("cannot write {}", partitions.display()))?;
    let [program, options @ ..] = inputs.cpp.as_slice() else {
        bail!("--cpp names no C preprocessor");
    };
    let plain = work.join("board.dts");
    let mut preprocess = Command::new(program);
    preprocess
        .args(options)
        .args(["-P", "-nostdinc", "-undef", "-D__DTS__"])
        .args(["-x", "assembler-with-cpp"]);
    let mut folders = vec![work.to_owned()];
    folders.extend(of_the_kernel(
        &inputs.linux.join("arch").join(&facts.arch).join("boot/dts"),
    )?);
    folders.push(inputs.linux.join("include"));
    for folder in folders {
        preprocess.arg("-I").arg(folder);
    }
    run(preprocess.arg("-o").arg(&plain).arg(source))?;
    run(Command::new(&inputs.dtc)
        .args(["-q", "-I", "dts", "-O", "dtb", "-o"])
        .arg(to)
        .arg(&plain))
}

/// The folder of an architecture's device trees, and those of the vendors in it; x86 has none.
fn of_the_kernel(tree: &Path) -> Result<Vec<PathBuf>> {
    if !tree.is_dir() {
        return Ok(Vec::new());
    }
    let mut folders = vec![tree.to_owned()];
    for entry in fs::read_dir(tree).with_context(|| format!("cannot read {}", tree.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_kernel_is_one_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[linux]\nimage = \"vmlinux\"\narch = \"mips\"\nbase = \"tinyconfig\"\n\
                    compression = \"lzma\"\nload-address = 0x1000\n\
                    [flash]\nsize = \"1 KiB\"\nerase-block = \"1 KiB\"\n\
                    [[partition]]\nname = \"a\"\noffset = \"0 KiB\"\nsize = \"1 KiB\"\n";
        let board = Board::parse(text, Path::new("b/board.toml")).unwrap();
        fs::write(folder.path().join("vmlinux"), "").unwrap();
        let linux = board.linux.as_ref().unwrap();
        let error = compressed(linux, &folder.path().join("vmlinux"), folder.path());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("vmlinux: is empty"), "{error}");
    }
}
