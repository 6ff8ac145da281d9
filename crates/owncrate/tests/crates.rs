//! Crates made for the purpose, resolved by the real cargo: what is found, what is refused, and
//! what becomes of the board's map.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use board::units::Bytes;
use buildkit::cache::Cache;
use buildkit::command::Log;
use owncrate::obstacles::{self, Kernel, Target};
use owncrate::parts::Parts;
use owncrate::{OwnCrate, Request, cut, map};
use tempfile::TempDir;

const TARGET: &str = "armv7-unknown-linux-musleabihf";

/// A folder with crates, each a library unless it has a main.rs.
struct Crates(TempDir);

impl Crates {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Adds a crate: what its Cargo.toml has behind the name, and its files.
    fn with(self, name: &str, manifest: &str, files: &[(&str, &str)]) -> Self {
        let folder = self.0.path().join(name);
        fs::create_dir_all(folder.join("src")).unwrap();
        let version = match manifest.starts_with("version") {
            true => "",
            false => "version = \"1.0.0\"\n",
        };
        let text = format!("[package]\nname = \"{name}\"\n{version}edition = \"2021\"\n{manifest}");
        fs::write(folder.join("Cargo.toml"), text).unwrap();
        let is_program = files
            .iter()
            .any(|(file, _)| *file == "src/main.rs" || file.starts_with("src/bin"));
        if !is_program {
            fs::write(folder.join("src/lib.rs"), "").unwrap();
        }
        for (file, text) in files {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn find(&self, request: Request) -> anyhow::Result<OwnCrate> {
        let cache = Cache::open(&self.0.path().join("cache")).unwrap();
        let log = Log::create(&self.0.path().join("log")).unwrap();
        OwnCrate::find(&request, TARGET, &cache, &log)
    }

    fn app(&self) -> OwnCrate {
        self.find(self.request("app")).unwrap()
    }

    fn request(&self, name: &str) -> Request {
        Request {
            source: self.path(name).display().to_string(),
            ..Request::default()
        }
    }

    /// What is said of the crate `app`.
    fn refusal(&self, atomic_64: bool) -> String {
        self.refusal_by(&Target {
            triple: TARGET.to_owned(),
            atomic_64,
            kernel: None,
        })
    }

    fn refusal_by(&self, target: &Target) -> String {
        match obstacles::refuse(&self.app(), target) {
            Ok(()) => String::new(),
            Err(error) => format!("{error:#}"),
        }
    }
}

const MAIN: (&str, &str) = ("src/main.rs", "fn main() {}");

#[test]
fn the_program_is_the_only_one_the_default_or_the_named() {
    let crates = Crates::new()
        .with("one", "", &[MAIN])
        .with("library", "", &[])
        .with(
            "two",
            "",
            &[
                ("src/bin/a.rs", "fn main() {}"),
                ("src/bin/b.rs", "fn main() {}"),
            ],
        )
        .with(
            "run",
            "default-run = \"b\"\n",
            &[
                ("src/bin/a.rs", "fn main() {}"),
                ("src/bin/b.rs", "fn main() {}"),
            ],
        );
    let bin = |request| {
        crates
            .find(request)
            .map(|own| own.bin)
            .map_err(|error| format!("{error:#}"))
    };
    assert_eq!(bin(crates.request("one")).unwrap(), "one");
    assert_eq!(bin(crates.request("run")).unwrap(), "b");
    let named = |bin: &str| Request {
        bin: Some(bin.to_owned()),
        ..crates.request("two")
    };
    assert_eq!(bin(named("a")).unwrap(), "a");
    assert!(bin(named("c")).unwrap_err().contains("it has: a, b"));
    assert!(
        bin(crates.request("two"))
            .unwrap_err()
            .contains("choose one with --bin: a, b")
    );
    assert!(
        bin(crates.request("library"))
            .unwrap_err()
            .contains("is a library")
    );
    let nowhere = bin(Request {
        source: "/".into(),
        ..Request::default()
    });
    assert!(nowhere.unwrap_err().contains("has no Cargo.toml"));
    let wrong = bin(Request {
        source: "a b".into(),
        ..Request::default()
    });
    assert!(
        wrong
            .unwrap_err()
            .contains("neither a folder nor the name of a crate")
    );
}

#[test]
fn the_system_s_libraries_are_refused_with_the_feature_that_brings_them() {
    let sys = "links = \"ssl\"\nbuild = \"build.rs\"\n[features]\nvendored = []\n\
               [build-dependencies]\npkg-config = { path = \"../pkg-config\" }\n";
    let crates = Crates::new()
        .with("pkg-config", "", &[])
        .with("openssl-sys", sys, &[("build.rs", "fn main() {}")])
        .with(
            "native-tls",
            "[dependencies]\nopenssl-sys = { path = \"../openssl-sys\" }\n",
            &[],
        )
        .with(
            "app",
            "[features]\ndefault = [\"tls\"]\ntls = [\"dep:native-tls\"]\n\
             [dependencies]\nnative-tls = { path = \"../native-tls\", optional = true }\n",
            &[MAIN],
        );
    let refusal = crates.refusal(true);
    for said in [
        "openssl-sys 1.0.0 (via native-tls) links the system library ssl",
        "leave out the feature `tls` of app",
        "its feature `vendored`",
        "--anyway",
    ] {
        assert!(refusal.contains(said), "{said} is not in: {refusal}");
    }
    let without = Request {
        no_default_features: true,
        ..crates.request("app")
    };
    let own = crates.find(without).unwrap();
    assert!(own.selection.contains(&"--no-default-features".to_owned()));
    let target = Target {
        triple: TARGET.to_owned(),
        atomic_64: true,
        kernel: None,
    };
    assert!(obstacles::all(&own, &target).unwrap().is_empty());
}

#[test]
fn what_brings_its_library_is_let_through() {
    let sys = "links = \"onig\"\nbuild = \"build.rs\"\n[build-dependencies]\npkg-config = { path = \"../pkg-config\" }\n";
    let files = ["a", "b", "c", "d", "e"].map(|name| format!("lib/{name}.c"));
    let mut all = files
        .iter()
        .map(|file| (file.as_str(), ""))
        .collect::<Vec<_>>();
    all.push(("build.rs", "fn main() {}"));
    let depends = "[dependencies]\nx-sys = { path = \"../x-sys\" }\n";
    let crates = |files: &[(&str, &str)]| {
        Crates::new()
            .with("pkg-config", "", &[])
            .with("x-sys", sys, files)
            .with("app", depends, &[MAIN])
    };
    assert_eq!(crates(&all).refusal(true), "");
    let refusal = crates(&all[4..]).refusal(true);
    assert!(
        refusal.contains("x-sys 1.0.0 (used by app itself) links the system library onig"),
        "{refusal}"
    );
    assert!(refusal.contains("app always depends on x-sys"), "{refusal}");
}

#[test]
fn c_plus_plus_and_libclang_are_refused_and_comments_are_none() {
    let depends = "[dependencies]\nold = { path = \"../old\" }\n";
    let with = |build: &str, manifest: &str| {
        Crates::new()
            .with("bindgen", "", &[])
            .with(
                "old",
                &format!("build = \"build.rs\"\n{manifest}"),
                &[("build.rs", build)],
            )
            .with("app", depends, &[MAIN])
            .refusal(true)
    };
    assert!(with("fn main() { cc::Build::new().cpp(true); }", "").contains("compiles C++"));
    assert_eq!(with("// .cpp(true)\nfn main() {}", ""), "");
    let bindgen = "[build-dependencies]\nbindgen = { path = \"../bindgen\" }\n";
    assert!(with("fn main() {}", bindgen).contains("libclang"));
    let fetches = "fn main() { Command::new(\"curl\").arg(\"https://site.example/ui.zip\"); }";
    assert!(with(fetches, "").contains("a build script that downloads"));
    let vendored = "[features]\ndefault = [\"vendored\"]\nvendored = []\n";
    assert_eq!(with(fetches, vendored), "");
    let offered = with(fetches, "[features]\nvendored = []\n");
    assert!(offered.contains("its feature `vendored`"), "{offered}");
}

#[test]
fn what_the_target_has_not_is_found_in_the_source() {
    let wide = "use std::sync::atomic::AtomicU64; // for counts\n";
    let crates = |text: &str| {
        Crates::new()
            .with("counts", "", &[("src/lib.rs", text)])
            .with(
                "app",
                "[dependencies]\ncounts = { path = \"../counts\" }\n",
                &[MAIN],
            )
    };
    let refusal = crates(wide).refusal(false);
    assert!(
        refusal.contains("counts 1.0.0 (used by app itself) uses AtomicU64, and armv7"),
        "{refusal}"
    );
    assert_eq!(crates(wide).refusal(true), "");
    assert_eq!(crates("// AtomicU64\n").refusal(false), "");
    let knows = format!("#[cfg(target_has_atomic = \"64\")]\n{wide}");
    assert_eq!(crates(&knows).refusal(false), "");
}

#[test]
fn what_the_kernel_has_not_is_answered_with_the_option() {
    let crates = Crates::new()
        .with("inotify", "", &[])
        .with(
            "watch",
            "[dependencies]\ninotify = { path = \"../inotify\" }\n",
            &[],
        )
        .with(
            "app",
            "[dependencies]\nwatch = { path = \"../watch\" }\n",
            &[MAIN],
        );
    let refusal = |fragments: &str| {
        crates.refusal_by(&Target {
            triple: TARGET.to_owned(),
            atomic_64: true,
            kernel: Some(Kernel {
                text: fragments.to_owned(),
                file: "boards/b/linux.config".to_owned(),
            }),
        })
    };
    let without = refusal("CONFIG_NET=y\n# CONFIG_INOTIFY_USER is not set\n");
    for said in [
        "inotify 1.0.0 (via watch) uses inotify, which the board's kernel lacks",
        "add CONFIG_INOTIFY_USER=y to boards/b/linux.config",
    ] {
        assert!(without.contains(said), "{said} is not in: {without}");
    }
    assert_eq!(refusal("CONFIG_INOTIFY_USER=y\n"), "");
}

#[test]
fn names_that_musl_dropped_are_answered_with_the_crate_to_update() {
    let crates = |libc: &str| {
        let depends = "[dependencies]\nlibc = { path = \"../libc\" }\n";
        Crates::new()
            .with("libc", &format!("version = \"{libc}\"\n"), &[])
            .with(
                "random",
                depends,
                &[("src/lib.rs", "use libc::open64 as open;\n")],
            )
            .with(
                "app",
                "[dependencies]\nrandom = { path = \"../random\" }\n",
                &[MAIN],
            )
            .refusal(true)
    };
    let refusal = crates("0.2.132");
    assert!(
        refusal.contains("random 1.0.0 (used by app itself) calls open64 of libc 0.2.132"),
        "{refusal}"
    );
    assert!(refusal.contains("cargo update --package libc"), "{refusal}");
    assert_eq!(crates("0.2.146"), "");
}

#[test]
fn a_folder_s_lock_is_its_owner_s_to_update() {
    let crates = Crates::new().with("app", "", &[MAIN]);
    let error = crates.find(Request {
        update: vec!["libc".into()],
        ..crates.request("app")
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("`cargo update libc`"), "{error}");
}

#[test]
fn the_map_has_the_program_s_budget_and_none_of_ours() {
    let crates = Crates::new().with(
        "app",
        "",
        &[
            MAIN,
            (
                "tinyrust.toml",
                "[app]\nport = 8080\npath = \"/up\"\nbudget = \"900 KiB\"\n",
            ),
        ],
    );
    let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards");
    for name in board::names(&boards).unwrap() {
        let text = fs::read_to_string(boards.join(&name).join("board.toml")).unwrap();
        let before = board::Board::parse(&text, "board.toml".as_ref()).unwrap();
        let (new, board) = map::derive(&text, &crates.app(), "out/board.toml".as_ref()).unwrap();
        assert_eq!(board.port(), 8080);
        assert_eq!(board.server.as_ref().unwrap().path, "/up");
        assert!(board.slot_budget.is_none() && board.partitions.iter().all(|p| p.budget.is_none()));
        let component = board.component("app").unwrap();
        assert_eq!(component.budget.bytes.0, 900 << 10);
        assert_eq!(component.path.as_deref(), Some("/usr/bin/app"));
        assert!(board.component("server").is_none() && board.component("server-elf").is_none());
        // The chip is the same.
        let chip = |board: &board::Board| {
            let all = board.partitions.iter();
            all.map(|p| (p.name.clone(), p.offset, p.size))
                .collect::<Vec<_>>()
        };
        assert_eq!(chip(&board), chip(&before), "{name}");
        assert!(
            new.starts_with(&format!(
                "# The map of boards/{name}/board.toml for app 1.0.0"
            )),
            "{new}"
        );
    }
}

#[test]
fn the_script_says_everything_the_table_says() {
    let table =
        "[app]\narguments = [\"--name\", \"it's a $(x)\"]\nenvironment = { RUST_LOG = \"a b\" }\n";
    let crates = Crates::new()
        .with("app", "", &[MAIN, ("tinyrust.toml", table)])
        .with("tinyrust", "", &[MAIN]);
    let script = crates.app().script().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    fs::write(
        &program,
        "#!/bin/sh\necho \"$RUST_LOG|$HOME|$PWD\"\nfor word; do echo \"$word\"; done\n",
    )
    .unwrap();
    // The same script, with a folder and a program of this machine.
    let here = folder.path().display().to_string();
    let script = script
        .replace("/data/tinyrust", &here)
        .replace("/usr/bin/app", &format!("sh {}", program.display()));
    let said =
        buildkit::command::output(buildkit::command::tool("sh").args(["-c", &script])).unwrap();
    assert_eq!(said, format!("a b|{here}|{here}\n--name\nit's a $(x)\n"));
    let own = crates.find(crates.request("tinyrust")).unwrap();
    assert_eq!(own.installed(), "/usr/libexec/tinyrust");
    let replaced = crates.find(Request {
        arguments: vec!["-p".into()],
        ..crates.request("app")
    });
    assert!(
        replaced
            .unwrap()
            .script()
            .unwrap()
            .ends_with("exec /usr/bin/app -p\n")
    );
}

#[test]
fn each_dependency_is_weighed_with_what_it_alone_brings() {
    let on = |name: &str| format!("{name} = {{ path = \"../{name}\" }}\n");
    let crates = Crates::new()
        .with("both", "", &[])
        .with("deep", "", &[])
        .with(
            "http",
            &format!("[dependencies]\n{}{}", on("both"), on("deep")),
            &[],
        )
        .with("cc", "", &[])
        .with(
            "tls",
            &format!(
                "build = \"build.rs\"\n[dependencies]\n{}[build-dependencies]\n{}",
                on("both"),
                on("cc")
            ),
            &[("build.rs", "fn main() {}")],
        )
        .with(
            "app",
            &format!(
                "[features]\ndefault = [\"secure\", \"small\"]\nsecure = [\"dep:tls\"]\nsmall = []\n[dependencies]\n{}\
                 tls = {{ path = \"../tls\", optional = true }}\n",
                on("http")
            ),
            &[MAIN],
        );
    let size = |name: &str, bytes| (name.to_owned(), bytes);
    let parts = Parts {
        total: 2_000,
        crates: vec![
            size("http", 400),
            size("deep", 100),
            size("both", 300),
            size("tls", 700),
            size("std", 200),
            size("app", 300),
        ],
        functions: Vec::new(),
    };
    let table = cut::table(&crates.app(), &parts, 1_000);
    let rows = table
        .lines()
        .skip(4)
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let rows = rows.collect::<Vec<_>>();
    assert_eq!(
        rows[..5],
        [
            "tls 1.0.0 1 700 350 feature `secure`",
            "http 1.0.0 2 500 250",
            "both 1.0.0 300 150 by http, tls",
            "the program itself 300 150",
            "std 200 100",
        ],
        "{table}"
    );
    let features = table
        .split_once("without the feature")
        .map(|(_, rest)| rest);
    assert_eq!(
        features,
        Some(
            " `secure` (--no-default-features --features=small): at least 700 bytes less, 350 \
             on flash: 1 crate, the C code of tls 1.0.0, and whatever only they call\n"
        ),
        "{table}"
    );
}

#[test]
fn a_slot_is_cut_anew_where_its_images_fit_otherwise() {
    let crates = Crates::new().with("app", "", &[MAIN]);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards/ast2600-evb/board.toml");
    let text = fs::read_to_string(file).unwrap();
    let (text, board) = map::derive(&text, &crates.app(), "b.toml".as_ref()).unwrap();
    let used = |kernel: u64, rootfs: u64| {
        let sizes = [("kernel", kernel), ("rootfs", rootfs)];
        let slots = ["a", "b"].into_iter();
        slots
            .flat_map(|slot| {
                sizes.map(|(name, size)| (format!("{name}-{slot}"), Bytes(size << 10)))
            })
            .collect::<BTreeMap<_, _>>()
    };
    let recut = |kernel, rootfs| map::recut(&text, &board, &used(kernel, rootfs)).unwrap();
    assert_eq!(recut(1100, 1500), None, "everything fits");
    assert_eq!(recut(1100, 2000), None, "too much for the slot");
    let cut = board::Board::parse(&recut(1100, 1600).unwrap(), "b.toml".as_ref()).unwrap();
    let sizes = cut
        .partitions
        .iter()
        .map(|p| (p.name.as_str(), p.offset.get() >> 10, p.size.get() >> 10));
    assert_eq!(
        sizes.collect::<Vec<_>>(),
        [
            ("boot", 0, 448),
            ("env", 448, 64),
            ("kernel-a", 512, 1152),
            ("rootfs-a", 1664, 1920),
            ("kernel-b", 3584, 1152),
            ("rootfs-b", 4736, 1920),
            ("data", 6656, 1536),
        ]
    );
}
