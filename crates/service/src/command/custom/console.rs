use serde::Serialize;

use crate::command::{arguments::Format, output};

/// The output of a command. Logs go to stderr, so that stdout contains only the result.
#[derive(Debug, Clone, Copy)]
pub struct Console(Format);

impl Console {
    pub(super) fn new(format: Format) -> Self {
        Self(format)
    }

    /// Whether the output is JSON (`--format json`).
    #[must_use]
    pub fn is_json(self) -> bool {
        self.0 == Format::Json
    }

    /// Prints the result: `text`, or `document` as JSON. Adds a missing line feed to the text.
    pub fn print(self, text: &str, document: &impl Serialize) {
        match (self.0, serde_json::to_value(document)) {
            (Format::Text, _) => drop(output::text(&with_line_feed(text))),
            (Format::Json, Ok(document)) => drop(output::json(&document)),
            (Format::Json, Err(error)) => cannot_be_written(&error),
        }
    }

    /// Prints one of many results: `text`, or `document` as one line of JSON.
    pub fn record(self, text: &str, document: &impl Serialize) {
        match (self.0, serde_json::to_string(document)) {
            (Format::Text, _) => drop(output::text(&with_line_feed(text))),
            (Format::Json, Ok(document)) => drop(output::text(&with_line_feed(&document))),
            (Format::Json, Err(error)) => cannot_be_written(&error),
        }
    }

    /// Prints the progress of a long command to stderr.
    pub fn progress(self, text: &str) {
        output::stderr(&with_line_feed(text));
    }
}

fn cannot_be_written(error: &serde_json::Error) {
    output::stderr(&format!("error: the result cannot be written: {error}\n"));
}

fn with_line_feed(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        String::new()
    } else {
        format!("{text}\n")
    }
}
