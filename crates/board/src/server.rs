//! The device's server (`[server]`).

use serde::Deserialize;
use toml::Spanned;

use crate::Problem;
use crate::name::problem_of_path;

/// A server other than the program in app/ (`[server]`): where it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The port it listens on.
    pub port: u16,
    /// A path that it answers with status 200 once it is up.
    pub path: String,
    /// The program's path on the device, if known.
    pub program: Option<String>,
}

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawServer {
    #[serde(default = "http")]
    port: Spanned<u16>,
    #[serde(default = "root")]
    path: Spanned<String>,
    program: Option<Spanned<String>>,
}

fn http() -> Spanned<u16> {
    Spanned::new(0..0, HTTP_PORT)
}

fn root() -> Spanned<String> {
    Spanned::new(0..0, "/".to_owned())
}

/// The default port.
pub(super) const HTTP_PORT: u16 = 80;

impl RawServer {
    /// The table, and what is wrong with it; `line` of a byte of the file.
    pub(super) fn read(self, line: &dyn Fn(usize) -> usize) -> (Server, Vec<Problem>) {
        let mut problems = Vec::new();
        if *self.port.get_ref() == 0 {
            problems.push(Problem {
                line: line(self.port.span().start),
                message: "port 0: write the port that the program listens on".to_owned(),
            });
        }
        let path = self.path.get_ref();
        if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            problems.push(Problem {
                line: line(self.path.span().start),
                message: format!("path `{path}`: begin it with / and use no whitespace"),
            });
        }
        let program = self.program.map(|program| {
            let line = line(program.span().start);
            let program = program.into_inner();
            let message = problem_of_path(&program);
            problems.extend(message.map(|message| Problem { line, message }));
            program
        });
        let server = Server {
            program,
            port: self.port.into_inner(),
            path: self.path.into_inner(),
        };
        (server, problems)
    }
}
