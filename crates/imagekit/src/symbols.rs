//! The symbols and the linker's map of what is not Rust, beside the images: flashfit reads from them
//! what each byte of the kernel, the boot loader and busybox is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command::run as run_tool;

/// `imagekit symbols`: where the symbols come from and where they go.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The name in the image folder: NAME.debug and NAME.map
    name: String,
    /// The program with its symbols; beside it ELF.map, written by GNU ld's -Map
    elf: PathBuf,
    /// The folder that gets both files
    images: PathBuf,
    /// The objcopy for the program's processor
    #[arg(long, default_value = "objcopy")]
    objcopy: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// As [`write()`].
pub fn run(args: &Args) -> Result<()> {
    write(&args.name, &args.elf, &args.images, &args.objcopy)
}

/// Writes `name`.debug, the program without debug information, and `name`.map, the map beside it
/// without the paths of this machine. The program keeps its content: a raw image is recognised by
/// it.
///
/// # Errors
/// Where the program or the map cannot be read, the files cannot be written, or objcopy fails.
pub fn write(name: &str, elf: &Path, images: &Path, objcopy: &Path) -> Result<()> {
    let symbols = images.join(format!("{name}.debug"));
    let mut command = Command::new(objcopy);
    run_tool(command.arg("--strip-debug").arg(elf).arg(&symbols))?;
    let map = PathBuf::from(format!("{}.map", elf.display()));
    let text = fs::read(&map).with_context(|| {
        let (map, elf) = (map.display(), elf.display());
        format!("{map} is needed for {name}.map and cannot be read: link {elf} with -Wl,-Map={map}")
    })?;
    let path = images.join(format!("{name}.map"));
    fs::write(
        &path,
        symbolmap::portable_map(&String::from_utf8_lossy(&text)),
    )
    .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_and_a_map_without_paths_stand_beside_the_images() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("main.c"), "int main(void) { return 0; }").unwrap();
        let mut cc = Command::new("cc");
        cc.args(["-g", "main.c", "-o", "prog", "-Wl,-Map=prog.map"]);
        run_tool(cc.current_dir(&folder)).unwrap();
        fs::create_dir(path("images")).unwrap();
        write("tool", &path("prog"), &path("images"), Path::new("objcopy")).unwrap();
        let map = fs::read_to_string(path("images/tool.map")).unwrap();
        assert!(!map.contains(" /"), "{map}");
        let symbols = fs::read(path("images/tool.debug")).unwrap();
        let pieces = symbolmap::pieces_of_elf(&symbols, None, Some(&map)).unwrap();
        assert!(pieces.iter().any(|piece| piece.symbol == "main"));
        assert!(
            pieces
                .iter()
                .all(|piece| !piece.section.starts_with(".debug"))
        );

        fs::remove_file(path("prog.map")).unwrap();
        let error = write("tool", &path("prog"), &path("images"), Path::new("objcopy"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("prog.map is needed for tool.map"), "{error}");
    }
}
