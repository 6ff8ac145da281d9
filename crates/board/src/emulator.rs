//! Starting a board's emulator: its flash chip and its command line, the same for all callers.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use crate::units::Bytes;
use crate::{Board, Error, Qemu, accelerator};

/// The value of an erased byte of flash.
const ERASED: u8 = 0xff;

/// The placeholder for the file with the chip's content.
const FLASH: &str = "{flash}";

/// The placeholder for the network.
const NET: &str = "{net}";

/// The placeholder for the accelerator.
const ACCEL: &str = "{accel}";

/// The emulator of a board.
#[derive(Debug, Clone, Copy)]
pub struct Emulator<'a> {
    /// `[qemu]` of board.toml.
    pub facts: &'a Qemu,
    chip: Bytes,
    server_port: u16,
}

impl Board {
    /// The board's emulator.
    ///
    /// # Errors
    ///
    /// [`Error::MissingTable`] if board.toml has no `[qemu]`.
    pub fn emulator(&self) -> Result<Emulator<'_>, Error> {
        Ok(Emulator {
            facts: self.require(&self.qemu, "qemu")?,
            chip: self.flash.size,
            server_port: self.port(),
        })
    }
}

impl Emulator<'_> {
    /// The size of the chip's file that the emulator requires.
    #[must_use]
    pub fn chip_size(&self) -> Bytes {
        self.facts.pad_to.unwrap_or(self.chip)
    }

    /// Programs a chip: copies the image `flash` to `chip` and erases the rest of the emulator's
    /// chip. `flash` may be read-only, as in a builder's own store; the copy is writable.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn program(&self, flash: &Path, chip: &Path) -> io::Result<()> {
        fs::copy(flash, chip)?;
        let mut permissions = fs::metadata(chip)?.permissions();
        #[expect(
            clippy::permissions_set_readonly_false,
            reason = "a file of the caller's, in a directory of the caller's"
        )]
        permissions.set_readonly(false);
        fs::set_permissions(chip, permissions)?;
        let mut file = OpenOptions::new().append(true).open(chip)?;
        let missing = self
            .chip_size()
            .get()
            .saturating_sub(file.metadata()?.len());
        io::copy(&mut io::repeat(ERASED).take(missing), &mut file)?;
        Ok(())
    }

    /// The command that starts the emulator with the chip in the file `chip`. The network is
    /// isolated: the device can reach nothing, and `port` of the host's loopback interface (0: a
    /// free one that the emulator chooses) leads to its server. The caller adds console and
    /// monitor.
    #[must_use]
    pub fn command(&self, chip: &Path, port: u16) -> Vec<String> {
        let net = format!(
            "user,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:{}",
            self.server_port
        );
        let accel = accelerator::of_this_host(&self.facts.binary);
        let args = self.facts.args.iter().map(|argument| {
            argument
                .replace(FLASH, &option_value(chip))
                .replace(ACCEL, accel)
                .replace(NET, &net)
        });
        std::iter::once(self.facts.binary.clone())
            .chain(args)
            .chain(
                ["-no-user-config", "-display", "none", "-monitor", "none"].map(ToOwned::to_owned),
            )
            .collect()
    }
}

/// A path as a value among QEMU's comma-separated options, where `,,` is a comma.
#[must_use]
pub fn option_value(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

/// A name in braces in an argument that is not one of the placeholders above.
pub(crate) fn unknown_names(argument: &str) -> impl Iterator<Item = &str> {
    argument.match_indices('{').filter_map(|(start, _)| {
        let name = &argument[start..];
        let end = name.find('}')?;
        let is_name = name[1..end].chars().all(|c| c.is_ascii_lowercase()) && end > 1;
        let name = &name[..=end];
        (is_name && ![FLASH, NET, ACCEL].contains(&name)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qemu(binary: &str, args: &[&str]) -> Qemu {
        Qemu {
            binary: binary.to_owned(),
            package: "qemu".to_owned(),
            args: args.iter().map(|&argument| argument.to_owned()).collect(),
            console: "ttyS0".to_owned(),
            pad_to: Some(Bytes(16)),
            unsupported: Vec::new(),
        }
    }

    #[test]
    fn every_name_in_braces_is_replaced() {
        let qemu = qemu(
            "qemu-system-avr",
            &["-accel", "{accel}", "file={flash},x", "{net},y"],
        );
        let emulator = Emulator {
            facts: &qemu,
            chip: Bytes(8),
            server_port: 81,
        };
        let command = emulator.command(Path::new("/a,b/flash.bin"), 8080);
        assert_eq!(
            command[..5],
            [
                "qemu-system-avr",
                "-accel",
                "tcg",
                "file=/a,,b/flash.bin,x",
                "user,restrict=on,hostfwd=tcp:127.0.0.1:8080-:81,y",
            ]
        );
    }

    #[test]
    fn a_chip_is_a_private_copy_with_the_rest_erased() {
        let folder = tempfile::tempdir().unwrap();
        let (flash, chip) = (folder.path().join("flash.bin"), folder.path().join("chip"));
        fs::write(&flash, [1; 8]).unwrap();
        let mut permissions = fs::metadata(&flash).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&flash, permissions).unwrap();
        let qemu = qemu("qemu", &[]);
        let emulator = Emulator {
            facts: &qemu,
            chip: Bytes(8),
            server_port: 81,
        };
        emulator.program(&flash, &chip).unwrap();
        let mut expected = vec![1; 8];
        expected.resize(16, ERASED);
        assert_eq!(fs::read(&chip).unwrap(), expected);
        assert!(!fs::metadata(&chip).unwrap().permissions().readonly());
    }

    #[test]
    fn what_qemu_itself_writes_in_braces_is_no_name() {
        let names = |argument| unknown_names(argument).collect::<Vec<_>>();
        assert_eq!(names("{flash},{net},{accel}"), [""; 0]);
        assert_eq!(names("a={acel},b={images}"), ["{acel}", "{images}"]);
        assert_eq!(names("{\"driver\":\"x\"} {} {"), [""; 0]);
    }
}
