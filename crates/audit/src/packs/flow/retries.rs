//! Calls that code repeats after a failure, and calls that change another service.

use tree_sitter::Node;

use super::super::practice::mentions;
use crate::syntax::{Call, Code};

/// Annotations of functions that a library retries.
const ANNOTATIONS: &[&str] = &[
    "@retry",
    "@retryable",
    "@backoff.on_exception",
    "@tenacity",
    "autoretry_for",
];
const LOOPS: &[&str] = &[
    "for_statement",
    "while_statement",
    "for_expression",
    "loop_expression",
];
/// Words in loops that retry, in lower case.
const ATTEMPTS: &[&str] = &["retr", "attempt", "backoff", "tries"];
/// Words in loops that wait, in lower case.
const WAITS: &[&str] = &["sleep", "delay(", "time.after", "settimeout"];
/// Statements that end a loop.
const EXITS: &[&str] = &["return", "break"];

/// Whether a library retries the function. The text starts with its annotations.
pub(super) fn is_repeated(text: &str) -> bool {
    text.lines()
        .take_while(|line| !line.contains('{') && !line.trim_start().starts_with("def "))
        .any(|line| {
            let line = line.trim_start();
            line.starts_with('@') && mentions(line, ANNOTATIONS)
        })
}

/// Whether a loop or a library retries the call.
pub(super) fn is_retried<'t>(code: &Code<'t>, function: Node<'t>, call: &Call<'t>) -> bool {
    let within = code
        .ancestors(call.node)
        .take_while(|around| around.id() != function.id());
    for around in within {
        if LOOPS.contains(&around.kind()) {
            let text = code.text(around);
            let ends = EXITS.iter().any(|end| text.contains(end));
            let list = text.lines().next().is_some_and(|head| {
                ["range ", " of ", " in ", " : "]
                    .iter()
                    .any(|word| head.contains(word))
                    && !mentions(head, &["range(", "attempt", "retr", "tries"])
            });
            return ends && !list && (mentions(text, ATTEMPTS) || mentions(text, WAITS));
        }
        if let Some(helper) = code.call_at(around) {
            let method = helper.method.to_lowercase();
            let own = mentions(&method, &["retry", "retries"])
                || mentions(helper.receiver, &["retry", "backoff"]);
            let piped = method == "pipe" && code.text(around).contains("retry(");
            if (own || piped) && !method.starts_with("set") {
                return true;
            }
        }
    }
    false
}

/// Methods of HTTP clients that get the HTTP method as an argument, in lower case.
const GENERIC: &[&str] = &[
    "do", "fetch", "request", "exchange", "axios", "send", "execute",
];
/// Texts of a `POST` request. `PUT` and `DELETE` are idempotent.
const CHANGES: &[&str] = &[
    "MethodPost",
    "HttpMethod.POST",
    ".POST(",
    "\"POST\"",
    "'POST'",
];

/// Whether a call of a general method sends a `POST` request to another service.
pub(super) fn is_change<'t>(code: &Code<'t>, function: Node<'t>, call: &Call<'t>) -> bool {
    let method = call.method.to_lowercase();
    if !GENERIC.contains(&method.as_str()) {
        return false;
    }
    // The request is an argument, or the function makes it.
    let text = if call.arguments.len() > 1 {
        code.text(call.node)
    } else {
        code.text(function)
    };
    CHANGES.iter().any(|change| text.contains(change))
}

#[cfg(test)]
mod tests {
    use super::is_repeated;

    #[test]
    fn an_annotation_repeats_a_function() {
        assert!(is_repeated(
            "@retry(stop=stop_after_attempt(3))\ndef pay():\n    x()\n"
        ));
        assert!(is_repeated(
            "@Retryable(maxAttempts = 3)\npublic void pay() {\n}\n"
        ));
        assert!(!is_repeated("def pay():\n    @retry\n"));
    }
}
