//! Functions that close connections, and that no code calls.

use std::sync::LazyLock;

use crate::model::{FileFacts, Model, Service};
use crate::repository::Role;
use crate::rule::{Breach, Definitions, Outcome};

/// Suffixes of paths, and the definition of a function that closes a connection.
const DEFINITIONS: &[(&[&str], &str)] = &[
    (
        &[".py"],
        r"(?m)^(?:async )?def (?P<name>(?:close|disconnect|shutdown|dispose|teardown)_\w+|\w+_(?:close|disconnect|shutdown))\(",
    ),
    (
        &[".ts", ".js", ".mjs"],
        r"(?m)^export (?:const|(?:async )?function) (?P<name>(?:close|disconnect|shutdown)[A-Z]\w*)",
    ),
    (
        &[".go"],
        r"(?m)^func (?P<name>(?:Close|Disconnect|Shutdown)[A-Z]\w*)\(",
    ),
];

static PATTERNS: LazyLock<Definitions> = LazyLock::new(|| Definitions::new(DEFINITIONS));

/// Starts of lines that define or import a function, or pass it on.
const PASSING: &[&str] = &[
    "def ",
    "async def ",
    "func ",
    "import ",
    "from ",
    "export ",
    "module.exports",
    "//",
    "#",
    "*",
];

fn is_used(model: &Model, name: &str) -> bool {
    model
        .files
        .values()
        .filter(|found| found.file.language.is_code() && found.file.text.contains(name))
        .flat_map(|found| found.file.text.lines())
        .any(|line| {
            let line = line.trim_start();
            line.contains(name) && !PASSING.iter().any(|start| line.starts_with(start))
        })
}

/// One outcome for each function of a service that closes a connection and that no code calls.
pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let files = model
        .files_of(service)
        .filter(|found| found.file.role == Role::Production);
    files.flat_map(|found| uncalled(model, found)).collect()
}

fn uncalled(model: &Model, found: &FileFacts) -> Vec<Outcome> {
    PATTERNS
        .of_path(&found.file.path)
        .flat_map(|pattern| pattern.captures_iter(&found.file.text))
        .filter_map(|captures| captures.name("name"))
        .filter(|name| !is_used(model, name.as_str()))
        .map(|name| {
            let at = found.file.location(name.range(), None);
            let evidence = format!("no code calls `{}`", name.as_str());
            Breach::review(at, evidence).into()
        })
        .collect()
}
