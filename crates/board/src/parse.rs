//! From the text of board.toml to a [`Board`], with the line of what budgets cite.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use crate::boot_loader::RawUBoot;
use crate::hex;
use crate::name::{problem_of_file, problem_of_name, problem_of_path, problem_of_slot, role};
use crate::qemu::RawQemu;
use crate::server::RawServer;
use crate::units::{Address, Bytes, Offset, Written};
use crate::{
    Board, Budget, Cc, Component, Error, Flash, Linux, Partition, Problem, Rootfs, Rust, SCHEMA,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawBoard {
    schema: Option<Spanned<u32>>,
    name: Option<Spanned<String>>,
    title: Option<String>,
    rust: Option<Rust>,
    cc: Option<Cc>,
    linux: Option<Linux>,
    u_boot: Option<RawUBoot>,
    rootfs: Option<Rootfs>,
    server: Option<RawServer>,
    qemu: Option<RawQemu>,
    flash: RawFlash,
    #[serde(default)]
    partition: Vec<Spanned<RawPartition>>,
    slot: Option<RawSlot>,
    #[serde(default)]
    component: Vec<Spanned<RawComponent>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawFlash {
    chip: Option<String>,
    size: Spanned<Written<Bytes>>,
    erase_block: Spanned<Written<Bytes>>,
    mtd_id: Option<Spanned<String>>,
    mapped_at: Option<Address>,
    dt_node: Option<Spanned<String>>,
    headroom_warning: Option<Written<Bytes>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawPartition {
    name: Spanned<String>,
    offset: Spanned<Written<Offset>>,
    size: Spanned<Written<Bytes>>,
    slot: Option<Spanned<String>>,
    image: Option<Spanned<String>>,
    #[serde(default)]
    root: bool,
    budget: Option<Spanned<Written<Bytes>>>,
    headroom_warning: Option<Written<Bytes>>,
    filesystem: Option<Spanned<String>>,
    #[serde(default)]
    read_only: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawSlot {
    budget: Spanned<Written<Bytes>>,
    headroom_warning: Option<Written<Bytes>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawComponent {
    name: Spanned<String>,
    file: Spanned<String>,
    path: Option<Spanned<String>>,
    budget: Spanned<Written<Bytes>>,
    headroom_warning: Option<Written<Bytes>>,
}

/// Reads the text. What makes no [`Board`] is an error; what makes one with flaws in
/// single values comes as problems beside it.
pub(super) fn parse(text: &str, path: &Path) -> Result<(Board, Vec<Problem>), Error> {
    let invalid = |error: toml::de::Error| Error::Invalid {
        path: path.to_owned(),
        problems: vec![problem_of_toml(text, &error)],
    };
    let mut table = DeTable::parse(text).map_err(invalid)?;
    hex::as_text(table.get_mut());
    let hexadecimal = hex::is_in(table.get_ref());
    let raw = RawBoard::deserialize(Deserializer::from(table)).map_err(invalid)?;
    let mut reader = Reader {
        text,
        hexadecimal,
        problems: Vec::new(),
    };
    let board = reader.board(raw, path);
    Ok((board, reader.problems))
}

/// The line of a byte of the text, from 1.
fn line_of(text: &str, byte: usize) -> usize {
    1 + text.as_bytes()[..byte.min(text.len())]
        .iter()
        .filter(|b| **b == b'\n')
        .count()
}

/// What the TOML reader found, with the key that was probably meant.
fn problem_of_toml(text: &str, error: &toml::de::Error) -> Problem {
    let line = error.span().map_or(1, |span| line_of(text, span.start));
    let mut message = error.message().trim_end().replace('\n', "; ");
    // serde names the unknown key first and then every key there is.
    if let Some(list) = message.strip_prefix("unknown field ") {
        let mut keys = list.split('`').skip(1).step_by(2);
        let unknown = keys.next().unwrap_or_default();
        let near = keys
            .map(|key| (strsim::damerau_levenshtein(unknown, key), key))
            .min()
            .filter(|(distance, key)| *distance <= key.len().div_ceil(3));
        message = match near {
            Some((_, key)) => format!("unknown key `{unknown}`: did you mean `{key}`?"),
            None => format!("unknown key {list}"),
        };
    } else if let Some(rest) = message.strip_prefix("missing field ") {
        message = format!("missing key {rest}");
    }
    Problem { line, message }
}

/// Turns spans into lines and collects the problems of single values.
struct Reader<'a> {
    text: &'a str,
    hexadecimal: bool,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn line<T>(&self, value: &Spanned<T>) -> usize {
        line_of(self.text, value.span().start)
    }

    /// The value, with what `check` has against it noted.
    fn checked(
        &mut self,
        value: Spanned<String>,
        check: impl Fn(&str) -> Option<String>,
    ) -> String {
        if let Some(message) = check(value.get_ref()) {
            let line = self.line(&value);
            self.problems.push(Problem { line, message });
        }
        value.into_inner()
    }

    fn budget(&mut self, value: &Spanned<Written<Bytes>>) -> Budget {
        let budget = Budget {
            bytes: value.get_ref().0,
            line: self.line(value),
        };
        if budget.bytes.0 == 0 {
            let message = "the budget is zero: write how many bytes it may take".to_owned();
            self.problems.push(Problem {
                line: budget.line,
                message,
            });
        }
        budget
    }

    fn board(&mut self, raw: RawBoard, path: &Path) -> Board {
        if let Some(schema) = raw.schema.filter(|schema| *schema.get_ref() != SCHEMA) {
            let message = format!(
                "schema {} is unknown, this program reads {SCHEMA}: use the flashfit that \
                 matches this file",
                schema.get_ref()
            );
            self.problems.push(Problem {
                line: self.line(&schema),
                message,
            });
        }
        let name = match raw.name {
            Some(name) => self.checked(name, problem_of_name),
            None => folder_name(path),
        };
        let flash = self.flash(raw.flash);
        let mut partitions: Vec<Partition> = raw
            .partition
            .into_iter()
            .map(|raw| self.partition(raw))
            .collect();
        partitions.sort_by_key(|partition| partition.offset);
        for (at, partition) in partitions.iter_mut().enumerate() {
            partition.mtd = at;
        }
        let text = self.text;
        let qemu = raw.qemu.map(|raw| {
            let (qemu, problems) = raw.read(flash.size, &|byte| line_of(text, byte));
            self.problems.extend(problems);
            qemu
        });
        let server = raw.server.map(|raw| {
            let (server, problems) = raw.read(&|byte| line_of(text, byte));
            self.problems.extend(problems);
            server
        });
        let u_boot = raw
            .u_boot
            .map(|raw| raw.read(&flash, &|byte| line_of(text, byte)));
        Board {
            path: path.to_owned(),
            hexadecimal: self.hexadecimal,
            name,
            title: raw.title,
            rust: raw.rust,
            cc: raw.cc,
            linux: raw.linux,
            u_boot,
            rootfs: raw.rootfs,
            server,
            qemu,
            flash,
            partitions,
            slot_budget: raw.slot.as_ref().map(|slot| self.budget(&slot.budget)),
            slot_headroom_warning: raw.slot.and_then(|slot| slot.headroom_warning).map(|w| w.0),
            components: raw
                .component
                .into_iter()
                .map(|raw| self.component(raw))
                .collect(),
        }
    }

    fn flash(&mut self, raw: RawFlash) -> Flash {
        for (key, value) in [("size", &raw.size), ("erase-block", &raw.erase_block)] {
            if value.get_ref().0.0 == 0 {
                let message = format!("{key} is zero: write the value from the chip's data sheet");
                self.problems.push(Problem {
                    line: self.line(value),
                    message,
                });
            }
        }
        Flash {
            chip: raw.chip,
            size: raw.size.get_ref().0,
            size_line: self.line(&raw.size),
            erase_block: raw.erase_block.get_ref().0,
            mtd_id: raw.mtd_id.map(|id| self.checked(id, problem_of_mtd_id)),
            mapped_at: raw.mapped_at,
            dt_node: raw
                .dt_node
                .map(|node| self.checked(node, problem_of_dt_node)),
            headroom_warning: raw.headroom_warning.map(|w| w.0),
        }
    }

    fn partition(&mut self, raw: Spanned<RawPartition>) -> Partition {
        let line = self.line(&raw);
        let raw = raw.into_inner();
        let size_line = self.line(&raw.size);
        let name = self.checked(raw.name, problem_of_name);
        let slot = raw.slot.map(|slot| {
            let slot_line = self.line(&slot);
            let slot = self.checked(slot, problem_of_slot);
            if role(&name, &slot).is_none() {
                let message = format!(
                    "{name}: belongs to slot {slot}: its name must be its role and the slot, \
                     `<role>-{slot}`"
                );
                self.problems.push(Problem {
                    line: slot_line,
                    message,
                });
            }
            slot
        });
        Partition {
            role: slot
                .as_deref()
                .and_then(|slot| role(&name, slot))
                .unwrap_or(name.clone()),
            name,
            line,
            mtd: 0,
            offset: raw.offset.get_ref().0,
            size: raw.size.get_ref().0,
            size_line,
            slot,
            image: raw
                .image
                .map(|file| PathBuf::from(self.checked(file, problem_of_file))),
            root: raw.root,
            budget: raw.budget.map(|budget| self.budget(&budget)),
            headroom_warning: raw.headroom_warning.map(|w| w.0),
            filesystem: raw
                .filesystem
                .map(|name| self.checked(name, problem_of_name)),
            read_only: raw.read_only,
        }
    }

    fn component(&mut self, raw: Spanned<RawComponent>) -> Component {
        let line = self.line(&raw);
        let raw = raw.into_inner();
        Component {
            name: self.checked(raw.name, problem_of_name),
            line,
            file: PathBuf::from(self.checked(raw.file, problem_of_file)),
            path: raw.path.map(|path| self.checked(path, problem_of_path)),
            budget: self.budget(&raw.budget),
            headroom_warning: raw.headroom_warning.map(|w| w.0),
        }
    }
}

/// The name of a board that does not say one: its folder's, else its file's.
fn folder_name(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute.parent().and_then(Path::file_name);
    let stem = path.file_stem().filter(|stem| *stem != "board");
    stem.or(folder)
        .unwrap_or_else(|| "board".as_ref())
        .to_string_lossy()
        .into_owned()
}

fn problem_of_mtd_id(id: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    (id.is_empty() || !id.chars().all(plain)).then(|| {
        format!(
            "mtd-id `{id}`: write the kernel's name for the chip, with letters, digits and `. _ \
             - @`"
        )
    })
}

fn problem_of_dt_node(node: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ",._+-/@".contains(c);
    (!node.starts_with('/') || node.ends_with('/') || !node.chars().all(plain)).then(|| {
        format!("dt-node `{node}`: write the full path of the chip's node, as in /ahb/spi@1e620000/flash@0")
    })
}
