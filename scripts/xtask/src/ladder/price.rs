//! What a step costs, in a sentence: the article names the trade-offs, these are the figures.

use anyhow::{Context, Result};
use flashfit::units::Bytes;

use super::page::{Page, change};
use super::record::Runtime;

/// The price of a step on the release build: alone against the plain build, and stacked
/// against the step before.
///
/// # Errors
/// When it was not measured.
pub fn sentence(page: &Page, step: &str) -> Result<String> {
    let stack = page.steps.stacked();
    let alone = [step.to_owned()];
    let named = &page.steps.step(step)?.trade_off;
    let mut text = format!(
        "Named: {named}. Measured, alone: {}",
        compare(page, &[], &alone)?
    );
    if let Some(at) = stack
        .iter()
        .position(|steps| steps.last().is_some_and(|s| s == step))
        && at > 0
    {
        text += &format!(
            " On the steps before it: {}",
            compare(page, &stack[at - 1], &stack[at])?
        );
    }
    Ok(text + "\n")
}

fn compare(page: &Page, before: &[String], after: &[String]) -> Result<String> {
    let (before, after) = (page.row("release", before)?, page.row("release", after)?);
    let mut parts = vec![
        format!("file {}", change(after.weight.elf, before.weight.elf)),
        format!("flash {}", change(after.weight.flash, before.weight.flash)),
        format!(
            "build {:.0} → {:.0} s of the processors",
            before.weight.build_seconds, after.weight.build_seconds
        ),
    ];
    let run = |runtime: Option<Runtime>| runtime.context("a row that was not run");
    let (before, after) = (run(before.runtime)?, run(after.runtime)?);
    parts.push(format!(
        "start {:.1} → {:.1} ms",
        before.start_ms, after.start_ms
    ));
    parts.push(format!(
        "anonymous memory {} → {} KiB",
        Bytes(before.anonymous_kib),
        Bytes(after.anonymous_kib)
    ));
    parts.push(format!(
        "requests {:.2} → {:.2} of the plain build's",
        before.requests_ratio, after.requests_ratio
    ));
    Ok(parts.join(", ") + ".")
}
