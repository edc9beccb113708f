//! Records the practices that a place shows.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::source::Language;
use crate::syntax::Code;

/// Adds what a node shows about a practice.
pub(super) fn show<'t>(
    code: &Code<'t>,
    facts: &mut FactSink<'_>,
    node: Node<'t>,
    practice: Practice,
    verdict: Verdict,
    evidence: impl Into<String>,
) {
    let observation = Observation {
        practice,
        elsewhere: "",
        verdict,
        evidence: evidence.into(),
    };
    facts.add(observation, code.place(node));
}

/// Whether a variable of Java or Kotlin has the type of a store: `OrderRepository orders`.
pub(super) fn is_typed_store(code: &Code<'_>, receiver: &str) -> bool {
    let name = receiver.strip_prefix("this.").unwrap_or(receiver);
    if name.is_empty() || !name.chars().all(char::is_alphanumeric) {
        return false;
    }
    let text = &code.file.text;
    match code.file.language {
        Language::Java => ["Repository", "Dao", "DAO", "Mapper"].iter().any(|end| {
            [';', ',', ')', ' ']
                .iter()
                .any(|after| text.contains(&format!("{end} {name}{after}")))
        }),
        Language::Kotlin => text
            .split_once(&format!("val {name}: "))
            .and_then(|(_, rest)| rest.split([',', ')', '\n', ' ', '<']).next())
            .is_some_and(|kind| {
                ["Repository", "Dao", "DAO", "Mapper"]
                    .iter()
                    .any(|end| kind.ends_with(end))
            }),
        _ => false,
    }
}

/// The text in lower case contains one of the words.
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
