//! `cargo xtask sources`: the source files that a build fetches, put by for `$TINYRUST_SOURCES`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use buildkit::cache::Cache;
use buildkit::checkout::Repo;
use buildkit::command::Log;
use buildkit::sources::Sources;
use buildkit::store::Store;

/// Fills a folder with the files that boards/common/sources.toml records.
pub fn export(repo: &Repo, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let cache = Cache::from_environment()?;
    let log = Log::create(&repo.logs("sources").join("sources.log"))?;
    let sources = Sources::load(&repo.path("boards/common/sources.toml"))?;
    let store = Store::new(&cache);
    let mut missing = Vec::new();
    for name in sources.names() {
        let note = |text| println!("{text}");
        match store.export(name, sources.get(name)?, folder, &log, &note) {
            Ok(file) => println!("{}", folder.join(file).display()),
            Err(error) => missing.push(format!("{name}: {error:#}")),
        }
    }
    ensure!(missing.is_empty(), "{}", missing.join("\n"));
    Ok(())
}
