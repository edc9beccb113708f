//! Bodies of functions in JavaScript and TypeScript.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::super::scope;
use super::{Found, LOCKED};
use crate::model::facts::Topic;

struct Patterns {
    declared: Regex,
    statement: Regex,
    read: Regex,
    locked: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        declared: Regex::new(
            r"(?m)^[ \t]*(?:export\s+)?(?:default\s+)?(?:(?:const|let|var)\s+(?P<constant>\w+)\s*=\s*async\b[^{;]*=>|async\s+function\s+(?P<function>\w+)\s*\([^{]*|(?:public\s+|private\s+|protected\s+)?async\s+(?P<method>\w+)\s*\([^{;]*)\s*\{\s*(?P<guard>try\s*\{)?",
        )
        .ok()?,
        statement: Regex::new(r"(?m)^[ \t]*(?P<call>(?P<this>this\.)?(?P<name>\w+)\([^;{}\n]*\))[ \t]*;?[ \t]*$").ok()?,
        read: Regex::new(
            r"(?:const|let|var)\s+(?P<name>\w+)\s*(?::[^=;]+)?=\s*await\s+(?P<call>[\w.]*\.?(?:find|get|load|fetch)\w*)\(",
        )
        .ok()?,
        locked: Regex::new(LOCKED).ok()?,
    })
});

pub(super) fn read(text: &str, found: &mut Found<'_, '_>) {
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    floating(text, patterns, found);
    lost_update(text, patterns, found);
}

/// A statement that calls an asynchronous function of the same file and does not wait for it.
fn floating(text: &str, patterns: &Patterns, found: &mut Found<'_, '_>) {
    let mut plain = BTreeSet::new();
    let mut methods = BTreeSet::new();
    for captures in patterns.declared.captures_iter(text) {
        // The function handles its own failures.
        if captures.name("guard").is_some() {
            continue;
        }
        for group in ["constant", "function"] {
            plain.extend(captures.name(group).map(|name| name.as_str()));
        }
        methods.extend(captures.name("method").map(|name| name.as_str()));
    }
    for captures in patterns.statement.captures_iter(text) {
        let (Some(call), Some(name)) = (captures.name("call"), captures.name("name")) else {
            continue;
        };
        let known = if captures.name("this").is_some() {
            methods.contains(name.as_str())
        } else {
            plain.contains(name.as_str())
        };
        let handled = [".catch(", ".then(", ".finally("]
            .iter()
            .any(|method| call.as_str().contains(method));
        if !known || handled || continues(text, call.start(), call.end()) {
            continue;
        }
        found.show(
            Topic::FloatingPromise,
            call.range(),
            format!(
                "no code awaits `{}`, and no code handles its failure",
                name.as_str()
            ),
        );
    }
}

/// Whether the line before or after belongs to the same statement.
fn continues(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or_default().trim_end();
    let after = text.get(end..).unwrap_or_default().trim_start();
    before.ends_with(['=', '(', ',', ':', '?', '&', '|', '['])
        || before.ends_with("=>")
        || before.ends_with("await")
        || before.ends_with("return")
        || after.starts_with(['.', '{', ',', ')', ':', '?'])
}

/// A record that a function reads, changes and saves.
fn lost_update(text: &str, patterns: &Patterns, found: &mut Found<'_, '_>) {
    for captures in patterns.read.captures_iter(text) {
        let (Some(name), Some(call)) = (captures.name("name"), captures.name("call")) else {
            continue;
        };
        let around = scope::around(text, call.start(), call.end());
        if patterns.locked.is_match(around) {
            continue;
        }
        let start = (around.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let rest = text
            .get(call.end()..start + around.len())
            .unwrap_or_default();
        let name = name.as_str();
        let changed = rest.contains(&format!("Object.assign({name},"))
            || rest.contains(&format!("merge({name},"))
            || assigns(rest, name);
        let saved = rest.contains(&format!("{name}.save("))
            || [".save(", ".update(", ".persist(", ".flush("]
                .iter()
                .any(|verb| {
                    rest.match_indices(verb).any(|(at, _)| {
                        rest.get(at + verb.len()..)
                            .is_some_and(|rest| rest.trim_start().starts_with(name))
                    })
                });
        if changed && saved {
            found.show(
                Topic::SharedState,
                call.range(),
                format!(
                    "`{}` reads a record that is changed and saved, so a parallel change is lost",
                    call.as_str()
                ),
            );
        }
    }
}

/// Whether a text assigns to a field of a variable.
fn assigns(text: &str, name: &str) -> bool {
    let own = format!("{name}.");
    text.match_indices(&own).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        if before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.')) {
            return false;
        }
        let rest = text.get(at + own.len()..).unwrap_or_default();
        let rest = rest
            .trim_start_matches(|letter: char| {
                letter.is_alphanumeric() || matches!(letter, '_' | '.')
            })
            .trim_start();
        rest.starts_with("+=")
            || rest.starts_with("-=")
            || rest.starts_with('=') && !rest.starts_with("==") && !rest.starts_with("=>")
    })
}
