//! Connections that only export telemetry.

use crate::model::Model;
use crate::repository::Role;
use crate::source::{Language, Location};
use crate::syntax::count_word;

/// Parts of the names of connections to a collector, in lower case.
const COLLECTOR: &[&str] = &["collector", "otlp", "exporter", "telemetry"];

/// Parts of the names of functions that connect, in lower case.
const CONNECTS: &[&str] = &["dial", "conn"];

/// Whether the place is in a function of Go that connects, and each call of the function names a
/// collector of telemetry. Requests do not wait for such a connection.
pub(super) fn is_only_for_collector(model: &Model, at: &Location) -> bool {
    let (Some(found), Some(function)) = (model.files.get(&at.path), at.symbol.as_deref()) else {
        return false;
    };
    let name = function.to_lowercase();
    if found.file.language != Language::Go || !CONNECTS.iter().any(|word| name.contains(word)) {
        return false;
    }
    let is_exported = function.starts_with(char::is_uppercase);
    let lines: Vec<&str> = model
        .files
        .values()
        .filter(|other| {
            other.file.language == Language::Go
                && other.file.role == Role::Production
                && (is_exported || other.file.folder() == found.file.folder())
        })
        .flat_map(|other| other.file.text.lines())
        .filter(|line| mentions(line, function))
        .collect();
    !lines.is_empty()
        && lines.iter().all(|line| {
            let lower = line.to_lowercase();
            COLLECTOR.iter().any(|word| lower.contains(word))
        })
}

/// Whether a line contains the name of a function, outside of its declaration and of comments.
fn mentions(line: &str, function: &str) -> bool {
    let line = line.trim_start();
    !line.starts_with("func ") && !line.starts_with("//") && count_word(line, function) > 0
}
