//! Takes a picture of a page: `cargo run -p browser -- out/report.html docs/images/report.png`.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use browser::{Browser, View};
use clap::Parser;

/// Take a picture of an HTML file in headless Chromium
#[derive(Parser)]
struct Cli {
    /// The page; what follows a # is its address within the page
    page: PathBuf,
    /// The PNG file to write
    picture: PathBuf,
    /// The window's width in CSS pixels
    #[arg(long, default_value_t = 1280)]
    width: u32,
    /// The window's height in CSS pixels
    #[arg(long, default_value_t = 900)]
    height: u32,
    /// The device's pixels for each CSS pixel
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Prefer the page's dark colours
    #[arg(long)]
    dark: bool,
    /// Take the whole page, not only what the window shows
    #[arg(long)]
    whole: bool,
    /// Keys to press first, such as / m t d Enter
    #[arg(long, num_args = 1.., value_name = "KEY")]
    press: Vec<String>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let program = browser::installed()
        .context("needs Chromium, found none on PATH: install Debian's package chromium")?;
    let page = cli.page.to_string_lossy();
    let (file, address) = page.split_once('#').unwrap_or((&page, ""));
    let mut page = std::path::absolute(file)?.into_os_string();
    if !address.is_empty() {
        page.push(format!("#{address}"));
    }
    let mut browser = Browser::start(&program)?;
    let view = View {
        width: cli.width,
        height: cli.height,
        dark: cli.dark,
        scale: cli.scale,
    };
    browser.open(&PathBuf::from(page), view)?;
    for key in &cli.press {
        browser.press(key)?;
    }
    let picture = browser.picture(cli.whole)?;
    if !browser.errors().is_empty() {
        bail!("{file} has errors:\n{}", browser.errors().join("\n"));
    }
    std::fs::write(&cli.picture, picture)
        .with_context(|| format!("cannot write {}", cli.picture.display()))
}
