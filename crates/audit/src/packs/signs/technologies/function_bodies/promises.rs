//! Promises whose failure no code handles, and consumers that acknowledge nothing.

use std::sync::LazyLock;

use regex::Regex;

use super::Found;
use super::functions::closing;
use crate::model::facts::Practice;
use crate::packs::signs::ascii::ascii;

struct Patterns {
    then: Regex,
    consume: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        then: ascii(
            r"(?m)^[ \t]*(?P<call>(?:this\.|[a-z]\w*\.)*[a-z]\w*\([^;{}\n]*\)\s*\.then)\(",
        )?,
        consume: ascii(r"(?P<call>\b(?:this\.)?\w*(?i:ch|channel)\w*[!?]?\.consume)\(")?,
    })
});

pub(super) fn read(text: &str, found: &mut Found<'_, '_>) {
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    without_catch(text, patterns, found);
    without_acknowledgement(text, patterns, found);
}

/// A statement that ends in `.then(…)`, so that no code handles its failure.
fn without_catch(text: &str, patterns: &Patterns, found: &mut Found<'_, '_>) {
    for captures in patterns.then.captures_iter(text) {
        let Some(call) = captures.name("call") else {
            continue;
        };
        let before = text.get(..call.start()).unwrap_or_default().trim_end();
        let continues = before.ends_with(['=', '(', ',', ':', '?', '&', '|', '['])
            || ["=>", "return", "await"]
                .iter()
                .any(|end| before.ends_with(end));
        if !continues && !is_handled(text, call.end()) {
            found.show(
                Practice::FloatingPromise,
                call.range(),
                format!("no code handles the rejection of `{}(…)`", call.as_str()),
            );
        }
    }
}

/// Whether a chain of methods contains `catch`, or its first `then` has two functions.
fn is_handled(text: &str, then: usize) -> bool {
    let mut at = then;
    loop {
        let Some(rest) = text.get(at..) else {
            return true;
        };
        let Some(open) = rest.find('(') else {
            return true;
        };
        let Some(length) = rest.get(open + 1..).and_then(closing) else {
            return true;
        };
        let after = at + open + 1 + length + 1;
        let Some(next) = text.get(after..).map(str::trim_start) else {
            return true;
        };
        let Some(method) = next.strip_prefix('.') else {
            // A chain inside of another expression has its own handler.
            return !(next.starts_with(';') || next.starts_with('}') || next.is_empty());
        };
        if method.starts_with("catch") || method.starts_with("pipe") {
            return true;
        }
        at = text.len() - method.len();
    }
}

/// A consumer that must acknowledge and does not.
fn without_acknowledgement(text: &str, patterns: &Patterns, found: &mut Found<'_, '_>) {
    for captures in patterns.consume.captures_iter(text) {
        let Some(call) = captures.name("call") else {
            continue;
        };
        let rest = text.get(call.end() + 1..).unwrap_or_default();
        let Some(arguments) = closing(rest).and_then(|end| rest.get(..end)) else {
            continue;
        };
        let Some((head, body)) = arguments.split_once("=>") else {
            continue;
        };
        let message = head
            .rsplit('(')
            .next()
            .and_then(|part| part.split([',', ':', ')']).next())
            .map_or("", str::trim);
        // Another function may acknowledge the message.
        let given = [
            format!("({message})"),
            format!("({message},"),
            format!(", {message})"),
        ]
        .iter()
        .any(|part| body.contains(part.as_str()));
        let acknowledges = ["ack", "Ack"].iter().any(|word| arguments.contains(word));
        if !given && !acknowledges {
            found.show(
                Practice::Redelivery,
                call.range(),
                format!(
                    "the consumer of `{}` acknowledges no message, so the broker redelivers all of them",
                    call.as_str()
                ),
            );
        }
    }
}
