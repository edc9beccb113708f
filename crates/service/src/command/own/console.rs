use serde::Serialize;

use crate::command::{arguments::Format, output};

/// Where a command prints. Logs go to stderr while a command runs, so that stdout holds its answer alone.
#[derive(Debug, Clone, Copy)]
pub struct Console(Format);

impl Console {
    pub(super) fn new(format: Format) -> Self {
        Self(format)
    }

    /// Whether a program reads the answer (`--format json`).
    #[must_use]
    pub fn is_json(self) -> bool {
        self.0 == Format::Json
    }

    /// Prints the answer: `text` for people, `document` for programs. A text gets the line feed that it lacks.
    pub fn answer(self, text: &str, document: &impl Serialize) {
        match (self.0, serde_json::to_value(document)) {
            (Format::Text, _) => drop(output::text(&with_line_feed(text))),
            (Format::Json, Ok(document)) => drop(output::json(&document)),
            (Format::Json, Err(error)) => cannot_be_written(&error),
        }
    }

    /// Prints one of many answers: `text` for people, and for programs a document on a line of its own.
    pub fn record(self, text: &str, document: &impl Serialize) {
        match (self.0, serde_json::to_string(document)) {
            (Format::Text, _) => drop(output::text(&with_line_feed(text))),
            (Format::Json, Ok(document)) => drop(output::text(&with_line_feed(&document))),
            (Format::Json, Err(error)) => cannot_be_written(&error),
        }
    }

    /// Tells a person how far a long command is, on stderr.
    pub fn progress(self, text: &str) {
        output::complain(&with_line_feed(text));
    }
}

fn cannot_be_written(error: &serde_json::Error) {
    output::complain(&format!("error: the answer cannot be written: {error}\n"));
}

fn with_line_feed(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        String::new()
    } else {
        format!("{text}\n")
    }
}
