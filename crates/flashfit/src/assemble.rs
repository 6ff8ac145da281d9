//! The content of the chip: each image at its partition's offset, erased flash (0xff)
//! everywhere else.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use crate::file;
use crate::images::{Image, Images, Unusable};
use board::units::Bytes;
use board::{Board, Partition};

/// The value of an erased byte of NOR flash.
const ERASED: u8 = 0xff;

/// Why the chip's image cannot be assembled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Images that do not fit their partitions.
    #[error("{}", .0.join("\n"))]
    TooLarge(Vec<String>),
    /// Images that do not exist or cannot be used.
    #[error("{}", lines(.0))]
    Images(Vec<Unusable>),
    /// The output would replace one of its own inputs.
    #[error("{}: is also {input}: choose another output with -o", path.display())]
    OutputIsInput {
        /// The output.
        path: PathBuf,
        /// What the input is: `the image of kernel`.
        input: String,
    },
    /// An image cannot be read to its end, or changed during the run.
    #[error("{}: {source}", path.display())]
    Read {
        /// The image.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The output cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn lines(errors: &[Unusable]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// An image and its place.
struct Placed<'a> {
    partition: &'a Partition,
    /// The image's path, open, and its size; `None` leaves the partition erased.
    image: Option<(PathBuf, File, Bytes)>,
}

/// Writes the content of the chip to `output`, which appears only once it is complete.
/// Returns the number of bytes, the chip's size.
///
/// # Errors
///
/// [`Error::TooLarge`] if images do not fit; otherwise what prevented the assembly.
pub fn assemble(board: &Board, images: &Images, output: &Path) -> Result<Bytes, Error> {
    let placed = place(board, images)?;
    if let Some(input) = input(board, images, output) {
        return Err(Error::OutputIsInput {
            path: output.to_owned(),
            input,
        });
    }
    let write_error = |source| Error::Write {
        path: output.to_owned(),
        source,
    };
    let temporary = file::beside(output).map_err(write_error)?;
    let mut writer = BufWriter::new(temporary.as_file());
    for Placed { partition, image } in placed {
        let mut room = partition.size.get();
        if let Some((path, file, size)) = image {
            copy(file, size, &mut writer, &path, &write_error)?;
            room -= size.get();
        }
        io::copy(&mut io::repeat(ERASED).take(room), &mut writer).map_err(write_error)?;
    }
    writer.flush().map_err(write_error)?;
    drop(writer);
    file::persist(temporary, output).map_err(write_error)?;
    Ok(board.flash.size)
}

/// Which of the files that the map and its images are made of `output` is.
fn input(board: &Board, images: &Images, output: &Path) -> Option<String> {
    if same_file(&board.path, output) {
        return Some("the flash map".to_owned());
    }
    let of_partitions = board
        .partitions
        .iter()
        .filter_map(|partition| Some((&partition.name, partition.image.as_deref()?)));
    let of_components = board.components.iter().map(|c| (&c.name, &*c.file));
    of_partitions
        .chain(of_components)
        .find(|(_, file)| same_file(&images.path(file), output))
        .map(|(name, _)| format!("the image of {name}"))
}

/// Opens every image and measures it, so that nothing is written when one is wrong.
fn place<'a>(board: &'a Board, images: &Images) -> Result<Vec<Placed<'a>>, Error> {
    let (mut placed, mut missing, mut too_large) = (Vec::new(), Vec::new(), Vec::new());
    for partition in &board.partitions {
        let Some(image) = &partition.image else {
            placed.push(Placed {
                partition,
                image: None,
            });
            continue;
        };
        match images.image(board, image, &partition.name, partition.line) {
            Ok(Image {
                file, bytes: size, ..
            }) if size <= partition.size => {
                placed.push(Placed {
                    partition,
                    image: Some((images.path(image), file, size)),
                });
            }
            Ok(Image { bytes: size, .. }) => too_large.push(format!(
                "{}: {size} bytes, {} allowed ({}), over by {}: `flashfit check` lists the \
                 contents of {}",
                partition.name,
                partition.size,
                board.at(partition.size_line),
                Bytes(size.get() - partition.size.get()),
                image.display(),
            )),
            Err(error) => missing.push(error),
        }
    }
    if !missing.is_empty() {
        return Err(Error::Images(missing));
    }
    if !too_large.is_empty() {
        return Err(Error::TooLarge(too_large));
    }
    Ok(placed)
}

/// Copies exactly `size` bytes, the number that was found to fit.
fn copy(
    file: File,
    size: Bytes,
    writer: &mut impl Write,
    path: &Path,
    write_error: &impl Fn(io::Error) -> Error,
) -> Result<(), Error> {
    let mut file = file.take(size.get());
    let mut buffer = vec![0; 1 << 16];
    let mut copied = 0;
    loop {
        let read = file.read(&mut buffer).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        if read == 0 {
            break;
        }
        writer.write_all(&buffer[..read]).map_err(write_error)?;
        copied += read as u64;
    }
    if copied == size.get() {
        return Ok(());
    }
    let source = io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!(
            "had {size} bytes and now has {}: it changed during the run",
            Bytes(copied)
        ),
    );
    Err(Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
