//! Records the practices that a place shows.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Topic, Verdict};
use crate::syntax::Code;

/// Adds what a node shows about a topic.
pub(super) fn show<'t>(
    code: &Code<'t>,
    facts: &mut FactSink<'_>,
    node: Node<'t>,
    topic: Topic,
    verdict: Verdict,
    evidence: impl Into<String>,
) {
    let practice = Practice {
        topic,
        elsewhere: "",
        verdict,
        evidence: evidence.into(),
    };
    facts.add(practice, code.place(node));
}

/// The text in small letters contains one of the words.
pub(super) fn mentions(text: &str, words: &[&str]) -> bool {
    let lower = text.to_lowercase();
    words.iter().any(|word| lower.contains(word))
}

/// Names of functions and files that limit rates.
pub(super) const LIMITER_WORDS: &[&str] = &[
    "ratelimit",
    "rate_limit",
    "rate-limit",
    "limiter",
    "throttl",
];
/// Names of functions that make something once, at the start.
pub(super) const MAKER_PREFIXES: &[&str] = &[
    "new",
    "init",
    "connect",
    "setup",
    "create",
    "provide",
    "make",
    "open",
    "build",
    "get_client",
    "getclient",
];

/// Whether a function creates an object, by its name.
pub(super) fn is_maker(name: &str) -> bool {
    let lower = name.trim_start_matches('_').to_lowercase();
    MAKER_PREFIXES
        .iter()
        .any(|prefix| lower.starts_with(prefix))
}
