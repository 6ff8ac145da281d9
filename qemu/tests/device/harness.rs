//! The runner of the tests: what an image cannot take is shown as ignored, with the reason.
//!
//! `cargo test`'s own runner decides at compile time what it ignores. Here the board decides, so
//! libtest-mimic takes its place, with the same arguments and output. What it leaves out is here:
//! a test's words are kept until it fails (`--nocapture` shows them at once).

use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::json;

/// The environment variable that names the file for the results, as JSON: `passed`, `failed`,
/// and `not_applicable`, a list of `test: reason`.
const RESULTS_VARIABLE: &str = "TINYRUST_RESULTS";

/// A test, as [`tests!`](crate::tests) writes it.
pub(crate) struct Test {
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
    /// Why the image under test cannot take it, if so.
    pub(crate) unless: fn() -> Option<String>,
}

/// The tests of a module, each with the function that says why it is not applicable. A test that
/// is missing in the list is dead code, which clippy refuses.
#[macro_export]
macro_rules! tests {
    ($($name:ident $(unless $reason:path)?),+ $(,)?) => {
        pub(crate) const TESTS: &[$crate::harness::Test] = &[$(
            $crate::harness::Test {
                module: module_path!(),
                name: stringify!($name),
                run: $name,
                unless: $crate::tests!(@unless $($reason)?),
            }
        ),+];
    };
    (@unless) => { || None };
    (@unless $reason:path) => { $reason };
}

/// The test that a thread works for.
#[derive(Clone)]
pub(crate) struct Running {
    name: &'static str,
    /// What it said; nothing is kept where everything is shown at once.
    said: Option<Arc<Mutex<String>>>,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

impl Running {
    /// The test that this thread works for.
    pub(crate) fn here() -> Self {
        Self::find().expect("only tests ask")
    }

    /// From now on this thread works for the test.
    pub(crate) fn enter(&self) {
        RUNNING.set(Some(self.clone()));
    }

    /// Its name without the module's.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    fn find() -> Option<Self> {
        RUNNING.with_borrow(Clone::clone)
    }

    fn say(&self, words: fmt::Arguments<'_>) {
        match &self.said {
            Some(said) => {
                let mut said = said.lock().expect("nobody panics with it");
                *said += &format!("{words}\n");
            }
            None => println!("{words}"),
        }
    }
}

/// Says something that helps where the test fails.
pub(crate) fn say(words: fmt::Arguments<'_>) {
    Running::here().say(words);
}

/// Runs the tests that the command line asks for.
pub(crate) fn main(modules: &[&'static [Test]]) -> ExitCode {
    let arguments = Arguments::from_args();
    let keep = !arguments.nocapture;
    if keep {
        let otherwise = panic::take_hook();
        panic::set_hook(Box::new(move |panic| match Running::find() {
            Some(running) => running.say(format_args!("{}", Told(panic))),
            None => otherwise(panic),
        }));
    }
    let not_applicable = Arc::new(Mutex::new(Vec::new()));
    let trials = modules.iter().copied().flatten().map(|test| {
        let not_applicable = Arc::clone(&not_applicable);
        // Without the program's own name.
        let module = test
            .module
            .split_once("::")
            .map_or("", |(_, module)| module);
        let name = format!("{module}::{}", test.name);
        let line = name.clone();
        Trial::ignorable_test(name, move || {
            let completion = run(test, keep)?;
            if let Completion::Ignored {
                reason: Some(reason),
            } = &completion
            {
                let mut lines = not_applicable.lock().expect("nobody panics with it");
                lines.push(format!("{line}: {reason}"));
            }
            Ok(completion)
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if let Some(path) = std::env::var_os(RESULTS_VARIABLE) {
        let mut lines = not_applicable.lock().expect("nobody panics with it");
        lines.sort();
        let results = json!({
            "passed": conclusion.num_passed,
            "failed": conclusion.num_failed,
            "not_applicable": *lines,
        });
        if let Err(error) = std::fs::write(&path, results.to_string()) {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    conclusion.exit_code()
}

fn run(test: &Test, keep: bool) -> Result<Completion, Failed> {
    let running = Running {
        name: test.name,
        said: keep.then(Arc::default),
    };
    running.enter();
    let done = panic::catch_unwind(AssertUnwindSafe(|| match (test.unless)() {
        Some(reason) => Completion::ignored_with(reason),
        None => {
            (test.run)();
            Completion::Completed
        }
    }));
    RUNNING.set(None);
    done.map_err(|_| match running.said {
        Some(said) => Failed::from(said.lock().expect("nobody panics with it").trim_end()),
        // It has been shown.
        None => Failed::without_message(),
    })
}

/// A panic as the standard library's own hook words it.
struct Told<'a>(&'a PanicHookInfo<'a>);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = self.0.location().expect("the compiler knows it");
        let payload = self.0.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| Some(payload.downcast_ref::<String>()?.as_str()));
        let message = text.unwrap_or("something that is no text");
        write!(f, "panicked at {location}:\n{message}")
    }
}
