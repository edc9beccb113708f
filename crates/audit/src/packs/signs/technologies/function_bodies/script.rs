//! Bodies of functions in JavaScript and TypeScript.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::functions::closing;
use super::{Found, LOCKED};
use crate::model::facts::Practice;
use crate::packs::signs::ascii::ascii;
use crate::packs::signs::scope;

struct Patterns {
    declared: Regex,
    statement: Regex,
    promised: Regex,
    started: Regex,
    read: Regex,
    locked: Regex,
    parsed: Regex,
    delivered: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        declared: ascii(
            r"(?m)^[ \t]*(?:export\s+)?(?:default\s+)?(?:(?:const|let|var)\s+(?P<constant>\w+)\s*=\s*async\b[^{;]*=>|async\s+function\s+(?P<function>\w+)\s*\([^{]*|(?:public\s+|private\s+|protected\s+)?async\s+(?P<method>\w+)\s*\([^{;]*)\s*\{\s*(?P<guard>try\s*\{)?",
        )?,
        statement: ascii(
            r"(?m)^[ \t]*(?P<call>(?P<this>this\.)?(?P<name>\w+)\([^;{}\n]*\))[ \t]*;?[ \t]*$",
        )?,
        promised: ascii(
            r"(?m)^[ \t]*(?P<call>(?:this\.|[a-z]\w*\.)*(?:\w*(?i:repository|repo)|prisma\.\w+|\w*(?i:mailer|mailservice|transporter)\w*|\w*(?i:amqpconnection|producer|consumer|redis\w*|sequelize|datasource)|pool|knex|mongoose|prisma|amqp|[A-Z]\w*(?:Model)?)\.(?P<name>query|save|insert|insertMany|updateOne|updateMany|deleteOne|deleteMany|findByIdAndUpdate|findByIdAndDelete|findOneAndUpdate|sendMail|publish|send|create|update|delete|upsert|set|del|expire|connect|\$connect|sync|authenticate|initialize))\(",
        )?,
        started: ascii(
            r"(?m)(?:^|;)[ \t]*;?(?P<call>\(\s*async\s*(?:\(\)\s*=>|function\s*\w*\(\)))\s*\{",
        )?,
        read: ascii(
            r"(?:const|let|var)\s+(?P<name>\w+)\s*(?::[^=;]+)?=\s*await\s+(?P<call>[\w.]*\.?(?:find|get|load|fetch)\w*)\(",
        )?,
        locked: ascii(LOCKED)?,
        parsed: ascii(r"JSON\.parse\(\s*(?:\w+[?!]?\.)+(?:content|value|data|body)\b")?,
        delivered: ascii(
            r"\.consume\(|\beach(?:Message|Batch)\s*:|\.on\(\s*['\x22]p?message['\x22]|\.subscribe\(",
        )?,
    })
});

pub(super) fn read(text: &str, found: &mut Found<'_, '_>) {
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    floating(text, patterns, found);
    promised(text, patterns, found);
    started(text, patterns, found);
    lost_update(text, patterns, found);
    unguarded_parse(text, patterns, found);
}

/// The number of bytes before a call in which the callback of a consumer may start.
const CALLBACK: usize = 800;

/// A message that a callback parses outside of `try`, so that the broker redelivers an invalid
/// message repeatedly, or the process ends.
fn unguarded_parse(text: &str, patterns: &Patterns, found: &mut Found<'_, '_>) {
    for call in patterns.parsed.find_iter(text) {
        let mut from = call.start().saturating_sub(CALLBACK);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let before = text.get(from..call.start()).unwrap_or_default();
        let Some(consumes) = patterns.delivered.find_iter(before).last() else {
            continue;
        };
        let callback = before.get(consumes.end()..).unwrap_or_default();
        let starts = callback.contains("=>") || callback.contains("function");
        // After an early acknowledgement, the broker does not redeliver the message.
        let returns = !callback.contains("try") && !callback.contains(".ack(");
        if starts && returns {
            found.show(
                Practice::Redelivery,
                call.range(),
                "a message that is not valid JSON fails outside of `try`, and no code rejects it"
                    .to_owned(),
            );
        }
    }
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
            Practice::FloatingPromise,
            call.range(),
            format!(
                "no code awaits `{}`, and no code handles its failure",
                name.as_str()
            ),
        );
    }
}

/// Methods that return a promise only for the types in the name before them.
const SENDERS: &[&str] = &["amqp", "producer", "mail", "transport"];
/// Libraries that connect by a promise.
const CONNECTED: &[&str] = &[
    "mongoose",
    "sequelize",
    "redis",
    "producer",
    "consumer",
    "prisma",
    "datasource",
];
/// Objects whose `query` returns a promise.
const QUERIED: &[&str] = &["pool", "knex", "sequelize", "datasource"];
/// Methods of records and stores.
const STORES: &[&str] = &["repo", "prisma", "redis"];

/// A statement that calls a library whose method returns a promise, and does not wait for it.
fn promised(text: &str, patterns: &Patterns, found: &mut Found<'_, '_>) {
    for captures in patterns.promised.captures_iter(text) {
        let (Some(call), Some(name)) = (captures.name("call"), captures.name("name")) else {
            continue;
        };
        let (receiver, _) = call.as_str().rsplit_once('.').unwrap_or_default();
        let last = receiver.rsplit('.').next().unwrap_or(receiver);
        let lower = receiver.to_lowercase();
        let is_of = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_model = last.starts_with(|letter: char| letter.is_ascii_uppercase())
            && text.contains("mongoose")
            && (last.ends_with("Model") || name.as_str().len() > "delete".len());
        let known = match name.as_str() {
            "connect" | "$connect" | "sync" | "authenticate" | "initialize" => is_of(CONNECTED),
            "publish" | "send" | "sendMail" => is_of(SENDERS),
            "query" => is_of(QUERIED),
            _ => is_of(STORES) || is_model,
        };
        // `pipeline` and `multi` collect commands, and `channel.publish` returns no promise.
        let batched = ["pipeline", "multi", "channel", "batch"]
            .iter()
            .any(|word| lower.contains(word));
        let Some(end) = text
            .get(call.end() + 1..)
            .and_then(closing)
            .map(|length| call.end() + length + 2)
        else {
            continue;
        };
        let arguments = text.get(call.end()..end).unwrap_or_default();
        let handled = arguments.contains("=>") || arguments.contains("function");
        let ends = text
            .get(end..)
            .is_some_and(|rest| rest.starts_with([';', '\n', '\r']));
        if known && !batched && !handled && ends && !continues(text, call.start(), end) {
            let evidence = format!(
                "no code awaits `{}`, and no code handles its failure",
                call.as_str()
            );
            found.show(Practice::FloatingPromise, call.range(), evidence);
        }
    }
}

/// An asynchronous function that is called where it is written, whose failure no code handles.
fn started(text: &str, patterns: &Patterns, found: &mut Found<'_, '_>) {
    for captures in patterns.started.captures_iter(text) {
        let (Some(whole), Some(call)) = (captures.get(0), captures.name("call")) else {
            continue;
        };
        let rest = text.get(whole.end()..).unwrap_or_default();
        let Some(length) = closing_brace(rest) else {
            continue;
        };
        let body = rest.get(..length).unwrap_or_default();
        let after = rest.get(length + 1..).unwrap_or_default();
        let Some(after) = after.trim_start().strip_prefix(')') else {
            continue;
        };
        let Some(after) = after.trim_start().strip_prefix("()") else {
            continue;
        };
        let guarded = body.trim_start().starts_with("try") || after.trim_start().starts_with('.');
        if !guarded && body.contains("await") {
            found.show(
                Practice::FloatingPromise,
                call.range(),
                "no code handles the failure of this asynchronous function".to_owned(),
            );
        }
    }
}

/// The length of a block up to the brace that closes it.
fn closing_brace(rest: &str) -> Option<usize> {
    let mut depth = 1_usize;
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
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
            || assigns(rest, name)
            || changes(rest, name)
            || changes_list(rest, name);
        let saved = rest.contains(&format!("{name}.save("))
            || [".save(", ".update(", ".persist(", ".flush("]
                .iter()
                .any(|verb| {
                    rest.match_indices(verb).any(|(at, _)| {
                        rest.get(at + verb.len()..)
                            .is_some_and(|rest| rest.trim_start().starts_with(name))
                    })
                })
            || WHOLE_UPDATES.iter().any(|verb| {
                rest.match_indices(verb).any(|(at, _)| {
                    rest.get(at + verb.len()..)
                        .and_then(|rest| rest.lines().next())
                        .and_then(|line| line.rsplit_once(','))
                        .is_some_and(|(_, last)| {
                            last.trim().trim_end_matches([')', ';']).trim() == name
                        })
                })
            });
        if changed && saved {
            found.show(
                Practice::SharedState,
                call.range(),
                format!(
                    "`{}` reads a record that is changed and saved, so a parallel change is lost",
                    call.as_str()
                ),
            );
        }
    }
}

/// Methods that write a whole record, which is their last argument.
const WHOLE_UPDATES: &[&str] = &[
    ".findOneAndUpdate(",
    ".findByIdAndUpdate(",
    ".updateOne(",
    ".replaceOne(",
    ".update(",
];

/// Whether a text changes a list of a record: `post.likes.push(…)`.
fn changes_list(text: &str, name: &str) -> bool {
    let own = format!("{name}.");
    text.match_indices(&own).any(|(at, _)| {
        let rest = text.get(at + own.len()..).unwrap_or_default();
        let field: String = rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        let after = rest.get(field.len()..).unwrap_or_default();
        [".push(", ".splice(", ".unshift(", ".pull("]
            .iter()
            .any(|method| after.starts_with(method))
    })
}

/// First words of methods of a record that change it.
const CHANGES: &[&str] = &[
    "add",
    "remove",
    "mark",
    "set",
    "update",
    "change",
    "cancel",
    "apply",
    "confirm",
    "approve",
    "reject",
    "complete",
    "deposit",
    "withdraw",
    "increase",
    "decrease",
    "increment",
    "decrement",
    "pay",
    "retry",
    "ship",
    "activate",
    "deactivate",
    "assign",
    "rename",
    "close",
    "reopen",
];

/// Whether a text calls a method of a variable that changes it.
fn changes(text: &str, name: &str) -> bool {
    let own = format!("{name}.");
    text.match_indices(&own).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let rest = text.get(at + own.len()..).unwrap_or_default();
        let method: String = rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric())
            .collect();
        !before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'))
            && rest
                .get(method.len()..)
                .is_some_and(|rest| rest.starts_with('('))
            && CHANGES.iter().any(|verb| {
                method.strip_prefix(verb).is_some_and(|rest| {
                    !rest.starts_with(|letter: char| letter.is_ascii_lowercase())
                })
            })
    })
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
