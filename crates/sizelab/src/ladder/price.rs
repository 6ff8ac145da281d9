//! What a step costs, in a sentence: the article names the trade-offs, these are the figures.

use anyhow::Result;
use board::units::Bytes;

use super::figures::change;
use super::page::Page;

/// The price of a step on the release build: alone against the plain build, and stacked
/// against the step before.
///
/// # Errors
/// When there is no such step.
pub fn sentence(page: &Page, step: &str) -> Result<String> {
    let stack = page.steps.stacked();
    let alone = [step.to_owned()];
    let mut text = format!("*Named: {}.*", page.steps.step(step)?.trade_off);
    if let Some(price) = compare(page, &[], &alone) {
        text += &format!(" Measured, alone: {price}");
    }
    let at = stack
        .iter()
        .position(|steps| steps.last().is_some_and(|last| last == step));
    if let Some(at) = at.filter(|at| *at > 0)
        && let Some(price) = compare(page, &stack[at - 1], &stack[at])
    {
        text += &format!(" On the steps before it: {price}");
    }
    Ok(text + "\n")
}

/// None where one of the two was not measured.
fn compare(page: &Page, before: &[String], after: &[String]) -> Option<String> {
    let (before, after) = (page.row("release", before)?, page.row("release", after)?);
    let mut parts = vec![
        format!("file {}", change(after.weight.elf, before.weight.elf)),
        format!("flash {}", change(after.weight.flash, before.weight.flash)),
        format!(
            "build {:.0} → {:.0} s of the processors",
            before.weight.build_seconds, after.weight.build_seconds
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
    if let Some((before, after)) = before.requests_ratio.zip(after.requests_ratio) {
        parts.push(format!(
            "requests {before:.2} → {after:.2} of the plain build's"
        ));
    }
    Some(parts.join(", ") + ".")
}
