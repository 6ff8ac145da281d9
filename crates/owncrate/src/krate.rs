//! The crate: where it is, which of its programs is meant, what belongs to it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use buildkit::cache::Cache;
use buildkit::command::Log;
use buildkit::key::Key;
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand, Package, TargetKind};

use crate::app::App;
use crate::graph::Graph;
use crate::registry;

/// What is asked for on a command line.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// A folder, or a released crate as `name`, `name@1.2` or `name@1.2.3`.
    pub source: String,
    /// The program, where there are several.
    pub bin: Option<String>,
    /// Features of the crate, in cargo's form: separated by commas or blanks.
    pub features: Vec<String>,
    /// Without the crate's default features.
    pub no_default_features: bool,
    /// Packages of which a released crate gets newer versions than its Cargo.lock names.
    pub update: Vec<String>,
    /// Another tinyrust.toml than the one beside the crate.
    pub app: Option<PathBuf>,
    /// The port that the program listens on.
    pub port: Option<u16>,
    /// What the program is started with, in place of what tinyrust.toml says.
    pub arguments: Vec<String>,
    /// What stands in its way is said, and the build is tried.
    pub anyway: bool,
}

/// A crate with a program for the device.
#[derive(Debug)]
pub struct OwnCrate {
    /// The crate's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The program.
    pub bin: String,
    /// The folder of its Cargo.toml.
    pub folder: PathBuf,
    /// How it is started and where it answers.
    pub app: App,
    /// What cargo is given to select the program and its features.
    pub selection: Vec<String>,
    pub(crate) graph: Graph,
    /// The triple that cargo is asked for.
    target: String,
    /// The folder of its Cargo.lock.
    root: PathBuf,
    /// Folders of it and of the crates beside it.
    local: Vec<PathBuf>,
}

impl OwnCrate {
    /// Finds the crate, and asks cargo what belongs to its program on `target`.
    ///
    /// # Errors
    /// When there is no such crate, it has no program or several of which none is named, or its
    /// tinyrust.toml cannot be used.
    pub fn find(request: &Request, target: &str, cache: &Cache, log: &Log) -> Result<Self> {
        let folder = source(request, cache, log)?;
        let app = match &request.app {
            Some(path) => App::read(path)?,
            None => App::beside(&folder)?.unwrap_or_default(),
        };
        let app = App {
            arguments: match request.arguments.is_empty() {
                true => app.arguments,
                false => request.arguments.clone(),
            },
            bin: request.bin.clone().or(app.bin),
            port: request.port.or(app.port),
            features: [&app.features[..], &request.features[..]].concat(),
            default_features: Some(
                !request.no_default_features && app.default_features.unwrap_or(true),
            ),
            ..app
        };
        let metadata = metadata(&folder, &app, target)?;
        let package = package(&metadata, &folder)?;
        let bin = program(package, app.bin.as_deref())?;
        let mut selection = vec!["--package".to_owned(), package.name.to_string()];
        selection.extend(["--bin".to_owned(), bin.clone()]);
        selection.extend(features(&app));
        Ok(Self {
            name: package.name.to_string(),
            version: package.version.to_string(),
            folder,
            selection,
            root: metadata.workspace_root.as_std_path().to_owned(),
            local: local(&metadata),
            graph: Graph::new(&metadata, package)?,
            target: target.to_owned(),
            bin,
            app,
        })
    }

    /// Name and version.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// What of the crate decides what its program is: its files, those of the crates beside it
    /// and of their workspace, and the versions of all others.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn key(&self, mut key: Key) -> Result<Key> {
        let skip = |inside: &Path| {
            let first = inside.iter().next().unwrap_or_default().to_string_lossy();
            first == "target" || first == ".git"
        };
        for folder in &self.local {
            key = key.tree("crate", folder, skip)?;
        }
        for name in ["Cargo.toml", "Cargo.lock"] {
            key = key.file(name, &self.root.join(name))?;
        }
        Ok(key.field("selection", self.selection.join(" ")))
    }

    /// What each feature of the crate brings, by leaving it out: the options that do so, and the
    /// graph that is left.
    ///
    /// # Errors
    /// When cargo cannot resolve the crate without a feature.
    pub(crate) fn without_features(&self) -> Result<Vec<Without>> {
        let root = self.graph.root();
        let on = root.features.iter().filter(|name| *name != "default");
        let on = on.collect::<Vec<_>>();
        let mut all = Vec::new();
        for feature in &on {
            let brought_by = root.with_feature(feature);
            let left = on.iter().filter(|name| !brought_by.contains(name.as_str()));
            let left = left.map(|name| (*name).clone()).collect::<Vec<_>>();
            let app = App {
                features: left,
                default_features: Some(false),
                ..self.app.clone()
            };
            let metadata = metadata(&self.folder, &app, &self.target)?;
            all.push(Without {
                feature: (*feature).clone(),
                options: features(&app).join(" "),
                graph: Graph::new(&metadata, package(&metadata, &self.folder)?)?,
            });
        }
        Ok(all)
    }

    /// The workspace's folder: where cargo is started.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// The crate without one of its features.
pub(crate) struct Without {
    /// The feature.
    pub feature: String,
    /// cargo's options for that.
    pub options: String,
    pub graph: Graph,
}

fn source(request: &Request, cache: &Cache, log: &Log) -> Result<PathBuf> {
    let (text, update) = (&*request.source, &request.update);
    let path = Path::new(text);
    let manifest = path.join("Cargo.toml");
    if manifest.is_file() {
        ensure!(
            update.is_empty(),
            "--update is for released crates: run `cargo update {}` in {text}",
            update.join(" ")
        );
        return path
            .canonicalize()
            .with_context(|| format!("cannot use {text}"));
    }
    ensure!(
        !path.exists(),
        "--crate {text}: this folder has no Cargo.toml: name the crate's folder or a released crate"
    );
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    registry::fetch(name, version, update, cache, log)
}

fn features(app: &App) -> Vec<String> {
    let mut words = Vec::new();
    if app.default_features == Some(false) {
        words.push("--no-default-features".to_owned());
    }
    if !app.features.is_empty() {
        words.push(format!("--features={}", app.features.join(",")));
    }
    words
}

fn metadata(folder: &Path, app: &App, target: &str) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command
        .manifest_path(folder.join("Cargo.toml"))
        .current_dir(folder)
        .other_options(["--filter-platform".to_owned(), target.to_owned()]);
    if app.default_features == Some(false) {
        command.features(CargoOpt::NoDefaultFeatures);
    }
    if !app.features.is_empty() {
        command.features(CargoOpt::SomeFeatures(app.features.clone()));
    }
    let metadata = command.exec();
    metadata.with_context(|| format!("cargo cannot use {}", folder.display()))
}

fn package<'a>(metadata: &'a Metadata, folder: &Path) -> Result<&'a Package> {
    let here = |package: &&Package| {
        let manifest = package.manifest_path.as_std_path();
        manifest
            .parent()
            .and_then(|at| at.canonicalize().ok())
            .as_deref()
            == Some(folder)
    };
    metadata.packages.iter().find(here).with_context(|| {
        let members = metadata.workspace_packages();
        let folders = members
            .iter()
            .filter_map(|package| package.manifest_path.parent())
            .map(|path| format!("\n  {path}"));
        format!(
            "{}: this workspace has no package of its own; name one of its packages:{}",
            folder.display(),
            folders.collect::<String>()
        )
    })
}

fn program(package: &Package, wanted: Option<&str>) -> Result<String> {
    let bins = package
        .targets
        .iter()
        .filter(|target| target.kind.contains(&TargetKind::Bin))
        .map(|target| target.name.clone())
        .collect::<Vec<_>>();
    let title = format!("{} {}", package.name, package.version);
    if let Some(wanted) = wanted {
        ensure!(
            bins.iter().any(|bin| bin == wanted),
            "{title} has no program {wanted}; it has: {}",
            list(&bins)
        );
        return Ok(wanted.to_owned());
    }
    match (&bins[..], &package.default_run) {
        ([only], _) => Ok(only.clone()),
        (_, Some(default)) => Ok(default.clone()),
        ([], _) => bail!("{title} is a library: name a crate with a program"),
        _ => bail!(
            "{title} has several programs: choose one with --bin: {}",
            list(&bins)
        ),
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

/// The folders of the crates that come from no registry.
fn local(metadata: &Metadata) -> Vec<PathBuf> {
    let packages = metadata.packages.iter();
    packages
        .filter(|package| package.source.is_none())
        .filter_map(|package| package.manifest_path.parent())
        .map(|folder| folder.as_std_path().to_owned())
        .collect()
}
