//! Transactions whose callback does not use them, and pools that each request opens.

use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::functions::{closing, of_go};
use crate::model::facts::Practice;
use crate::packs::signs::ascii::ascii;
use crate::syntax::count_word;

struct Patterns {
    /// A callback of Go with a transaction as its parameter.
    go: Regex,
    /// A callback of JavaScript with a transaction as its parameter.
    script: Regex,
    writes: Regex,
    opens: Regex,
    starts: Regex,
    requested: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        go: ascii(
            r"\bfunc\((?:\w+ context\.Context, )?(?P<name>[a-z]\w*) (?:\*(?:(?:sql|sqlx|bun|ent)\.Tx|gorm\.DB)|pgx\.Tx|sqlx\.Session)\)(?: error| \([^()\n]*\))? (?P<open>\{)",
        )?,
        script: ascii(
            r"\b\w*(?i:transaction)\(\s*async\s*\(?\s*(?P<name>[a-z]\w*)(?:\s*:\s*\w+)?\s*\)?\s*=>\s*(?P<open>\{)",
        )?,
        writes: ascii(
            r"(?i)\.(?:insert|create|save|update|delete|upsert|exec|remove|decr|incr)\w*\(",
        )?,
        opens: ascii(
            r"(?P<what>\b(?:sqlx\.(?:NewMysql|NewSqlConn|Connect|Open|MustConnect)|sql\.Open|gorm\.Open|redis\.NewClient|mongo\.Connect|grpc\.(?:Dial|DialContext|NewClient)|amqp\w*\.Dial|pgxpool\.New|pgx\.Connect|kafka\.NewWriter))\(",
        )?,
        starts: ascii(
            r"(?i)^(?:new|init|connect|open|setup|start|run|serve|provide|must|get|dial|build|reconnect|load|register|with|ensure|main|create\w*(?:client|conn|pool|db)|make)",
        )?,
        requested: ascii(
            r"\*http\.Request|\*gin\.Context|echo\.Context|\*fiber\.Ctx|\b(?:in|req|r|request) \*\w+\.\w+",
        )?,
    })
});

pub(super) fn read_go(text: &str, found: &mut Found<'_, '_>) {
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    unused(text, &patterns.go, patterns, found);
    for function in of_go(text) {
        if patterns.starts.is_match(function.name)
            || !patterns.requested.is_match(function.parameters)
        {
            continue;
        }
        if let Some(what) = patterns
            .opens
            .captures(function.body)
            .and_then(|captures| captures.name("what"))
        {
            found.show(
                Practice::PoolBounds,
                function.at + what.start()..function.at + what.end(),
                format!(
                    "each request opens new connections with `{}`",
                    what.as_str()
                ),
            );
        }
    }
}

pub(super) fn read_script(text: &str, found: &mut Found<'_, '_>) {
    if let Some(patterns) = PATTERNS.as_ref() {
        unused(text, &patterns.script, patterns, found);
    }
}

/// A callback that writes, and that does not use the transaction that it gets.
fn unused(text: &str, callback: &Regex, patterns: &Patterns, found: &mut Found<'_, '_>) {
    for captures in callback.captures_iter(text) {
        let (Some(name), Some(open)) = (captures.name("name"), captures.name("open")) else {
            continue;
        };
        // The parenthesis that closes the call with the callback ends the body.
        let rest = text.get(open.end()..).unwrap_or_default();
        let body = closing(rest)
            .and_then(|end| rest.get(..end))
            .unwrap_or_default();
        if count_word(body, name.as_str()) == 0 && patterns.writes.is_match(body) {
            found.show(
                Practice::PartialWrite,
                name.range(),
                format!(
                    "the callback does not use the transaction `{}`, so its changes are not part of it",
                    name.as_str()
                ),
            );
        }
    }
}
