//! From what was measured to the rows of a report, and the verdict on them.

use super::changes;
use super::contents::Subject;
use super::measure::{All, Measure};
use super::report::{
    ChipRow, ComponentRow, FlashFacts, Image, PartitionRow, Report, SCHEMA, SlotRow, SquashfsFacts,
    Use, Verdict,
};
use crate::squashfs::Content;
use board::units::Bytes;
use board::{Board, Budget, Partition};

impl Use {
    fn new(used: Bytes, allowed: Budget, warning: Option<Bytes>) -> Use {
        let Budget {
            bytes: allowed,
            line,
        } = allowed;
        let headroom = i64::try_from(i128::from(allowed.get()) - i128::from(used.get()));
        // File sizes and chips are below 2^63 bytes.
        let headroom = headroom.unwrap_or(i64::MIN);
        let verdict = match u64::try_from(headroom) {
            Err(_) => Verdict::Over,
            Ok(left) if warning.is_some_and(|warning| left < warning.get()) => Verdict::Low,
            Ok(_) => Verdict::Fits,
        };
        let share = used.get() as f64 / allowed.get().max(1) as f64;
        let share = (share * 1e4).round() / 1e4;
        Use {
            used,
            allowed,
            headroom,
            share,
            verdict,
            headroom_warning: warning,
            line,
        }
    }
}

/// Rows from what was measured.
pub(super) fn report(board: &Board, all: All, baseline: Option<&Report>) -> Report {
    let partitions: Vec<PartitionRow> = board
        .partitions
        .iter()
        .map(|partition| partition_row(board, partition, &all))
        .collect();
    let slots = slot_rows(board, &partitions);
    let chip = ChipRow {
        usage: Use::new(
            partitions.iter().map(|row| row.usage.used).sum(),
            Budget {
                bytes: board.flash.size,
                line: board.flash.size_line,
            },
            None,
        ),
        erased: partitions
            .iter()
            .filter(|row| row.image.is_none())
            .map(|row| row.size)
            .sum(),
    };
    let rows = board.components.iter().zip(&all.components);
    let components = rows
        .map(|(component, content)| component_row(component, *content))
        .collect();
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        board: board.name.clone(),
        fits: true,
        errors: Vec::new(),
        warnings: all.warnings(),
        flash: FlashFacts {
            chip: board.flash.chip.clone(),
            size: board.flash.size,
            erase_block: board.flash.erase_block,
        },
        chip,
        partitions,
        slots,
        components,
        images: images(all),
    };
    judge(board, &mut report, baseline);
    report
}

fn partition_row(board: &Board, partition: &Partition, all: &All) -> PartitionRow {
    let measured = partition
        .image
        .as_ref()
        .and_then(|image| all.files.get(image));
    let used = measured.map_or(Bytes(0), |measured| measured.bytes);
    let warning = partition.headroom_warning.or(board.flash.headroom_warning);
    let allowed = Budget {
        bytes: partition.allowed(),
        line: partition.allowed_line(),
    };
    PartitionRow {
        name: partition.name.clone(),
        mtd: partition.mtd,
        offset: partition.offset,
        size: partition.size,
        slot: partition.slot.clone(),
        image: partition
            .image
            .as_ref()
            .map(|image| image.display().to_string()),
        // What is left erased has nothing to warn about.
        usage: Use::new(used, allowed, warning.filter(|_| partition.image.is_some())),
    }
}

fn slot_rows(board: &Board, partitions: &[PartitionRow]) -> Vec<SlotRow> {
    let slots = board.slots();
    let row = |slot: &board::Slot<'_>| {
        let within = || {
            slot.partitions
                .iter()
                .map(|partition| &partitions[partition.mtd])
        };
        let used = within().map(|row| row.usage.used).sum();
        let whole = Budget {
            bytes: slot.size(),
            line: slot.partitions[0].line,
        };
        let warning = board.slot_headroom_warning.or(board.flash.headroom_warning);
        SlotRow {
            name: slot.name.to_owned(),
            partitions: within().map(|row| row.name.clone()).collect(),
            usage: Use::new(used, board.slot_budget.unwrap_or(whole), warning),
        }
    };
    slots.iter().map(row).collect()
}

fn component_row(component: &board::Component, content: Content) -> ComponentRow {
    ComponentRow {
        name: component.name.clone(),
        file: component.file.display().to_string(),
        path: component.path.clone(),
        raw: content.raw,
        exact: content.exact,
        usage: Use::new(
            content.on_flash,
            component.budget,
            component.headroom_warning,
        ),
    }
}

fn images(all: All) -> Vec<Image> {
    let image = |(path, measured): (std::path::PathBuf, super::measure::Measured)| Image {
        file: path.display().to_string(),
        bytes: measured.bytes,
        squashfs: match measured.content {
            Measure::Squashfs(squashfs) => Some(SquashfsFacts {
                compressor: squashfs.compressor,
                block_size: squashfs.block_size,
                metadata: squashfs.metadata,
                padding: squashfs.padding,
                files: squashfs.files,
            }),
            Measure::Whole { .. } => None,
        },
    };
    all.files.into_iter().map(image).collect()
}

/// Says what is over and what is low, in the order of the table.
fn judge(board: &Board, report: &mut Report, baseline: Option<&Report>) {
    let (mut errors, mut warnings) = (Vec::new(), std::mem::take(&mut report.warnings));
    for (who, usage, subject) in subjects(report) {
        let Use {
            used,
            allowed,
            headroom,
            line,
            ..
        } = usage;
        let at = board.at(line);
        let left = Bytes(headroom.unsigned_abs());
        match usage.verdict {
            Verdict::Fits => {}
            Verdict::Low => warnings.push(format!(
                "{who}: {used} bytes, {allowed} allowed ({at}), {left} left, \
                 less than the {} of `headroom-warning`",
                usage.headroom_warning.unwrap_or_default()
            )),
            Verdict::Over => errors.push(format!(
                "{who}: {used} bytes, {allowed} allowed ({at}), over by {left}{}",
                changes::tell(report, &subject, baseline),
            )),
        }
    }
    report.fits = errors.is_empty();
    (report.errors, report.warnings) = (errors, warnings);
}

/// Every row: what messages call it, what it uses and what it is about.
fn subjects(report: &Report) -> Vec<(String, Use, Subject)> {
    let mut rows = Vec::new();
    for row in &report.partitions {
        let images = row.image.iter().cloned().collect();
        rows.push((row.name.clone(), row.usage, Subject { images, path: None }));
    }
    for row in &report.slots {
        let image = |name: &String| report.partition(name)?.image.clone();
        let images = row.partitions.iter().filter_map(image).collect();
        rows.push((
            format!("slot {}", row.name),
            row.usage,
            Subject { images, path: None },
        ));
    }
    // More than the chip can only be in it where a partition is over as well.
    for row in &report.components {
        let subject = Subject {
            images: vec![row.file.clone()],
            path: row.path.clone(),
        };
        rows.push((row.name.clone(), row.usage, subject));
    }
    rows
}
