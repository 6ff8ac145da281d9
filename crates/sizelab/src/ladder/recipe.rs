//! How one row's program is built: every setting that Cargo is given.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::inputs::steps::SizeSteps;
use super::target::{Program, Target};
use buildkit::command::tool;
use buildkit::key::Key;
use rustcheck::profiles::Resolved;

/// Cargo's name for the profile of a row; no Cargo.toml knows it.
const PROFILE: &str = "ladder";

/// All settings of one build.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub program: Program,
    pub target: Target,
    /// Profile keys, `inherits` among them.
    pub profile: toml::Table,
    /// The package's default features are on.
    pub default_features: bool,
    /// Flags beyond the target's.
    pub rustflags: Vec<String>,
    /// How the standard library is rebuilt, if it is.
    pub std: Option<Resolved>,
    /// Changes to the sources of crates: files of crates/sizelab/patches, named `crate-version.patch`.
    pub patches: Vec<PathBuf>,
    /// Crates in another version than the lock file's.
    pub versions: Vec<(String, String)>,
    pub strip: bool,
    pub upx: bool,
}

impl Recipe {
    /// The recipe of a row of the ladder: a build's defaults and some steps.
    pub fn of_steps(
        steps: &SizeSteps,
        build: &str,
        chosen: &[String],
        program: Program,
        target: Target,
        profile: impl Fn(&str) -> Result<Resolved>,
    ) -> Result<Self> {
        let mut recipe = Self {
            program,
            target,
            profile: steps.base(build)?.clone(),
            default_features: true,
            rustflags: Vec::new(),
            std: None,
            patches: Vec::new(),
            versions: Vec::new(),
            strip: false,
            upx: false,
        };
        for step in steps.in_order(chosen)? {
            recipe.profile.extend(step.profile.clone());
            recipe.default_features &= step.default_features;
            recipe.strip |= step.strip;
            recipe.upx |= step.upx;
            if let Some(name) = &step.std {
                recipe.rebuild_std(profile(name)?);
            }
        }
        if recipe.std.is_none() && !recipe.target.prebuilt_std {
            // As the prebuilt library is: with its default features and nothing else.
            recipe.std = Some(Resolved {
                build_std: vec!["std".to_owned(), "panic_abort".to_owned()],
                ..Resolved::default()
            });
        }
        Ok(recipe)
    }

    /// Rebuilds the standard library, with what belongs to it.
    pub fn rebuild_std(&mut self, std: Resolved) {
        if let Some(panic) = &std.panic {
            self.profile
                .insert("panic".to_owned(), panic.clone().into());
        }
        self.rustflags.extend(std.rustflags.iter().cloned());
        self.std = Some(std);
    }

    /// The same without the last tool that changes the finished program; none where there is
    /// no such tool.
    pub fn before_last_tool(&self) -> Option<Self> {
        let mut before = self.clone();
        match (self.strip, self.upx) {
            (_, true) => before.upx = false,
            (true, false) => before.strip = false,
            (false, false) => return None,
        }
        Some(before)
    }

    /// The cargo command for the package in `package`, into a target folder.
    pub fn command(&self, package: &Path, target_dir: &Path) -> std::process::Command {
        let mut cargo = tool("cargo");
        cargo
            .arg("build")
            .arg("--manifest-path")
            .arg(package.join("Cargo.toml"))
            .arg("--locked")
            .args(&self.program.select)
            .args(["--profile", PROFILE, "--target", &self.target.triple])
            .arg("--target-dir")
            .arg(target_dir);
        for config in self.configs() {
            cargo.arg("--config").arg(config);
        }
        if !self.default_features {
            cargo.arg("--no-default-features");
        }
        if let Some(std) = &self.std {
            cargo.arg(format!("-Zbuild-std={}", std.build_std.join(",")));
            if !std.build_std_features.is_empty() {
                let features = std.build_std_features.join(",");
                cargo.arg(format!("-Zbuild-std-features={features}"));
            }
        }
        if self.panic() == Some("immediate-abort") {
            cargo.arg("-Zpanic-immediate-abort");
        }
        if self.unstable() {
            cargo.env("RUSTC_BOOTSTRAP", "1");
        }
        if let Some(gcc) = &self.target.linker {
            // The allocator is C.
            let triple = self.target.triple.replace(['-', '.'], "_");
            cargo.env(format!("CC_{triple}"), gcc);
        }
        cargo
    }

    /// What progress calls it.
    pub fn describe(&self) -> String {
        let mut words = vec![self.program.name.clone(), self.target.triple.clone()];
        for key in ["inherits", "opt-level", "lto", "panic"] {
            let value = self.profile.get(key);
            words.extend(value.map(|value| format!("{key}={value}").replace('"', "")));
        }
        let parts = [
            ("mimalloc", self.default_features),
            ("std", self.std.is_some()),
            ("patched", !self.patches.is_empty()),
            ("strip", self.strip),
            ("upx", self.upx),
        ];
        words.extend(
            parts
                .iter()
                .filter(|(_, on)| *on)
                .map(|(name, _)| (*name).to_owned()),
        );
        words.join(" ")
    }

    /// Where [`command`](Self::command) puts the program.
    pub fn product(&self, target_dir: &Path) -> PathBuf {
        target_dir
            .join(&self.target.triple)
            .join(PROFILE)
            .join(self.program.folder)
            .join(&self.program.name)
    }

    /// All that decides what comes out, but for the sources and the compiler.
    pub fn key(&self, key: Key) -> Key {
        let std = self.std.clone().unwrap_or_default();
        key.field("configs", self.configs().join("\n"))
            .field("select", self.program.select.join(" "))
            .field("triple", &self.target.triple)
            .field("default-features", self.default_features.to_string())
            .field("build-std", std.build_std.join(","))
            .field("build-std-features", std.build_std_features.join(","))
            .field("versions", format!("{:?}", self.versions))
            .field("strip", self.strip.to_string())
            .field("upx", self.upx.to_string())
    }

    /// The settings that Cargo.toml or .cargo/config.toml would hold.
    fn configs(&self) -> Vec<String> {
        let mut configs = self
            .profile
            .iter()
            .map(|(key, value)| format!("profile.{PROFILE}.{key}={value}"))
            .collect::<Vec<_>>();
        let mut flags = [&self.target.rustflags[..], &self.rustflags[..]].concat();
        if !self.patches.is_empty() {
            // Cargo silences the lints of crates from a registry, not of those from a folder.
            // `allow` would silence what rustc tells Cargo of the target as well.
            flags.push("--cap-lints=warn".to_owned());
        }
        if !flags.is_empty() {
            let flags = toml::Value::from(flags);
            configs.push(format!("target.{}.rustflags={flags}", self.target.triple));
        }
        if let Some(linker) = &self.target.linker {
            let linker = toml::Value::from(linker.display().to_string());
            configs.push(format!("target.{}.linker={linker}", self.target.triple));
        }
        configs
    }

    fn panic(&self) -> Option<&str> {
        self.profile.get("panic").and_then(toml::Value::as_str)
    }

    fn unstable(&self) -> bool {
        self.std.is_some() || self.rustflags.iter().any(|flag| flag.starts_with("-Z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(chosen: &[&str]) -> Recipe {
        let steps: SizeSteps = toml::from_str(
            r#"
            schema = 1
            [build.release]
            inherits = "release"
            opt-level = 3
            panic = "unwind"
            [[step]]
            name = "malloc"
            title = ""
            trade-off = ""
            default-features = false
            [[step]]
            name = "oz"
            title = ""
            trade-off = ""
            profile = { opt-level = "z" }
            [[step]]
            name = "std"
            title = ""
            trade-off = ""
            std = "tiny"
            "#,
        )
        .unwrap();
        let profile = |_: &str| {
            Ok(Resolved {
                build_std: vec!["std".into(), "panic_abort".into()],
                build_std_features: Vec::new(),
                panic: Some("immediate-abort".into()),
                rustflags: vec!["-Zfmt-debug=none".into()],
                ..Resolved::default()
            })
        };
        let program = Program {
            package: "app".into(),
            select: vec!["--example".into(), "hello".into()],
            name: "hello".into(),
            folder: "examples",
            argument: "{port}",
        };
        let target = Target {
            triple: "x".into(),
            rustflags: vec!["-Ca".into()],
            ..Target::native()
        };
        let chosen = chosen
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>();
        Recipe::of_steps(&steps, "release", &chosen, program, target, profile).unwrap()
    }

    fn line(recipe: &Recipe) -> String {
        buildkit::command::show(&recipe.command(Path::new("app"), Path::new("t")))
    }

    #[test]
    fn the_baseline_is_what_cargo_does_by_default() {
        let line = line(&recipe(&[]));
        assert!(line.contains("profile.ladder.opt-level=3"), "{line}");
        assert!(
            !line.contains("-Z") && !line.contains("--no-default"),
            "{line}"
        );
    }

    #[test]
    fn steps_stack_in_the_order_of_the_file_whatever_order_is_asked_for() {
        let line = line(&recipe(&["std", "oz", "malloc"]));
        for part in [
            "profile.ladder.opt-level=\"z\"",
            "profile.ladder.panic=\"immediate-abort\"",
            "--no-default-features",
            "-Zbuild-std=std,panic_abort",
            "-Zpanic-immediate-abort",
            "target.x.rustflags=[\"-Ca\", \"-Zfmt-debug=none\"]",
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }

    #[test]
    fn tools_come_after_one_another() {
        let mut recipe = recipe(&[]);
        (recipe.strip, recipe.upx) = (true, true);
        let stripped = recipe.before_last_tool().unwrap();
        assert_eq!((stripped.strip, stripped.upx), (true, false));
        let plain = stripped.before_last_tool().unwrap();
        assert_eq!((plain.strip, plain.upx), (false, false));
        assert!(plain.before_last_tool().is_none());
    }

    #[test]
    fn every_setting_is_in_the_key() {
        let digest = |recipe: &Recipe| recipe.key(Key::new("t", 1)).digest();
        let base = digest(&recipe(&[]));
        for step in ["malloc", "oz", "std"] {
            assert_ne!(base, digest(&recipe(&[step])), "{step}");
        }
        let mut patched = recipe(&[]);
        patched
            .versions
            .push(("idna_adapter".into(), "1.0.0".into()));
        assert_ne!(base, digest(&patched));
    }
}
