//! Bodies of functions in Go.

mod contexts;
mod failures;
mod patterns;
mod starts;
mod unread;

use self::patterns::Name;
use super::Found;
use super::functions::{Function, block, lines, of_go};
use crate::model::facts::Practice;
use crate::syntax::count_word;

/// Checks of one function.
const CHECKS: &[fn(&Function<'_>, &mut Found<'_, '_>)] = &[
    contexts::dropped_context,
    contexts::dropped_deadline,
    contexts::dropped_options,
    contexts::detached,
    contexts::without_deadline,
    lost_update,
    failures::read,
    ends,
    ended_consumer,
    lost_connection,
    leaked_on_failure,
    stale_decision,
    constant_health,
    unread_rows,
    starts::unclosed,
    starts::partial_success,
    unread::read,
];

pub(super) fn read(text: &str, found: &mut Found<'_, '_>) {
    for function in of_go(text) {
        for check in CHECKS {
            check(&function, found);
        }
    }
}

/// A record that a function reads, changes and writes back.
fn lost_update(function: &Function<'_>, found: &mut Found<'_, '_>) {
    if Name::Locked.is_in(function.body) {
        return;
    }
    for captures in Name::Read.all(function.body) {
        let (Some(name), Some(call)) = (captures.name("name"), captures.name("call")) else {
            continue;
        };
        let rest = function.body.get(call.end()..).unwrap_or_default();
        let name = name.as_str();
        let Some(changed) = position_of_change(rest, name) else {
            continue;
        };
        let after = rest.get(changed..).unwrap_or_default();
        let written = after.lines().any(|line| {
            ["Update", "Save", "Put", "Replace"].iter().any(|verb| {
                line.find(&format!(".{verb}")).is_some_and(|at| {
                    line.get(at..)
                        .and_then(|call| call.split_once('('))
                        .is_some_and(|(_, arguments)| has_word(arguments, name))
                })
            })
        });
        if written {
            found.show(
                Practice::SharedState,
                function.at + call.start()..function.at + call.end(),
                format!(
                    "`{}` reads a record that is changed and written back, so a parallel change is lost",
                    call.as_str()
                ),
            );
        }
    }
}

/// The place of the first assignment to a field of a variable, or of a method that changes it.
fn position_of_change(text: &str, name: &str) -> Option<usize> {
    let own = format!("{name}.");
    text.match_indices(&own).find_map(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == '.') {
            return None;
        }
        let rest = text.get(at + own.len()..).unwrap_or_default();
        let path: String = rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'))
            .collect();
        let after = rest.get(path.len()..).unwrap_or_default().trim_start();
        let assigned =
            after.starts_with("= ") || after.starts_with("+= ") || after.starts_with("-= ");
        let method = after.starts_with('(')
            && [
                "Apply", "Update", "Set", "Change", "Mark", "Add", "Remove", "Cancel", "Confirm",
            ]
            .iter()
            .any(|verb| path.starts_with(verb));
        (assigned || method).then_some(at)
    })
}

/// A failed server that ends the program with the exit status of success.
fn ends(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let all = lines(function.body, function.at);
    for (index, line) in all.iter().enumerate() {
        if !Name::Ends.is_in(line.text) {
            continue;
        }
        let inner = block(&all, index);
        let text: String = inner.iter().map(|line| line.text).collect();
        if !text.is_empty() && !Name::Exits.is_in(&text) {
            found.show(
                Practice::Cleanup,
                line.span(),
                "after a failed server the program ends with exit code 0".to_owned(),
            );
        }
    }
}

/// A consumer that returns without an error when the broker closes its channel.
fn ended_consumer(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let all = lines(function.body, function.at);
    let reconnects = ["NotifyClose", "econnect"]
        .iter()
        .any(|word| function.body.contains(word));
    if reconnects || !function.body.contains(".Consume") {
        return;
    }
    for (index, line) in all.iter().enumerate() {
        let Some(captures) = Name::Received.captures(line.text) else {
            continue;
        };
        let (Some(name), Some(what)) = (captures.name("name"), captures.name("what")) else {
            continue;
        };
        let inner = block(&all, index);
        let closed = format!("if !{} {{", name.as_str());
        let leaves = inner
            .iter()
            .position(|line| line.text.trim() == closed)
            .is_some_and(|at| {
                block(inner, at)
                    .iter()
                    .any(|line| matches!(line.text.trim(), "return" | "return nil"))
            });
        if leaves {
            found.show(
                Practice::Reconnect,
                line.span(),
                format!(
                    "the consumer ends without an error when the broker closes `{}`",
                    what.as_str()
                ),
            );
        }
    }
}

/// A gRPC connection in a variable that only the client gets, so no code can close it.
fn lost_connection(function: &Function<'_>, found: &mut Found<'_, '_>) {
    for captures in Name::Dials.all(function.body) {
        let (Some(name), Some(what)) = (captures.name("name"), captures.name("what")) else {
            continue;
        };
        let rest = function.body.get(what.end()..).unwrap_or_default();
        let given = rest.matches(&format!("Client({})", name.as_str())).count();
        if given > 0 && count_word(rest, name.as_str()) == given {
            found.show(
                Practice::Cleanup,
                function.at + what.start()..function.at + what.end(),
                format!(
                    "no code can close the connection of `{}`, because only the client has it",
                    what.as_str()
                ),
            );
        }
    }
}

/// A resource that stays open if a later step of the same function fails.
fn leaked_on_failure(function: &Function<'_>, found: &mut Found<'_, '_>) {
    for captures in Name::Acquires.all(function.body) {
        let (Some(name), Some(what)) = (captures.name("name"), captures.name("what")) else {
            continue;
        };
        let rest = function.body.get(what.end()..).unwrap_or_default();
        // The first check is that of the call itself.
        let failures = rest.matches("return nil, ").count();
        let closes = ["Close(", "Disconnect(", "Shutdown("]
            .iter()
            .any(|close| rest.contains(close));
        if failures >= 2 && !closes && rest.contains(&format!("{}.", name.as_str())) {
            found.show(
                Practice::Leak,
                function.at + what.start()..function.at + what.end(),
                format!(
                    "a later failure of the function leaves `{}` open",
                    what.as_str()
                ),
            );
        }
    }
}

/// A state that is read and checked, and then changed without the check.
fn stale_decision(function: &Function<'_>, found: &mut Found<'_, '_>) {
    if Name::Locked.is_in(function.body) {
        return;
    }
    for captures in Name::Read.all(function.body) {
        let (Some(name), Some(call)) = (captures.name("name"), captures.name("call")) else {
            continue;
        };
        let rest = function.body.get(call.end()..).unwrap_or_default();
        let Some(checked) = position_of_check(rest, name.as_str()) else {
            continue;
        };
        let after = rest.get(checked..).unwrap_or_default();
        // The change names the expected state if it gets the record or its version.
        if let Some(change) = Name::Sets.captures(after).and_then(|found| found.get(0))
            && !has_word(
                after
                    .get(change.start()..)
                    .and_then(|line| line.lines().next())
                    .unwrap_or_default(),
                name.as_str(),
            )
        {
            found.show(
                Practice::SharedState,
                function.at + call.start()..function.at + call.end(),
                format!(
                    "`{}` reads a state that decides about a change, and another request may change it in between",
                    call.as_str()
                ),
            );
        }
    }
}

/// The place of a comparison of a state, a number or a balance of a record.
fn position_of_check(text: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        let own = format!("{name}.");
        let about = [
            "Status",
            "State",
            "Stock",
            "Quantity",
            "Balance",
            "Available",
            "Used",
        ]
        .iter()
        .any(|word| line.contains(word));
        if start.starts_with("if ") && about && line.contains(&own) {
            return Some(at + line.len());
        }
        at += line.len();
    }
    None
}

/// A handler of a health route that checks no dependency.
fn constant_health(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let name = function.name.to_lowercase();
    let about = ["health", "ready", "readiness"]
        .iter()
        .any(|word| name.contains(word));
    let handles = Name::Handles.is_in(function.parameters);
    let fixed = Name::Fixed.is_in(function.body) && !Name::Asks.is_in(function.body);
    if about && handles && fixed {
        found.show(
            Practice::HealthResult,
            function.start..function.start + "func".len(),
            format!("`{}` answers 200 and checks no dependency", function.name),
        );
    }
}

/// A change by ID that succeeds for an ID that does not exist.
fn unread_rows(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let changes = [
        "Update",
        "Delete",
        "Remove",
        "Restore",
        "SoftDelete",
        "Prune",
        "Cancel",
        "Set",
        "Mark",
        "Change",
        "Archive",
        "Activate",
        "Deactivate",
        "Enable",
        "Disable",
    ]
    .iter()
    .any(|verb| function.name.starts_with(verb));
    if !changes || function.body.contains("RowsAffected") {
        return;
    }
    if let Some(what) = Name::Executes
        .captures(function.body)
        .and_then(|captures| captures.name("what"))
    {
        found.show(
            Practice::IgnoredError,
            function.at + what.start()..function.at + what.end(),
            format!(
                "`{}` reports success for a record that does not exist",
                function.name
            ),
        );
    }
}

/// Whether a text contains a name as a whole word.
fn has_word(text: &str, name: &str) -> bool {
    count_word(text, name) > 0
}
