//! Errors that a function stores in a variable and never reads.

use super::super::Found;
use super::super::functions::{Function, Line, lines};
use super::has_word;
use super::patterns::Name;
use crate::model::facts::Practice;

/// An error that the next assignment replaces, or that no later line reads.
pub(super) fn read(function: &Function<'_>, found: &mut Found<'_, '_>) {
    let returned = has_word(function.results, "err");
    let deferred = function
        .body
        .split("defer func")
        .skip(1)
        .any(|rest| has_word(rest.split("\n\t}").next().unwrap_or(rest), "err"));
    if returned || deferred {
        return;
    }
    let all = lines(function.body, function.at);
    for (index, line) in all.iter().enumerate() {
        let Some(call) = Name::Assigned
            .captures(line.text)
            .and_then(|captures| captures.name("call"))
        else {
            continue;
        };
        let rest = all.get(index + 1..).unwrap_or_default();
        if is_repeated(&all, index) || is_read(rest, line.indentation().len()) {
            continue;
        }
        let start = line.at + call.start();
        found.show(
            Practice::IgnoredError,
            start..line.at + call.end(),
            format!("no code reads the error of `{}`", call.as_str()),
        );
    }
}

/// Whether a loop around a line reads the error in its next round.
fn is_repeated(all: &[Line<'_>], index: usize) -> bool {
    let Some(line) = all.get(index) else {
        return true;
    };
    let mut depth = line.indentation().len();
    all.iter().take(index).rev().any(|line| {
        let own = line.indentation().len();
        if line.text.trim().is_empty() || own >= depth {
            return false;
        }
        depth = own;
        line.text.trim_start().starts_with("for ")
    })
}

/// Whether the first line that names the error reads it. A branch may lead elsewhere.
fn is_read(rest: &[Line<'_>], depth: usize) -> bool {
    for line in rest {
        let text = line.text.split("//").next().unwrap_or_default();
        let branch = ["} else", "case ", "default:"]
            .iter()
            .any(|word| text.trim_start().starts_with(word));
        if branch {
            return true;
        }
        // A deeper declaration is another variable.
        let inner = line.indentation().len() > depth || text.trim_start().starts_with("if ");
        if inner && text.contains(":=") && has_word(text, "err") {
            return true;
        }
        if has_word(text, "err") {
            let right = text.split_once('=').map_or(text, |(_, right)| right);
            return !Name::Assigns.is_in(text) || has_word(right, "err");
        }
    }
    false
}
