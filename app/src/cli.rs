//! The command line and its equivalents in the environment.

use std::ffi::OsString;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::Arg;
use thiserror::Error;

use crate::build_info;
use crate::limits::Limits;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve.
    Run(Config),
    /// Print the help.
    Help,
    /// Print the version.
    Version,
}

/// How to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Threads that answer.
    pub workers: usize,
    /// What one client may take.
    pub limits: Limits,
    /// Where the system's files are.
    pub root: PathBuf,
}

/// What is wrong with the command line or the environment, in one line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UsageError {
    /// An unknown option, or a word that is not an option.
    #[error("{0}; see --help")]
    Syntax(String),
    /// A value that its option does not accept.
    #[error("{source_name}: `{value}` is not {expected}; see --help")]
    Value {
        /// The option or the environment variable.
        source_name: String,
        /// What was given.
        value: String,
        /// What it takes.
        expected: String,
    },
}

const LISTEN: &str = "listen";
const LISTEN_DEFAULT: &str = "0.0.0.0:80";
const ROOT: &str = "root";
const ROOT_DEFAULT: &str = "/";

/// An option that takes a whole number.
struct Number {
    name: &'static str,
    default: u32,
    min: u32,
    max: u32,
    help: &'static str,
}

const NUMBERS: [Number; 8] = [
    Number {
        name: "workers",
        default: 1,
        min: 1,
        max: 64,
        help: "worker threads",
    },
    Number {
        name: "max-connections",
        default: 64,
        min: 1,
        max: 10_000,
        help: "connections per worker; others wait",
    },
    Number {
        name: "max-head",
        default: 8192,
        min: 256,
        max: 131_072,
        help: "max bytes in a request head, else 431",
    },
    Number {
        name: "max-body",
        default: 65_536,
        min: 0,
        max: u32::MAX,
        help: "max bytes in a request body, else 413",
    },
    Number {
        name: "request-timeout",
        default: 5,
        min: 1,
        max: 3600,
        help: "seconds to send a request head, else 408",
    },
    Number {
        name: "keep-alive",
        default: 0,
        min: 0,
        max: 3600,
        help: "idle seconds between requests; 0 turns it off",
    },
    Number {
        name: "write-timeout",
        default: 10,
        min: 1,
        max: 3600,
        help: "seconds a client may stall while reading",
    },
    Number {
        name: "drain-timeout",
        default: 10,
        min: 0,
        max: 3600,
        help: "seconds to finish requests after SIGTERM",
    },
];

/// Reads the environment, then the command line, which wins.
///
/// # Errors
/// The first option or variable that is unknown, lacks its value or has a wrong one.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, UsageError> {
    let mut settings = Settings {
        listen: OsString::from(LISTEN_DEFAULT),
        listen_source: String::new(),
        root: PathBuf::from(ROOT_DEFAULT),
        numbers: NUMBERS.map(|number| number.default),
    };
    let names = NUMBERS.iter().map(|number| number.name);
    for name in [LISTEN, ROOT].into_iter().chain(names) {
        let variable = variable(name);
        if let Some(value) = environment(&variable) {
            settings.set(name, variable, value)?;
        }
    }

    let syntax = |error: lexopt::Error| UsageError::Syntax(error.to_string());
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next().map_err(syntax)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Command::Version),
            Arg::Long(name) if is_option(name) => {
                let name = name.to_owned();
                let value = parser.value().map_err(syntax)?;
                settings.set(&name, format!("--{name}"), value)?;
            }
            other => return Err(syntax(other.unexpected())),
        }
    }
    settings.finish().map(Command::Run)
}

struct Settings {
    listen: OsString,
    listen_source: String,
    root: PathBuf,
    numbers: [u32; NUMBERS.len()],
}

impl Settings {
    fn set(&mut self, name: &str, source_name: String, value: OsString) -> Result<(), UsageError> {
        match name {
            LISTEN => {
                self.listen = value;
                self.listen_source = source_name;
            }
            ROOT => self.root = value.into(),
            _ => {
                for (number, slot) in NUMBERS.iter().zip(&mut self.numbers) {
                    if number.name == name {
                        *slot = number.parse(&source_name, &value)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Config, UsageError> {
        let listen = self.listen.to_str().and_then(|text| text.parse().ok());
        let listen = listen.ok_or_else(|| UsageError::Value {
            source_name: self.listen_source,
            value: self.listen.to_string_lossy().into_owned(),
            expected: "a socket address such as 127.0.0.1:8080 or [::]:80".to_owned(),
        })?;
        let [
            workers,
            connections,
            head,
            body,
            request,
            keep_alive,
            write,
            drain,
        ] = self.numbers;
        let seconds = |number: u32| Duration::from_secs(u64::from(number));
        Ok(Config {
            listen,
            workers: workers as usize,
            limits: Limits {
                serve: tinyrust_serve::Limits {
                    connections: connections as usize,
                    request_timeout: seconds(request),
                    keep_alive: seconds(keep_alive),
                    write_timeout: seconds(write),
                    drain_timeout: seconds(drain),
                },
                head: head as usize,
                body: u64::from(body),
            },
            root: self.root,
        })
    }
}

impl Number {
    fn parse(&self, source_name: &str, value: &OsString) -> Result<u32, UsageError> {
        let number = value.to_str().and_then(|text| text.parse::<u32>().ok());
        let in_range = number.filter(|number| (self.min..=self.max).contains(number));
        in_range.ok_or_else(|| UsageError::Value {
            source_name: source_name.to_owned(),
            value: value.to_string_lossy().into_owned(),
            expected: format!("a whole number from {} to {}", self.min, self.max),
        })
    }
}

fn is_option(name: &str) -> bool {
    name == LISTEN || name == ROOT || NUMBERS.iter().any(|number| number.name == name)
}

/// `max-head` is `TINYRUST_MAX_HEAD` in the environment.
fn variable(name: &str) -> String {
    let mut variable = format!("TINYRUST_{name}").replace('-', "_");
    variable.make_ascii_uppercase();
    variable
}

/// The text of `--version`.
#[must_use]
pub fn version() -> String {
    format!(
        "tinyrust {} ({}, {}, {}, {} allocator)\n",
        build_info::VERSION,
        build_info::GIT_REVISION,
        build_info::TARGET,
        build_info::PROFILE,
        build_info::ALLOCATOR,
    )
}

/// The text of `--help`.
#[must_use]
pub fn help() -> String {
    let mut text = String::from(
        "The status server of a small device: a page, JSON and metrics over HTTP.\n\n\
         Usage: tinyrust [OPTION]...\n\n\
         Each option can also be set in the environment, --max-head as TINYRUST_MAX_HEAD;\n\
         the command line wins.\n\n",
    );
    let mut option = |name: &str, value: &str, help: &str, default: &dyn std::fmt::Display| {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  --{:24}{help} [{default}]",
            format!("{name} {value}")
        );
    };
    option(
        LISTEN,
        "ADDRESS",
        "address and port to listen on",
        &LISTEN_DEFAULT,
    );
    for number in &NUMBERS {
        option(number.name, "N", number.help, &number.default);
    }
    option(
        ROOT,
        "DIR",
        "where proc, dev, run and data are",
        &ROOT_DEFAULT,
    );
    text.push_str(
        "  -h, --help                print this\n  \
         -V, --version             print the version and how it was built\n\n\
         Endpoints: /  /api/v1/system  /healthz  /metrics\n\n\
         Examples:\n  \
         tinyrust --listen 127.0.0.1:8080\n  \
         tinyrust --listen [::]:80 --max-connections 16 --request-timeout 2\n  \
         TINYRUST_LISTEN=127.0.0.1:8080 tinyrust\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Command, UsageError> {
        parse(arguments.iter().map(OsString::from), |name| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    fn config(arguments: &[&str], environment: &[(&str, &str)]) -> Config {
        match run(arguments, environment) {
            Ok(Command::Run(config)) => config,
            other => panic!("{arguments:?} {environment:?}: {other:?}"),
        }
    }

    #[test]
    fn nothing_given_is_the_documented_default() {
        let config = config(&[], &[]);
        assert_eq!(config.listen, "0.0.0.0:80".parse().expect("an address"));
        assert_eq!(config.workers, 1);
        assert_eq!(config.root, PathBuf::from("/"));
        for number in &NUMBERS {
            let line = help()
                .lines()
                .find(|line| line.contains(&format!(" --{} N", number.name)))
                .map(str::to_owned);
            let line = line.expect("each option is in the help");
            assert!(line.ends_with(&format!("[{}]", number.default)), "{line}");
            assert!(
                (number.min..=number.max).contains(&number.default),
                "{line}"
            );
        }
    }

    /// Each number lands in its own field: the table and the fields are matched by order.
    #[test]
    fn each_option_sets_its_field() {
        let config = config(
            &[
                "--workers=2",
                "--max-connections",
                "3",
                "--max-head",
                "400",
                "--max-body=5",
            ],
            &[
                ("TINYRUST_REQUEST_TIMEOUT", "6"),
                ("TINYRUST_KEEP_ALIVE", "7"),
                ("TINYRUST_WRITE_TIMEOUT", "8"),
                ("TINYRUST_DRAIN_TIMEOUT", "9"),
                ("TINYRUST_ROOT", "/x"),
            ],
        );
        let expected = Limits {
            serve: tinyrust_serve::Limits {
                connections: 3,
                request_timeout: Duration::from_secs(6),
                keep_alive: Duration::from_secs(7),
                write_timeout: Duration::from_secs(8),
                drain_timeout: Duration::from_secs(9),
            },
            head: 400,
            body: 5,
        };
        assert_eq!((config.workers, config.limits), (2, expected));
        assert_eq!(config.root, PathBuf::from("/x"));
    }

    #[test]
    fn the_command_line_wins_over_the_environment() {
        let environment = [
            ("TINYRUST_LISTEN", "127.0.0.1:1"),
            ("TINYRUST_WORKERS", "2"),
        ];
        assert_eq!(config(&[], &environment).listen.port(), 1);
        let config = config(&["--listen", "[::1]:2", "--workers", "3"], &environment);
        assert_eq!((config.listen.port(), config.workers), (2, 3));
    }

    /// Arguments, environment, words of the message.
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);

    #[test]
    fn errors_are_one_line_that_names_the_source_and_the_value() {
        let cases: [Case; 8] = [
            (&["--nonsense"], &[], &["--nonsense"]),
            (&["-x"], &[], &["-x"]),
            (&["word"], &[], &["word"]),
            (&["--listen"], &[], &["--listen"]),
            (
                &["--listen", "localhost:80"],
                &[],
                &["--listen", "localhost:80"],
            ),
            (&["--workers", "0"], &[], &["--workers", "`0`", "1 to 64"]),
            (
                &[],
                &[("TINYRUST_MAX_HEAD", "many")],
                &["TINYRUST_MAX_HEAD", "many"],
            ),
            (&["--help=x"], &[], &["--help"]),
        ];
        for (arguments, environment, words) in cases {
            let line = match run(arguments, environment) {
                Err(error) => error.to_string(),
                Ok(Command::Help) if arguments == ["--help=x"] => continue,
                other => panic!("{arguments:?}: {other:?}"),
            };
            assert!(!line.contains('\n'), "{line}");
            for word in words {
                assert!(line.contains(word), "{line} lacks {word}");
            }
        }
    }

    #[test]
    fn help_and_version_are_asked_for_in_short_and_long() {
        for word in ["-h", "--help"] {
            assert_eq!(run(&[word], &[]), Ok(Command::Help));
        }
        for word in ["-V", "--version"] {
            assert_eq!(run(&[word], &[]), Ok(Command::Version));
        }
    }

    proptest! {
        #[test]
        fn any_arguments_are_read_without_panic(arguments in proptest::collection::vec(any::<String>(), 0..4)) {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let _ = run(&arguments, &[]);
        }

        #[test]
        fn a_number_is_taken_exactly_in_its_range(index in 0..NUMBERS.len(), value in 0..=u32::MAX) {
            let number = &NUMBERS[index];
            let argument = format!("--{}={value}", number.name);
            let taken = run(&[&argument], &[]).is_ok();
            prop_assert_eq!(taken, (number.min..=number.max).contains(&value));
        }

        #[test]
        fn any_socket_address_is_taken(address in any::<SocketAddr>()) {
            let text = address.to_string();
            let parsed = config(&["--listen", &text], &[]).listen;
            // A flow label is not part of the text.
            prop_assert_eq!(parsed.to_string(), text);
        }
    }
}
