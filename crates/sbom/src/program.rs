//! The crates of a program: what rustc was given for it, not what Cargo.lock lists, which also has
//! what other targets and features would take.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use rustcheck::record::{self, Call, Package};

use crate::component::{Component, Inventory, Kind, SCHEMA};
use crate::locks::{Locks, vendored};
use crate::{c_code, licence, texts, upstream};

/// Whose crates are listed.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The target triple.
    pub target: &'a str,
    /// The programs; every one that was linked where none is named.
    pub programs: &'a [String],
    /// The version of the compiler, which is that of its standard library.
    pub rust: &'a str,
}

/// Lists them from the record of a build, whose sources must still be where they were.
///
/// # Errors
/// When the record cannot be read or does not have a program, and when a crate has neither a
/// licence that SPDX lists nor a text of one.
pub fn inventory(record: &Path, request: &Request) -> Result<Inventory> {
    let calls = record::read(record)?;
    let build = Build::new(&calls, request.target);
    let programs = build
        .programs(request.programs)
        .with_context(|| format!("in {}", record.display()))?;
    let reached = build.reached(&programs);
    let mut all = Crates::new(request.rust);
    for call in &reached {
        all.read_locks(package(call)?)?;
    }
    for call in &reached {
        all.add(call)?;
    }
    for call in &reached {
        for used in build.uses(call) {
            all.connect(call, used)?;
        }
    }
    Ok(Inventory {
        schema: SCHEMA.to_owned(),
        programs: programs.iter().map(|call| name_of(call)).collect(),
        components: all.finish(&programs)?,
    })
}

/// The calls of rustc for the target, by their unit.
struct Build<'a> {
    units: BTreeMap<String, &'a Call>,
}

impl<'a> Build<'a> {
    fn new(calls: &'a [Call], target: &str) -> Self {
        let for_target = |call: &&Call| call.value("--target") == Some(target);
        let units = calls.iter().filter(for_target);
        Self {
            units: units.map(|call| (call.unit(), call)).collect(),
        }
    }

    fn programs(&self, wanted: &[String]) -> Result<Vec<&'a Call>> {
        ensure!(
            !self.units.is_empty(),
            "no crate was compiled for the target"
        );
        let units = self.units.values().copied();
        let linked: Vec<&Call> = units.filter(|call| call.links()).collect();
        let names = || linked.iter().map(|call| name_of(call)).collect::<Vec<_>>();
        if wanted.is_empty() {
            return Ok(linked);
        }
        let find = |name: &String| {
            let found = linked
                .iter()
                .find(|call| call.crate_name() == name.replace('-', "_"));
            found
                .copied()
                .with_context(|| format!("no program {name}; linked: {}", names().join(", ")))
        };
        wanted.iter().map(find).collect()
    }

    /// The units of the target that a unit uses. With a rebuilt standard library each one is
    /// handed `proc_macro` as well, which is for the compiler and in no program of a device.
    fn uses(&self, call: &Call) -> Vec<&'a Call> {
        let used = call
            .uses()
            .filter_map(|unit| self.units.get(&unit).copied());
        used.filter(|used| !(used.is_std() && used.crate_name() == "proc_macro"))
            .collect()
    }

    /// The programs and everything that they use; where there is none, everything.
    fn reached(&self, programs: &[&'a Call]) -> Vec<&'a Call> {
        let mut seen = BTreeSet::new();
        let mut open = programs.to_vec();
        if open.is_empty() {
            open.extend(self.units.values());
        }
        let mut all = Vec::new();
        while let Some(call) = open.pop() {
            if seen.insert(call.unit()) {
                open.extend(self.uses(call));
                all.push(call);
            }
        }
        all
    }
}

/// The name that the program has without cargo's underscores.
fn name_of(call: &Call) -> String {
    let crate_name = call.crate_name();
    match &call.package {
        Some(package) if package.name.replace('-', "_") == crate_name => package.name.clone(),
        _ => crate_name.to_owned(),
    }
}

fn package(call: &Call) -> Result<&Package> {
    call.package.as_ref().with_context(|| {
        format!(
            "the record does not say which package the crate {} is of: it is from an older \
             imagekit; remove it and build again",
            call.crate_name()
        )
    })
}

/// The crates as they are found.
struct Crates<'a> {
    locks: Locks,
    rust: &'a str,
    all: BTreeMap<(String, String), Component>,
    std: Component,
}

impl<'a> Crates<'a> {
    fn new(rust: &'a str) -> Self {
        Self {
            locks: Locks::default(),
            rust,
            all: BTreeMap::new(),
            std: upstream::component(upstream::STD, rust),
        }
    }

    fn read_locks(&mut self, package: &Package) -> Result<()> {
        match vendored(&package.folder) {
            Some(_) => Ok(()),
            None => self.locks.read_of(&package.folder),
        }
    }

    /// Whether the crate is of the standard library itself, and not one that it takes from a
    /// registry.
    fn is_std(&self, call: &Call, package: &Package) -> bool {
        call.is_std()
            && vendored(&package.folder).is_none()
            && self.locks.get(&package.name, &package.version).is_none()
    }

    fn add(&mut self, call: &Call) -> Result<()> {
        let package = package(call)?;
        if self.is_std(call, package) {
            return self.add_std(call, package);
        }
        let key = (package.name.clone(), package.version.clone());
        let mut one = match self.all.remove(&key) {
            Some(one) => one,
            None => self.load(package)?,
        };
        one.features.extend(call.features().map(str::to_owned));
        one.features.sort();
        one.features.dedup();
        if call.links() {
            one.kind = Kind::Application;
        }
        if let Some(c_code) = c_code::of(&package.folder, &one) {
            one.parts = vec![c_code];
        }
        self.all.insert(key, one);
        Ok(())
    }

    fn load(&self, package: &Package) -> Result<Component> {
        let (name, version) = (&package.name, &package.version);
        let locked = self.locks.get(name, version);
        let vendored = vendored(&package.folder);
        let own = locked.is_none() && vendored.is_none();
        let license = licence::canonical(&package.license);
        let license = license.unwrap_or_else(|| package.license.clone());
        let found = match own {
            true => texts::of_own_package(&package.folder)?,
            false => texts::of_folder(&package.folder, true)?,
        };
        let texts = texts::completed(found, &license);
        if texts.is_empty() && !own {
            bail!(
                "the crate {name} {version} has no licence text, and `license = {:?}` in its \
                 Cargo.toml is none of SPDX's list: ask its authors for one, and until then put \
                 a copy with a file LICENSE in its place ([patch.crates-io] in Cargo.toml)",
                package.license
            );
        }
        let source = locked.and_then(|locked| locked.source.as_deref());
        Ok(Component {
            reference: reference(package),
            name: name.clone(),
            version: version.clone(),
            license,
            purl: (!own).then(|| purl(name, version, source)),
            sha256: vendored
                .flatten()
                .or_else(|| locked.and_then(|locked| locked.checksum.clone())),
            repository: package.repository.clone(),
            authors: package.authors.clone(),
            texts,
            ..Component::default()
        })
    }

    fn add_std(&mut self, call: &Call, package: &Package) -> Result<()> {
        let reference = format!("{}/{}", self.std.reference, package.name);
        if self
            .std
            .parts
            .iter()
            .any(|part| part.reference == reference)
        {
            return Ok(());
        }
        let license = licence::canonical(&package.license);
        self.std.parts.push(Component {
            reference,
            name: package.name.clone(),
            version: self.rust.to_owned(),
            license: license.unwrap_or_else(|| package.license.clone()),
            features: call.features().map(str::to_owned).collect(),
            ..Component::default()
        });
        // Licences stand in the crate, and at the root of the compiler's source.
        let root = package
            .folder
            .ancestors()
            .find(|up| up.ends_with("library"))
            .and_then(Path::parent);
        let folders = [Some(package.folder.as_path()), root];
        for folder in folders.into_iter().flatten() {
            for text in texts::of_folder(folder, false)? {
                if !self.std.texts.iter().any(|known| known.text == text.text) {
                    self.std.texts.push(text);
                }
            }
        }
        Ok(())
    }

    /// Notes that the package of one call uses that of another.
    fn connect(&mut self, call: &Call, used: &Call) -> Result<()> {
        let (by, used_package) = (package(call)?, package(used)?);
        let to = match self.is_std(used, used_package) {
            true => self.std.reference.clone(),
            false => reference(used_package),
        };
        let by_std = self.is_std(call, by);
        let one = match by_std {
            true => &mut self.std,
            false => self
                .all
                .get_mut(&(by.name.clone(), by.version.clone()))
                .context("a crate was connected before it was listed")?,
        };
        if one.reference != to && !one.uses.contains(&to) {
            one.uses.push(to);
            one.uses.sort();
        }
        Ok(())
    }

    /// All of them, each connected with what it is compiled with.
    fn finish(mut self, programs: &[&Call]) -> Result<Vec<Component>> {
        self.std.parts.sort_by(|a, b| a.name.cmp(&b.name));
        self.std.texts.sort_by(|a, b| a.file.cmp(&b.file));
        self.std.texts = texts::completed(self.std.texts, &self.std.license);
        if self.std.parts.is_empty() {
            self.std.note =
                "as it comes with the compiler; the crates in it were not recorded".to_owned();
            for call in programs {
                let package = package(call)?;
                let key = (package.name.clone(), package.version.clone());
                let std = self.std.reference.clone();
                self.all.entry(key).and_modify(|one| one.uses.push(std));
            }
        }
        let mut all: Vec<Component> = self.all.into_values().collect();
        for one in &mut all {
            let parts = one.parts.iter().map(|part| part.reference.clone());
            one.uses.extend(parts);
        }
        all.push(self.std);
        Ok(all)
    }
}

fn reference(package: &Package) -> String {
    format!("crate:{}@{}", package.name, package.version)
}

/// The package URL (purl-spec, type `cargo`).
fn purl(name: &str, version: &str, source: Option<&str>) -> String {
    let mut purl = format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"));
    if let Some(git) = source.filter(|source| source.starts_with("git+")) {
        let url = git.replace('+', "%2B").replace('#', "%23");
        let url = url
            .replace('?', "%3F")
            .replace('&', "%26")
            .replace('=', "%3D");
        purl = format!("{purl}?vcs_url={url}");
    }
    purl
}

#[cfg(test)]
mod tests;
