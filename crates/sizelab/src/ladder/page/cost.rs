//! What a step costs, in a sentence: the article names the trade-offs, these are the figures.

use anyhow::Result;
use board::units::Bytes;

use super::data::PageData;
use super::spread::ratio;
use crate::figures::change;

/// The cost of a step on the release build: alone against the plain build, and stacked
/// against the step before.
pub fn sentence(page: &PageData, step: &str) -> Result<String> {
    let stack = page.inputs.steps.stacked();
    let alone = [step.to_owned()];
    let mut text = format!(
        "*The article's trade-off: {}.*",
        page.inputs.steps.step(step)?.trade_off
    );
    if let Some(cost) = compare(page, &[], &alone) {
        text += &format!(" Measured alone: {cost}");
    }
    let at = stack
        .iter()
        .position(|steps| steps.last().is_some_and(|last| last == step));
    if let Some(at) = at.filter(|at| *at > 0)
        && let Some(cost) = compare(page, &stack[at - 1], &stack[at])
    {
        text += &format!(" On top of the earlier steps: {cost}");
    }
    Ok(text + "\n")
}

/// None where one of the two was not measured.
fn compare(page: &PageData, before: &[String], after: &[String]) -> Option<String> {
    let (before, after) = (page.row("release", before)?, page.row("release", after)?);
    let mut parts = vec![
        format!("file {}", change(after.sizes.elf, before.sizes.elf)),
        format!("flash {}", change(after.sizes.flash, before.sizes.flash)),
        format!(
            "build {:.0} → {:.0} CPU s",
            before.sizes.build_seconds, after.sizes.build_seconds
        ),
    ];
    let (before, after) = (before.runtime?, after.runtime?);
    parts.push(format!(
        "start {:.1} → {:.1} ms",
        before.start_ms, after.start_ms
    ));
    parts.push(format!(
        "anonymous memory {} → {} KiB",
        Bytes(before.anonymous_kib),
        Bytes(after.anonymous_kib)
    ));
    if let Some((before, after)) = ratio(&before).zip(ratio(&after)) {
        parts.push(format!("requests {before} → {after} of the plain build"));
    }
    Some(parts.join(", ") + ".")
}
