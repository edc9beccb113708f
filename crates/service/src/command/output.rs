//! The output of commands. Logs belong to a running service and are separate.
//!
//! Texts may come from others, such as plugins and servers. A terminal could interpret their control
//! characters, so all except line feeds and tabs are escaped as in JSON.

use std::{
    borrow::Cow,
    io::{self, Write as _},
};

use serde_json::Value;

use super::status;

/// Prints to stdout. A closed pipe is not an error of the command.
pub(crate) fn text(text: &str) -> u8 {
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(escape(text).as_bytes())
        .and_then(|()| stdout.flush());
    status::SUCCESS
}

/// Prints one line to stdout.
pub(super) fn line(line: &str) -> u8 {
    text(&format!("{line}\n"))
}

/// Prints a document to stdout.
pub(super) fn json(document: &Value) -> u8 {
    line(&format!("{document:#}"))
}

/// Prints to stderr.
pub(crate) fn stderr(text: &str) {
    let _ = io::stderr().lock().write_all(escape(text).as_bytes());
}

fn escape(text: &str) -> Cow<'_, str> {
    let is_escaped = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_escaped(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn printed_json_has_no_control_characters_plug_2() {
        let document = json!({ "reason": "\u{1b}[2J \u{7f} \u{9b}2J" });
        let printed = escape(&format!("{document:#}")).into_owned();
        let controls = |character: &char| character.is_control();
        assert!(printed.chars().filter(controls).all(|it| it == '\n'));
        assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), document);
    }

    #[test]
    fn line_feeds_and_tabs_are_not_escaped() {
        assert_eq!(escape("a\tb\r\n"), "a\tb\\u000d\n");
    }
}
