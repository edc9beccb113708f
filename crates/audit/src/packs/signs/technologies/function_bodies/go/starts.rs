//! Connections of the start that no path closes, and lists that succeed although a part failed.

use super::super::Found;
use super::super::functions::{Function, block, lines};
use super::patterns::Name;
use crate::model::facts::Practice;
use crate::syntax::count_word;

/// Functions that run until the end of the process.
const RUNS: &[&str] = &["main", "run", "serve", "start", "execute", "startserver"];
/// Parts of the names of functions that open a connection, in lower case.
const CONNECTIONS: &[&str] = &[
    "db", "database", "postgres", "mysql", "mongo", "redis", "pool", "conn", "writer", "producer",
    "reader", "consumer", "broker", "rabbit", "kafka", "nats", "amqp", "gorm",
];
/// Parts of the names of functions that make something else, in lower case.
const OTHERS: &[&str] = &[
    "repo",
    "handler",
    "usecase",
    "service",
    "router",
    "server",
    "config",
    "logger",
    "controller",
    "middleware",
    "metric",
    "store",
    "migrat",
    "option",
    "interceptor",
    "grpc",
];
/// Methods that end a connection, or give it to code that may end it.
const ENDS: &[&str] = &[
    "Close",
    "Disconnect",
    "Shutdown",
    "Stop",
    "Drain",
    "Quit",
    "DB()",
    "Release",
    "Cleanup",
];

/// A connection that the start opens and nothing closes.
pub(super) fn unclosed(function: &Function<'_>, found: &mut Found<'_, '_>) {
    if !RUNS.contains(&function.name.to_lowercase().as_str()) {
        return;
    }
    for captures in Name::Connects.all(function.body) {
        let (Some(name), Some(what)) = (captures.name("name"), captures.name("what")) else {
            continue;
        };
        let lower = what.as_str().to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if !has(CONNECTIONS) || has(OTHERS) {
            continue;
        }
        let rest = function.body.get(what.end()..).unwrap_or_default();
        if is_ended(rest, name.as_str()) {
            continue;
        }
        found.show(
            Practice::Cleanup,
            function.at + what.start()..function.at + what.end(),
            format!(
                "no path of `{}` closes what `{}` opens",
                function.name,
                what.as_str()
            ),
        );
    }
}

/// Whether code ends a connection, itself or through an object that has it.
fn is_ended(rest: &str, name: &str) -> bool {
    let ends = |owner: &str| {
        ENDS.iter()
            .any(|end| rest.contains(&format!("{owner}.{end}")))
    };
    if ends(name) {
        return true;
    }
    rest.lines().any(|line| {
        let trimmed = line.trim();
        if count_word(line, name) == 0 {
            return false;
        }
        let lower = trimmed.to_lowercase();
        let given = ["close", "cleanup", "shutdown", "stop", "lifecycle"]
            .iter()
            .any(|word| lower.contains(word));
        let owner = trimmed
            .split([',', ' ', ':', '='])
            .next()
            .unwrap_or_default();
        let owned = trimmed.contains("= ") && !owner.is_empty() && owner != name && ends(owner);
        trimmed.starts_with("return ") || given || owned
    })
}

/// A loop that skips a failed element, in a function that then returns no error.
pub(super) fn partial_success(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let end = function.body.trim_end().lines().last().unwrap_or_default();
    if !matches!(end.trim(), "return nil" | "return") && !end.trim().ends_with(", nil")
        || end.trim() == "return"
        || Name::Collects.is_in(function.body)
    {
        return;
    }
    let all = lines(function.body, function.at);
    for (index, line) in all.iter().enumerate() {
        let text = line.text.trim_start();
        let over_rows = text.contains(".Next(");
        if !(text.starts_with("for ") && (text.contains("range ") || over_rows)) {
            continue;
        }
        let inner = block(&all, index);
        for (at, check) in inner.iter().enumerate() {
            if !Name::Failed.is_in(check.text) {
                continue;
            }
            let failed = block(inner, at);
            let skips = failed
                .last()
                .is_some_and(|last| last.text.trim() == "continue");
            let logs = failed.len() > 1
                && failed
                    .iter()
                    .take(failed.len() - 1)
                    .any(|line| Name::Log.is_in(line.text));
            if skips && (logs || over_rows && failed.len() == 1) {
                found.show(
                    Practice::IgnoredError,
                    check.span(),
                    format!(
                        "`{}` skips a failed element and then reports success",
                        function.name
                    ),
                );
                return;
            }
        }
    }
}
