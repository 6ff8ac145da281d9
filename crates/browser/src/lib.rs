//! A page in headless Chromium: opened from a file, with real key presses, its errors collected
//! and its picture taken.
//!
//! Chromium is driven by the DevTools protocol through a pair of pipes
//! (`--remote-debugging-pipe`): JSON messages that end in a zero byte. Unlike the WebSocket, the
//! pipes need no port and no further crate.
//!
//! Protocol: <https://chromedevtools.github.io/devtools-protocol/>

mod connection;

use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use connection::Connection;

/// The names under which distributions install Chromium or Chrome.
const PROGRAMS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Why a page cannot be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program does not start.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The program ended, or did not answer in time.
    #[error("Chromium does not answer {method}: {reason}; its messages:\n{messages}")]
    Silent {
        /// What it was asked.
        method: String,
        /// What is known.
        reason: String,
        /// The end of its standard error.
        messages: String,
    },
    /// The program refuses a request, or the page's script threw an error.
    #[error("{method}: {message}")]
    Refused {
        /// What it was asked.
        method: String,
        /// Its message.
        message: String,
    },
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The width in CSS pixels.
    pub width: u32,
    /// The height in CSS pixels.
    pub height: u32,
    /// Whether the person prefers a dark page.
    pub dark: bool,
    /// The device's pixels for each CSS pixel.
    pub scale: f64,
}

/// A running Chromium with one page.
pub struct Browser {
    connection: Connection,
}

/// The installed Chromium.
#[must_use]
pub fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let files = PROGRAMS
        .iter()
        .flat_map(|program| folders.iter().map(move |folder| folder.join(program)));
    files.into_iter().find(|file| file.is_file())
}

impl Browser {
    /// Starts Chromium with an empty page.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(program: &Path) -> Result<Browser, Error> {
        let mut connection = Connection::start(program)?;
        let target = connection.call("Target.createTarget", json!({ "url": "about:blank" }))?;
        let session = connection.call(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        )?;
        connection.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            connection.call(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(Browser { connection })
    }

    /// Opens a file, and waits until it is loaded. Forgets the errors of the page before.
    ///
    /// # Errors
    ///
    /// If Chromium refuses.
    pub fn open(&mut self, file: &Path, view: View) -> Result<(), Error> {
        let scheme = if view.dark { "dark" } else { "light" };
        self.connection.call(
            "Emulation.setDeviceMetricsOverride",
            json!({
                "width": view.width, "height": view.height,
                "deviceScaleFactor": view.scale, "mobile": view.width < 500,
            }),
        )?;
        self.connection.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": [
                { "name": "prefers-color-scheme", "value": scheme },
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ] }),
        )?;
        // Another address with the same file would only scroll.
        self.connection
            .call("Page.navigate", json!({ "url": "about:blank" }))?;
        self.connection.wait_for("Page.loadEventFired")?;
        self.connection.forget();
        let url = format!("file://{}", file.display());
        self.connection
            .call("Page.navigate", json!({ "url": url }))?;
        self.connection.wait_for("Page.loadEventFired")
    }

    /// The value of an expression in the page.
    ///
    /// # Errors
    ///
    /// If the expression throws.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value, Error> {
        let answer = self.connection.call(
            "Runtime.evaluate",
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
        )?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(Error::Refused {
                method: expression.to_owned(),
                message: connection::exception(details),
            }),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// Presses a key, named as in `KeyboardEvent.key`: `Enter`, `ArrowLeft`, `/`, `a`.
    ///
    /// # Errors
    ///
    /// If Chromium refuses.
    pub fn press(&mut self, key: &str) -> Result<(), Error> {
        let text = match key {
            "Enter" => Some("\r"),
            key if key.chars().count() == 1 => Some(key),
            _ => None,
        };
        let code = match key {
            "Enter" => 13,
            "Tab" => 9,
            "Backspace" => 8,
            "Escape" => 27,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        let mut event = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if let Some(text) = text {
            event["text"] = text.into();
        }
        self.connection
            .call("Input.dispatchKeyEvent", event.clone())?;
        event["type"] = "keyUp".into();
        self.connection.call("Input.dispatchKeyEvent", event)?;
        Ok(())
    }

    /// Types a text, key by key.
    ///
    /// # Errors
    ///
    /// If Chromium refuses.
    pub fn type_text(&mut self, text: &str) -> Result<(), Error> {
        text.chars()
            .try_for_each(|key| self.press(key.encode_utf8(&mut [0; 4])))
    }

    /// A picture of the whole page, or of what the window shows, as PNG.
    ///
    /// # Errors
    ///
    /// If Chromium refuses.
    pub fn picture(&mut self, is_whole: bool) -> Result<Vec<u8>, Error> {
        let method = "Page.captureScreenshot";
        let request = json!({ "format": "png", "captureBeyondViewport": is_whole });
        let answer = self.connection.call(method, request)?;
        let data = answer["data"].as_str().unwrap_or_default();
        BASE64_STANDARD
            .decode(data)
            .map_err(|source| Error::Refused {
                method: method.to_owned(),
                message: source.to_string(),
            })
    }

    /// The errors of the page since it was opened: of its script, its console and its policy.
    #[must_use]
    pub fn errors(&self) -> &[String] {
        &self.connection.errors
    }

    /// The addresses that the page asked for since it was opened, its own included.
    #[must_use]
    pub fn requests(&self) -> &[String] {
        &self.connection.requests
    }
}
