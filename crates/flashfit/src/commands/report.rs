//! `flashfit report`

use std::path::PathBuf;
use std::process::ExitCode;

use board::units::Bytes;
use flashfit::page;
use flashfit::report::{self, Kind, Options, Report, text};

use crate::terminal::{WARNING, print, width};

/// Show where the bytes of an image went: partition, file, package, crate, function
///
/// IMAGE is the folder that a build filled, the content of a chip, or one image. In a folder,
/// board.toml gives the map. Without a map, flashfit finds the partitions by their headers.
///
/// Each part has its uncompressed size and its bytes on flash: what the compressor spent on it.
/// The parts of a node add up to it, to the byte. `if removed` is what the image would shrink by
/// without the part. It is measured by compressing the image again, for the largest parts first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flashfit report output/images
  flashfit report output/images --symbols output/build --packages output/build/packages-file-list.txt
  flashfit report firmware.bin --top 30
  flashfit report output/images --without 'tinyrust > regex_lite' --without 'busybox > *'
  flashfit report output/images --json > before.json
  flashfit report output/images --html report.html")]
pub(crate) struct Args {
    /// The image folder, the content of a chip, or one image
    #[arg(value_name = "IMAGE")]
    pub(crate) image: PathBuf,
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// How much to compress again, to measure what removing a part saves; 0 to measure nothing
    #[arg(long, value_name = "SIZE", default_value = "24 MiB")]
    pub(crate) recompress: Bytes,
    /// Measure what the image shrinks by without these parts, all at once: names from the outside
    /// in, with ` > ` between them and * for any text (repeatable)
    #[arg(long, value_name = "PART")]
    pub(crate) without: Vec<String>,
    /// Print the tree [default, unless another form is asked for]
    #[arg(long)]
    pub(crate) tree: bool,
    /// The levels of the tree
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) depth: usize,
    /// Sum up the parts of the tree that are smaller [default: 1/200 of the whole]
    #[arg(long, value_name = "SIZE")]
    pub(crate) least: Option<Bytes>,
    /// Print the N largest parts: files, functions and others that have no parts themselves
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,
    /// With --top, list the parts of this kind
    #[arg(long, requires = "top")]
    pub(crate) kind: Option<Kind>,
    /// Write a page to open in a browser: a picture to zoom into, a search, a table
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print JSON (schema flashfit-report/1)
    #[arg(long, conflicts_with_all = ["tree", "top"])]
    pub(crate) json: bool,
}

/// What beside the image is read.
#[derive(Debug, clap::Args)]
pub(crate) struct Sources {
    /// The map [default: board.toml in the image folder]
    #[arg(long, value_name = "BOARD.TOML")]
    pub(crate) board: Option<PathBuf>,
    /// A folder with programs that have their symbols, such as Buildroot's output/build
    /// (repeatable) [default: the image folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) symbols: Vec<PathBuf>,
    /// The package of each file: Buildroot's build/packages-file-list.txt or Yocto's
    /// tmp/pkgdata/MACHINE [default: packages-file-list.txt in the image folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) packages: Option<PathBuf>,
    /// A file that a program embeds, such as a page of a web server, to count by itself
    /// (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) embedded: Vec<PathBuf>,
}

impl Sources {
    /// Without compressing anything again.
    pub(crate) fn options(&self) -> Options {
        Options {
            board: self.board.clone(),
            symbols: self.symbols.clone(),
            packages: self.packages.clone(),
            embedded: self.embedded.clone(),
            recompress: 0,
            without: Vec::new(),
        }
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let options = Options {
        recompress: args.recompress.get(),
        without: args.without.clone(),
        ..args.sources.options()
    };
    let report: Report = report::build(&args.image, &options)?;
    if let Some(path) = &args.html {
        page::write(path, &report, None)?;
    }
    if args.json {
        print(&report.to_json())?;
    }
    if let Some(count) = args.top {
        print(&text::top(&report, count, args.kind, width()))?;
    }
    if args.tree || !(args.json || args.top.is_some() || args.html.is_some()) {
        let least = args.least.unwrap_or(text::least(&report));
        print(&text::tree(
            &report,
            &text::View {
                depth: args.depth,
                least,
                width: width(),
            },
        ))?;
    }
    if let Some(without) = report.without.as_ref().filter(|_| !args.json) {
        print(&format!(
            "without {}: {} bytes less; on flash {}\n",
            without.selectors.join(", "),
            without.saved,
            without.on_flash,
        ))?;
    }
    for warning in &report.warnings {
        anstream::eprintln!("{WARNING}warning:{WARNING:#} {warning}");
    }
    Ok(ExitCode::SUCCESS)
}
