//! The content of one device's flash chip.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use board::Partition;

use crate::error::Error;
use crate::images::ImageFolder;

/// What an erased flash cell reads as.
pub const ERASED: u8 = 0xff;

/// One device's flash chip, a private file that QEMU writes to. It can be read and
/// edited while the device is off.
#[derive(Debug)]
pub struct Flash {
    path: PathBuf,
    images: ImageFolder,
}

impl Flash {
    /// A chip programmed with the folder's flash.bin.
    pub(crate) fn programmed(images: &ImageFolder, path: PathBuf) -> Result<Self, Error> {
        images
            .emulator()
            .program(&images.file("flash.bin"), &path)
            .map_err(Error::io(format_args!(
                "copying flash.bin to {}",
                path.display()
            )))?;
        Ok(Self {
            path,
            images: images.clone(),
        })
    }

    /// The chip that was left at `path` by an earlier run.
    pub(crate) fn kept(images: &ImageFolder, path: PathBuf) -> Result<Self, Error> {
        let size = std::fs::metadata(&path)
            .map_err(Error::io(path.display()))?
            .len();
        let chip = images.emulator().chip_size().get();
        if size != chip {
            return Err(Error::FlashSize { path, size, chip });
        }
        Ok(Self {
            path,
            images: images.clone(),
        })
    }

    /// The file that holds the chip's content.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a whole partition.
    ///
    /// # Errors
    /// When there is no such partition or the file cannot be read.
    pub fn read(&self, partition: &str) -> Result<Vec<u8>, Error> {
        let partition = self.partition(partition)?;
        let mut bytes = vec![0; length(partition)];
        self.open()?
            .read_exact_at(&mut bytes, partition.offset.0)
            .map_err(Error::io(self.path.display()))?;
        Ok(bytes)
    }

    /// Writes `bytes` at `offset` bytes from the start of a partition.
    ///
    /// # Errors
    /// When there is no such partition, when the bytes reach over its end, or when the
    /// file cannot be written.
    pub fn write(&self, partition: &str, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let partition = self.partition(partition)?;
        if offset + bytes.len() > length(partition) {
            return Err(Error::io(format_args!(
                "writing to partition {}",
                partition.name
            ))(io::Error::other(format!(
                "{} bytes at {offset} extend past its {} bytes",
                bytes.len(),
                length(partition)
            ))));
        }
        self.open()?
            .write_all_at(bytes, partition.offset.0 + offset as u64)
            .map_err(Error::io(self.path.display()))
    }

    /// Sets every byte of a partition to `byte`; [`ERASED`] makes it factory-fresh.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn fill(&self, partition: &str, byte: u8) -> Result<(), Error> {
        let size = length(self.partition(partition)?);
        self.write(partition, 0, &vec![byte; size])
    }

    /// Fills a partition with noise.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn scramble(&self, partition: &str, seed: u64) -> Result<(), Error> {
        let size = length(self.partition(partition)?);
        self.write(partition, 0, &noise(size, seed))
    }

    fn partition(&self, name: &str) -> Result<&Partition, Error> {
        self.images
            .board()
            .partition(name)
            .ok_or_else(|| Error::NoPartition(name.to_owned()))
    }

    fn open(&self) -> Result<File, Error> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(&self.path)
            .map_err(Error::io(self.path.display()))
    }
}

fn length(partition: &Partition) -> usize {
    usize::try_from(partition.size.0).expect("flash chips are smaller than the address space")
}

/// `size` bytes that `seed` determines.
#[must_use]
pub fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; size];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes
}
