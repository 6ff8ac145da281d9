//! boot.bin: the boot loader's files, each at its place in the boot partition.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use board::{BOOT_IMAGE, Board};

/// What flash is where nothing was written.
const ERASED: u8 = 0xff;

/// Puts the files of `[u-boot]`, as they lie in the image folder, into boot.bin.
///
/// # Errors
/// When a file is empty, or when two overlap: both, and by how much.
pub fn write(board: &Board, images: &Path) -> Result<()> {
    let facts = board.require(&board.u_boot, "u-boot")?;
    let mut files = facts.files.iter().collect::<Vec<_>>();
    files.sort_by_key(|file| file.offset);
    let mut image = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let path = images.join(&file.file);
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if content.is_empty() {
            bail!(
                "{}: is empty, but the boot loader needs it ({}: [u-boot] files): build it again",
                path.display(),
                board.path.display(),
            );
        }
        let offset = usize::try_from(file.offset.get())?;
        if image.len() > offset {
            let before = &files[at - 1];
            let room = offset - usize::try_from(before.offset.get())?;
            bail!(
                "{}: {} bytes, {room} allowed before {} ({}: [u-boot] files), over by {}: trim it, \
                 or move what follows",
                before.file.display(),
                room + image.len() - offset,
                file.file.display(),
                board.path.display(),
                image.len() - offset
            );
        }
        image.resize(offset, ERASED);
        image.extend(content);
    }
    fs::write(images.join(BOOT_IMAGE), image).with_context(|| format!("cannot write {BOOT_IMAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        let text = r#"
            [u-boot]
            defconfig = "x_defconfig"
            files = [
                { file = "main", built = "u-boot.bin", offset = "8 B" },
                { file = "spl", built = "spl.bin", offset = "0 B" },
            ]
            [flash]
            size = "64 KiB"
            erase-block = "64 KiB"
            [[partition]]
            name = "boot"
            offset = "0 KiB"
            size = "64 KiB"
            image = "boot.bin"
        "#;
        Board::parse(text, Path::new("b/board.toml")).unwrap()
    }

    #[test]
    fn files_lie_at_their_offsets_and_the_rest_is_erased() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("spl"), "spl").unwrap();
        fs::write(folder.path().join("main"), "main").unwrap();
        write(&board(), folder.path()).unwrap();
        let image = fs::read(folder.path().join("boot.bin")).unwrap();
        assert_eq!(image, b"spl\xff\xff\xff\xff\xffmain");
    }

    #[test]
    fn an_empty_file_is_one_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("spl"), "").unwrap();
        fs::write(folder.path().join("main"), "main").unwrap();
        let error = write(&board(), folder.path()).unwrap_err().to_string();
        assert!(error.contains("spl: is empty"), "{error}");
        assert!(!folder.path().join("boot.bin").exists());
    }

    #[test]
    fn what_runs_into_the_next_file_is_named_with_how_far() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("spl"), "twelve bytes").unwrap();
        fs::write(folder.path().join("main"), "main").unwrap();
        let error = write(&board(), folder.path()).unwrap_err().to_string();
        assert!(
            error.starts_with("spl: 12 bytes, 8 allowed before main"),
            "{error}"
        );
        assert!(error.contains("over by 4"), "{error}");
    }
}
