//! Blocks of `err != nil`.

use super::super::Found;
use super::super::functions::{Function, Line, block, lines, start_of_chain};
use super::has_word;
use super::patterns::Name;
use crate::model::facts::Practice;

/// The evidence that precedes a failure that is only logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// A change of the database.
    Write,
    /// The start of a goroutine, and the block ends nothing.
    Task,
    Anything,
}

/// A failure that is only logged. The first row that matches counts.
struct Logged {
    /// The pattern of the name of the call.
    call: Name,
    after: After,
    practice: Practice,
    /// The evidence before and after the call.
    evidence: (&'static str, &'static str),
}

const LOGGED: &[Logged] = &[
    Logged {
        call: Name::Effect,
        after: After::Write,
        practice: Practice::DualWrite,
        evidence: (
            "",
            " follows a change of the database, and only a log shows its failure",
        ),
    },
    Logged {
        call: Name::Serves,
        after: After::Task,
        practice: Practice::OwnedTask,
        evidence: (
            "after a failed ",
            " the process continues without this server",
        ),
    },
    Logged {
        call: Name::Opens,
        after: After::Anything,
        practice: Practice::SilentNull,
        evidence: ("after a failed ", " the program continues without it"),
    },
    Logged {
        call: Name::Effect,
        after: After::Anything,
        practice: Practice::IgnoredError,
        evidence: (
            "the failure of ",
            " is only logged, and the function continues",
        ),
    },
];

pub(super) fn read(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let all = lines(function.body, function.at);
    let mut written = false;
    for (index, line) in all.iter().enumerate() {
        if !Name::Failed.is_in(line.text) {
            written |= Name::Write.is_in(line.text);
            continue;
        }
        let inner = block(&all, index);
        let text = inner
            .iter()
            .map(|line| line.text.split("//").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n");
        let Some((call, place)) = failed_call(&all, index) else {
            written |= Name::Write.is_in(line.text);
            continue;
        };
        let last = call.rsplit('.').next().unwrap_or(call);
        let only_logged =
            !text.trim().is_empty() && Name::Log.is_in(&text) && !Name::Leaves.is_in(&text);
        let logged = LOGGED.iter().find(|own| {
            let after = match own.after {
                After::Write => written,
                After::Task => !Name::Stops.is_in(&text) && is_in_task(&all, index),
                After::Anything => true,
            };
            after && own.call.is_in(last)
        });
        if let Some(own) = logged.filter(|_| only_logged) {
            let (before, after) = own.evidence;
            found.show(
                own.practice,
                place.span(),
                format!("{before}`{call}`{after}"),
            );
        }
        acknowledged(function, found, call, &text, place);
        undo(found, call, inner);
        answer(
            function,
            found,
            &Failure {
                call,
                last,
                text: &text,
                remote: is_remote(place.text) || line.text.contains("tx, &"),
                at: *inner.first().unwrap_or(line),
            },
        );
        written |= Name::Write.is_in(place.text) || Name::Write.is_in(line.text);
    }
}

/// A failed message that its handler acknowledges, so that the broker deletes it.
fn acknowledged(
    function: &Function<'_>,
    found: &mut Found<'_, '_>,
    call: &str,
    text: &str,
    place: Line<'_>,
) {
    let keeps = [
        "Nack(", "nack(", "eject", "dead", "Dead", "dlq", "DLQ", "etry", "equeue",
    ]
    .iter()
    .any(|word| text.replace(".Ack(", "").contains(word));
    if Name::Delivered.is_in(function.parameters)
        && Name::Log.is_in(text)
        && Name::Acknowledges.is_in(text)
        && !keeps
    {
        found.show(
            Practice::DroppedMessage,
            place.span(),
            format!("after a failed `{call}` the handler acknowledges the message, so it is lost"),
        );
    }
}

/// A step that is undone with the context of the caller, which may be the reason of the failure.
fn undo(found: &mut Found<'_, '_>, call: &str, inner: &[Line<'_>]) {
    let lower = call.to_lowercase();
    let remote = [
        "client", "gateway", "provider", "publish", "charge", "pay", "reserve",
    ]
    .iter()
    .any(|word| lower.contains(word));
    let detached = ["WithoutCancel", "context.Background", "WithTimeout"]
        .iter()
        .any(|word| inner.iter().any(|line| line.text.contains(word)));
    if !remote || detached {
        return;
    }
    for line in inner {
        if let Some(what) = Name::Undoes
            .captures(line.text)
            .and_then(|captures| captures.name("what"))
        {
            found.show(
                Practice::RequestContext,
                line.at + what.start()..line.at + what.end(),
                format!(
                    "`{}` undoes a step with the context of the caller, which may have ended",
                    what.as_str()
                ),
            );
            return;
        }
    }
}

/// A failed call and the block that handles it.
struct Failure<'t> {
    call: &'t str,
    last: &'t str,
    text: &'t str,
    remote: bool,
    at: Line<'t>,
}

/// Responses of a block that do not fit the failure.
fn answer(function: &Function<'_>, found: &mut Found<'_, '_>, failure: &Failure<'_>) {
    let Failure {
        call, last, text, ..
    } = failure;
    let at = failure.at.span();
    if Name::Missing.is_in(text)
        && Name::Lookup.is_in(last)
        && !Name::Distinguishes.is_in(function.body)
    {
        let evidence = format!(
            "every failure of `{call}` is answered as a missing record, also a lost connection"
        );
        found.show(Practice::ErrorResponse, at.clone(), evidence);
    }
    if !Name::Internal.is_in(text) {
        return;
    }
    if failure.remote && !Name::Mapped.is_in(function.body) {
        let evidence = format!(
            "every failure of `{call}` is answered as an internal error, also a wrong input"
        );
        found.show(Practice::ErrorResponse, at.clone(), evidence);
    }
    if !has_word(text, "err") && !Name::Log.is_in(text) {
        let evidence = format!("neither a log nor the answer shows why `{call}` failed");
        found.show(Practice::IgnoredError, at, evidence);
    }
}

/// Whether a call passes a message of protobuf.
fn is_remote(call: &str) -> bool {
    call.contains("tx, &") || call.contains("pb.")
}

/// Whether a line is in a function that a goroutine runs.
fn is_in_task(all: &[Line<'_>], index: usize) -> bool {
    let Some(line) = all.get(index) else {
        return false;
    };
    let mut depth = line.indentation().len();
    all.iter().take(index).rev().any(|line| {
        let own = line.indentation().len();
        if line.text.trim().is_empty() || own >= depth {
            return false;
        }
        depth = own;
        line.text.contains("go func")
    })
}

/// Lines that a call may have.
const MAX_LINES_OF_CALL: usize = 20;

/// The call whose error a line checks, and its line.
fn failed_call<'t>(all: &[Line<'t>], index: usize) -> Option<(&'t str, Line<'t>)> {
    let line = all.get(index)?;
    let first = start_of_chain(all, index);
    if first < index {
        return Some((last_call(line.text)?, *all.get(first)?));
    }
    let depth = line.indentation().len();
    (0..MAX_LINES_OF_CALL).find_map(|back| {
        let own = all.get(index.checked_sub(back)?)?;
        if own.indentation().len() != depth {
            return None;
        }
        let call = Name::Called.captures(own.text)?.name("call")?.as_str();
        Some((call, *own))
    })
}

/// The name of the last call of a chain: `First` in `First(&row).Error; err != nil {`.
fn last_call(line: &str) -> Option<&str> {
    let (chain, _) = line.split_once("; ")?;
    let chain = chain.trim().trim_end_matches(".Error").strip_suffix(')')?;
    let mut depth = 1_usize;
    let open = chain.char_indices().rev().find_map(|(at, letter)| {
        match letter {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })?;
    let name = chain.get(..open)?;
    name.rsplit(|letter: char| !letter.is_alphanumeric()).next()
}
