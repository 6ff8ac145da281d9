//! The crates of a program: what cargo resolved for the target, without what only tests need.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, Package, PackageId, TargetKind};

/// A crate that is compiled for the program, or for the build scripts on the way to it.
#[derive(Debug)]
pub(crate) struct Member {
    pub package: Package,
    /// The features it is compiled with.
    pub features: BTreeSet<String>,
    /// The crates from the program's own to the one that wants this one.
    pub path: Vec<String>,
    /// It is part of the program, and not only of a build script or a procedural macro.
    pub in_program: bool,
}

/// All of them, the program's own crate first.
#[derive(Debug)]
pub(crate) struct Graph {
    pub members: Vec<Member>,
    /// Of each member those that it wants for the program, by their places in `members`.
    wants: Vec<Vec<usize>>,
}

impl Member {
    pub fn name(&self) -> &str {
        &self.package.name
    }

    /// `getrandom 0.2.7`.
    pub fn title(&self) -> String {
        format!("{} {}", self.package.name, self.package.version)
    }

    pub fn folder(&self) -> PathBuf {
        let manifest = self.package.manifest_path.as_std_path();
        manifest.parent().unwrap_or(manifest).to_owned()
    }

    /// The names of its libraries, as symbols have them.
    pub fn libraries(&self) -> impl Iterator<Item = String> {
        let targets = self.package.targets.iter();
        targets
            .filter(|target| !target.kind.contains(&TargetKind::CustomBuild))
            .map(|target| target.name.replace('-', "_"))
    }

    /// A feature, and all those of the crate that switch it on.
    pub fn with_feature<'a>(&'a self, feature: &'a str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::from([feature]);
        loop {
            let mut more = self.package.features.iter().filter(|(name, values)| {
                !found.contains(name.as_str())
                    && values.iter().any(|value| found.contains(value.as_str()))
            });
            match more.next() {
                Some((name, _)) => found.insert(name),
                None => return found,
            };
        }
    }

    /// It compiles C, whose symbols do not name it.
    pub fn compiles_c(&self) -> bool {
        ["cc", "cmake"].iter().any(|tool| self.builds_with(tool))
    }

    pub fn builds_with(&self, name: &str) -> bool {
        self.package.dependencies.iter().any(|dependency| {
            let optional = dependency.optional
                && !self
                    .features
                    .iter()
                    .any(|feature| feature == &dependency.name);
            dependency.kind == DependencyKind::Build && dependency.name == name && !optional
        })
    }
}

impl Graph {
    pub fn new(metadata: &Metadata, root: &Package) -> Result<Self> {
        let resolve = metadata
            .resolve
            .as_ref()
            .context("cargo resolved nothing")?;
        let nodes = resolve
            .nodes
            .iter()
            .map(|node| (&node.id, node))
            .collect::<BTreeMap<_, _>>();
        let mut found: BTreeMap<&PackageId, (Vec<String>, bool)> = BTreeMap::new();
        let mut order = Vec::new();
        // What is in the program first, so that the shortest way within it is told.
        for in_program in [true, false] {
            let mut ahead = VecDeque::new();
            if in_program {
                found.insert(&root.id, (Vec::new(), true));
                order.push(&root.id);
                ahead.push_back(&root.id);
            } else {
                ahead.extend(order.iter().copied());
            }
            while let Some(id) = ahead.pop_front() {
                let Some(node) = nodes.get(id) else { continue };
                let package = &metadata[id];
                let mut path = found[id].0.clone();
                path.push(package.name.to_string());
                for next in &node.deps {
                    let kinds = next.dep_kinds.iter().map(|kind| kind.kind);
                    let is = |kind| kinds.clone().any(|found| found == kind);
                    let wanted = match in_program {
                        true => is(DependencyKind::Normal) && !is_macro(&metadata[&next.pkg]),
                        false => is(DependencyKind::Normal) || is(DependencyKind::Build),
                    };
                    if wanted && !found.contains_key(&next.pkg) {
                        found.insert(&next.pkg, (path.clone(), in_program));
                        order.push(&next.pkg);
                        ahead.push_back(&next.pkg);
                    }
                }
            }
        }
        let members = order.iter().map(|&id| {
            let (path, in_program) = found[id].clone();
            Member {
                package: metadata[id].clone(),
                features: nodes[id].features.iter().map(ToString::to_string).collect(),
                path,
                in_program,
            }
        });
        let places = order.iter().enumerate().map(|(at, id)| (*id, at));
        let places = places.collect::<BTreeMap<_, _>>();
        let wants = order.iter().map(|id| {
            let next = nodes[id].deps.iter().filter(|next| {
                let mut kinds = next.dep_kinds.iter();
                kinds.any(|kind| kind.kind == DependencyKind::Normal)
            });
            let next = next.filter_map(|next| places.get(&next.pkg).copied());
            next.filter(|&at| found[order[at]].1).collect()
        });
        Ok(Self {
            wants: wants.collect(),
            members: members.collect(),
        })
    }

    /// The crates that the program's own depends on, each with itself and all that come into the
    /// program by it alone.
    pub fn branches(&self) -> Vec<(&Member, Vec<&Member>)> {
        let all = self.reached(0, None);
        let branches = self.wants[0].iter().map(|&first| {
            let others = self.reached(0, Some(first));
            let alone = all.iter().filter(|at| !others.contains(at));
            (
                &self.members[first],
                alone.map(|&at| &self.members[at]).collect(),
            )
        });
        branches.collect()
    }

    /// The crates of the program that come by several of those that its own depends on, with the
    /// names of these.
    pub fn shared(&self) -> Vec<(&Member, Vec<&str>)> {
        let ways = self.wants[0]
            .iter()
            .map(|&first| (first, self.reached(first, None)));
        let ways = ways.collect::<Vec<_>>();
        let without = self.wants[0]
            .iter()
            .map(|&first| self.reached(0, Some(first)));
        let always = without.reduce(|a, b| &a & &b).unwrap_or_default();
        let by = |at: usize| {
            let ways = ways.iter().filter(|(_, below)| below.contains(&at));
            ways.map(|(first, _)| self.members[*first].name()).collect()
        };
        let always = always.into_iter().filter(|&at| at != 0);
        always.map(|at| (&self.members[at], by(at))).collect()
    }

    /// What `start` brings into the program, where it does not itself depend on `without`.
    fn reached(&self, start: usize, without: Option<usize>) -> BTreeSet<usize> {
        let mut reached = BTreeSet::from([start]);
        let mut ahead = vec![start];
        while let Some(at) = ahead.pop() {
            for &next in &self.wants[at] {
                let cut = at == start && without == Some(next);
                if !cut && reached.insert(next) {
                    ahead.push(next);
                }
            }
        }
        reached
    }

    /// The features of the program's own crate that bring a crate it depends on; none where it
    /// always does.
    pub fn features_for(&self, first: &str) -> Vec<String> {
        let root = self.root();
        let optional = root.package.dependencies.iter();
        let optional = optional.filter(|dependency| dependency.optional);
        if !optional
            .map(|dependency| &dependency.name)
            .any(|name| name == first)
        {
            return Vec::new();
        }
        let names = [first.to_owned(), format!("dep:{first}")];
        let with = [format!("{first}/"), format!("{first}?/")];
        let brings = |value: &String| {
            names.contains(value) || with.iter().any(|start| value.starts_with(start))
        };
        let on = root.features.iter().filter(|name| {
            let values = root.package.features.get(*name);
            name.as_str() == first || values.is_some_and(|values| values.iter().any(brings))
        });
        on.map(|name| format!("`{name}`")).collect()
    }

    pub fn root(&self) -> &Member {
        &self.members[0]
    }

    pub fn find(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name() == name)
    }

    /// How a crate comes into the program: `via reqwest, native-tls`.
    pub fn way(&self, member: &Member) -> String {
        match member.path.get(1..).unwrap_or_default() {
            [] => format!("used by {} itself", self.root().name()),
            between => format!("via {}", between.join(", ")),
        }
    }

    /// What to leave out to be rid of a crate: features of the program's own crate, or else the
    /// dependency of it that brings it.
    pub fn remedy(&self, member: &Member) -> String {
        let first = member.path.get(1).map_or(member.name(), String::as_str);
        let root = self.root();
        let on = self.features_for(first);
        if !on.is_empty() {
            return format!(
                "leave out the feature {} of {} (use --no-default-features, and --features with the others)",
                on.join(" or "),
                root.name()
            );
        }
        let dependency = self.find(first).unwrap_or(member);
        let instead = dependency.package.features.keys();
        let instead = instead.filter(|name| {
            ["rustls", "ring", "bundled", "vendored"]
                .iter()
                .any(|word| name.contains(word))
        });
        let instead = instead
            .take(4)
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>();
        match instead.is_empty() {
            true => format!(
                "{} always depends on {first}: use another crate or another version",
                root.name()
            ),
            false => format!(
                "in {}'s Cargo.toml, give {first} `default-features = false` and one of its features {}",
                root.name(),
                instead.join(", ")
            ),
        }
    }
}

fn is_macro(package: &Package) -> bool {
    package
        .targets
        .iter()
        .any(|target| target.kind.contains(&TargetKind::ProcMacro))
}
