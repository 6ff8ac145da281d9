//! What is measured on a booted device, and how it is shown.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use board::units::Bytes;
use flashfit::check::{self, Use, Verdict};
use flashfit::images::Images;
use serde::Serialize;
use tinyrust_qemu::prometheus::Exposition;
use tinyrust_qemu::system::System;
use tinyrust_qemu::{ImageFolder, Machine};

/// The version of boot.json. Within a version keys are only added.
const SCHEMA: &str = "tinyrust-boot/1";

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const LOW: Style = AnsiColor::Yellow.on_default();
const OVER: Style = AnsiColor::Red.on_default().bold();

/// What the server here answers.
const PATHS: [&str; 4] = ["/", "/healthz", "/api/v1/system", "/metrics"];

/// What one boot told.
pub(crate) struct Report {
    first_answer: Duration,
    answers: Vec<Answer>,
    /// What the server here tells; another program in its place does not.
    told: Option<Told>,
    /// Memory of another program, as the kernel counts it.
    rss: Option<Bytes>,
}

struct Told {
    server_rss: Bytes,
    system: System,
}

struct Answer {
    path: String,
    size: usize,
    time: Duration,
}

/// What `--record` writes.
#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    board: &'a str,
    time_to_first_200_ms: u128,
    server_rss_bytes: Option<u64>,
    data_free_bytes: Option<u64>,
    memory_available_bytes: Option<u64>,
    kernel: Option<&'a str>,
    git_revision: Option<&'a str>,
    profile: Option<&'a str>,
}

impl Report {
    /// Asks the server for everything it has, or another program for `paths`. An answer
    /// other than 200 is an error.
    pub(crate) fn collect(
        machine: &Machine,
        first_answer: Duration,
        paths: &[String],
    ) -> Result<Self> {
        let other = paths.iter().map(String::as_str);
        let asked: Vec<&str> = if paths.is_empty() {
            PATHS.to_vec()
        } else {
            other.collect()
        };
        let mut answers = Vec::new();
        let mut metrics = None;
        for path in asked {
            let start = Instant::now();
            let answer = machine.get(path)?;
            if answer.status != 200 {
                bail!(
                    "GET {path}: status {}, 200 expected{}",
                    answer.status,
                    if paths.is_empty() {
                        " (for another program in the server's place, use --path)"
                    } else {
                        ""
                    }
                );
            }
            answers.push(Answer {
                path: path.to_owned(),
                size: answer.body.len(),
                time: start.elapsed(),
            });
            if paths.is_empty() && path == "/metrics" {
                metrics = Some(Exposition::parse(&answer.text()).context("GET /metrics")?);
            }
        }
        let told = match paths {
            [] => Some(Told::by(machine, metrics)?),
            _ => None,
        };
        Ok(Self {
            first_answer,
            answers,
            told,
            rss: other_rss(machine)?,
        })
    }

    /// Prints the summary.
    pub(crate) fn print(&self, images: &ImageFolder) -> Result<()> {
        let mut text = String::new();
        let board = images.board();
        let title = board.title.as_deref().unwrap_or_default();
        writeln!(text, "{BOLD}{}{BOLD:#}  {title}\n", board.name)?;
        sizes(&mut text, images)?;
        writeln!(text)?;
        for answer in &self.answers {
            writeln!(
                text,
                "  GET {:<16} {GOOD}200{GOOD:#} {:>10} bytes {:>8.1} ms",
                answer.path,
                Bytes(answer.size as u64),
                answer.time.as_secs_f64() * 1e3
            )?;
        }
        writeln!(text)?;
        let mut fact = |name: &str, value: String| writeln!(text, "  {name:<20} {value}");
        fact(
            "first HTTP 200",
            format!("{:.1} s after power-on", self.first_answer.as_secs_f64()),
        )?;
        let Some(Told { server_rss, system }) = &self.told else {
            if let Some(rss) = self.rss {
                fact("program RSS", format!("{rss} bytes"))?;
            }
            anstream::print!("{text}");
            return Ok(());
        };
        fact("server RSS", format!("{server_rss} bytes"))?;
        let unknown = || "unknown".to_owned();
        let known = |value: &Option<String>| value.clone().unwrap_or_else(unknown);
        let bytes =
            |value: Option<u64>| value.map_or_else(unknown, |value| Bytes(value).to_string());
        fact("slot", known(&system.slot))?;
        fact(
            "data partition",
            format!(
                "{}, {} bytes free",
                known(&system.data.state),
                bytes(system.data.free_bytes)
            ),
        )?;
        fact("kernel", known(&system.kernel))?;
        let server = &system.server;
        fact(
            "server",
            format!(
                "{} ({}, profile {}, {} allocator)",
                server.version, server.git_revision, server.profile, server.allocator
            ),
        )?;
        anstream::print!("{text}");
        Ok(())
    }

    /// Writes boot.json into the image folder, whole or not at all.
    pub(crate) fn record(&self, images: &ImageFolder) -> Result<()> {
        let told = self.told.as_ref().map(|told| &told.system);
        let rss = self.told.as_ref().map(|told| told.server_rss).or(self.rss);
        let record = Record {
            schema: SCHEMA,
            board: &images.board().name,
            time_to_first_200_ms: self.first_answer.as_millis(),
            server_rss_bytes: rss.map(Bytes::get),
            data_free_bytes: told.and_then(|system| system.data.free_bytes),
            memory_available_bytes: told.and_then(|system| system.memory.available_bytes),
            kernel: told.and_then(|system| system.kernel.as_deref()),
            git_revision: told.map(|system| &*system.server.git_revision),
            profile: told.map(|system| &*system.server.profile),
        };
        let path = images.file("boot.json");
        let write = || -> Result<()> {
            // Readable for everyone, as the other files are.
            let mut file = tempfile::Builder::new()
                .permissions(Permissions::from_mode(0o644))
                .tempfile_in(images.path())?;
            serde_json::to_writer_pretty(&mut file, &record)?;
            std::io::Write::write_all(&mut file, b"\n")?;
            file.persist(&path)?;
            Ok(())
        };
        write().with_context(|| format!("{}: cannot be written", path.display()))
    }
}

/// Resident memory of the processes of another program, `VmRSS` of proc_pid_status(5).
fn other_rss(machine: &Machine) -> Result<Option<Bytes>> {
    let server = machine.images().board().server.as_ref();
    let Some(program) = server.and_then(|server| server.program.as_ref()) else {
        return Ok(None);
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let found = machine.run(&format!(
        "for process in $(pidof '{name}'); do grep VmRSS /proc/$process/status; done"
    ))?;
    let sizes = found.output.lines().filter_map(|line| {
        let kilobytes = line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?;
        kilobytes.parse::<u64>().ok()
    });
    let sum = sizes.sum::<u64>();
    Ok((sum > 0).then_some(Bytes(sum * 1024)))
}

impl Told {
    fn by(machine: &Machine, metrics: Option<Exposition>) -> Result<Self> {
        let rss = metrics
            .and_then(|metrics| metrics.value("process_resident_memory_bytes", &[]))
            .context("GET /metrics: process_resident_memory_bytes is missing")?;
        Ok(Self {
            // Exact: whole bytes, far below 2^53.
            server_rss: Bytes(rss as u64),
            system: machine.system()?,
        })
    }
}

/// A line for each partition with an image, each slot, and each component.
fn sizes(text: &mut String, images: &ImageFolder) -> Result<()> {
    let measured = Images::open(images.path())
        .map_err(anyhow::Error::from)
        .and_then(|files| Ok(check::check(images.board(), &files, None)?));
    let report = match measured {
        Ok(report) => report,
        // The device boots all the same: this is about files beside flash.bin.
        Err(error) => {
            writeln!(text, "  {LOW}sizes are unknown{LOW:#}: {error:#}")?;
            return Ok(());
        }
    };
    let bytes = ["bytes", "allowed", "headroom"];
    writeln!(
        text,
        "  {:<20} {:>10} {:>10} {:>10}",
        "", bytes[0], bytes[1], bytes[2]
    )?;
    let partitions = report.partitions.iter().filter(|row| row.image.is_some());
    for row in partitions {
        usage(text, &row.name, &row.usage)?;
    }
    for row in &report.slots {
        usage(text, &format!("slot {}", row.name), &row.usage)?;
    }
    for row in &report.components {
        usage(text, &row.name, &row.usage)?;
    }
    Ok(())
}

fn usage(text: &mut String, name: &str, usage: &Use) -> Result<()> {
    let style = match usage.verdict {
        Verdict::Fits => Style::new(),
        Verdict::Low => LOW,
        Verdict::Over => OVER,
    };
    let minus = if usage.headroom < 0 { "-" } else { "" };
    let headroom = format!("{minus}{}", Bytes(usage.headroom.unsigned_abs()));
    writeln!(
        text,
        "  {name:<20} {:>10} {:>10} {style}{headroom:>10}{style:#}",
        usage.used, usage.allowed
    )?;
    Ok(())
}
