//! The pipes to Chromium: calls, their answers, and the events between them.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Error;

/// Chromium's descriptors 3 and 4 are the pipes, which a shell can arrange without unsafe code.
const SHELL: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>&2"#;

/// The sandbox needs namespaces that containers lack; only pages of our own are opened.
const FLAGS: [&str; 9] = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];

/// Far longer than any answer takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Connection {
    child: Child,
    requests_out: ChildStdin,
    answers: Receiver<Value>,
    messages: Receiver<String>,
    events: VecDeque<String>,
    next: u64,
    pub(crate) session: Option<String>,
    pub(crate) errors: Vec<String>,
    pub(crate) requests: Vec<String>,
    /// The profile, removed at the end.
    _profile: tempfile::TempDir,
}

impl Connection {
    pub(crate) fn start(program: &Path) -> Result<Connection, Error> {
        let error = |source| Error::Start {
            program: program.display().to_string(),
            source,
        };
        let profile = tempfile::tempdir().map_err(error)?;
        let mut child = Command::new("sh")
            .args(["-c", SHELL])
            .arg(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(error)?;
        let no_pipe = || error(std::io::Error::other("no pipe"));
        let requests_out = child.stdin.take().ok_or_else(no_pipe)?;
        let mut answers_in = BufReader::new(child.stdout.take().ok_or_else(no_pipe)?);
        let mut messages_in = child.stderr.take().ok_or_else(no_pipe)?;
        let (send, answers) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while answers_in.read_until(0, &mut message).is_ok_and(|n| n > 0) {
                message.pop();
                let answer = serde_json::from_slice(&message).unwrap_or_default();
                if send.send(answer).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let (send, messages) = channel();
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = messages_in.read_to_end(&mut text);
            let _ = send.send(String::from_utf8_lossy(&text).into_owned());
        });
        Ok(Connection {
            child,
            requests_out,
            answers,
            messages,
            events: VecDeque::new(),
            next: 0,
            session: None,
            errors: Vec::new(),
            requests: Vec::new(),
            _profile: profile,
        })
    }

    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Result<Value, Error> {
        self.next += 1;
        let id = self.next;
        let mut request = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            request["sessionId"] = session.as_str().into();
        }
        let written = write!(self.requests_out, "{request}\0");
        if let Err(source) = written.and_then(|()| self.requests_out.flush()) {
            return Err(self.silent(method, &source.to_string()));
        }
        loop {
            let answer = self.next_message(method)?;
            if answer["id"] == id {
                return match answer.get("error") {
                    Some(error) => Err(Error::Refused {
                        method: method.to_owned(),
                        message: error["message"].as_str().unwrap_or_default().to_owned(),
                    }),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }

    /// Waits for an event that has not been waited for yet.
    pub(crate) fn wait_for(&mut self, event: &str) -> Result<(), Error> {
        while !self.events.iter().any(|seen| seen == event) {
            self.next_message(event)?;
        }
        self.events.retain(|seen| seen != event);
        Ok(())
    }

    /// Forgets the errors and requests of an earlier page.
    pub(crate) fn forget(&mut self) {
        self.events.clear();
        self.errors.clear();
        self.requests.clear();
    }

    fn next_message(&mut self, method: &str) -> Result<Value, Error> {
        let message = match self.answers.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => {
                return Err(self.silent(method, &format!("nothing within {PATIENCE:?}")));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(self.silent(method, "it ended")),
        };
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.errors.push(exception(&parameters["exceptionDetails"]));
            }
            Some("Runtime.consoleAPICalled") if parameters["type"] == "error" => {
                self.errors.push(parameters["args"].to_string());
            }
            Some("Log.entryAdded") if parameters["entry"]["level"] == "error" => {
                self.errors.push(parameters["entry"]["text"].to_string());
            }
            Some("Network.requestWillBeSent") => {
                let url = parameters["request"]["url"].as_str();
                self.requests.push(url.unwrap_or_default().to_owned());
            }
            Some(event @ "Page.loadEventFired") => self.events.push_back(event.to_owned()),
            _ => {}
        }
        Ok(message)
    }

    fn silent(&mut self, method: &str, reason: &str) -> Error {
        let _ = self.child.kill();
        let messages = self.messages.recv_timeout(Duration::from_secs(5));
        let messages = messages.unwrap_or_default();
        let lines: Vec<&str> = messages.lines().collect();
        Error::Silent {
            method: method.to_owned(),
            reason: reason.to_owned(),
            messages: lines[lines.len().saturating_sub(10)..].join("\n"),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Asked to close, it takes its helper processes along; killed, it may leave some.
        self.session = None;
        let asked = write!(
            self.requests_out,
            "{{\"id\":0,\"method\":\"Browser.close\"}}\0"
        );
        if asked.and_then(|()| self.requests_out.flush()).is_ok() {
            while self.answers.recv_timeout(Duration::from_secs(10)).is_ok() {}
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text of an error that a script threw.
pub(crate) fn exception(details: &Value) -> String {
    let thrown = &details["exception"];
    let text = [&thrown["description"], &thrown["value"], &details["text"]];
    let text = text.into_iter().find_map(Value::as_str);
    text.unwrap_or("an error without a text").to_owned()
}
