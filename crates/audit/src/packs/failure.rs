//! How code handles a failure. Packs report the code that they read, and this module evaluates it
//! for all languages.

use tree_sitter::Node;

use super::practice::{mentions, show};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::syntax::{Call, Code};

/// Words of a comment on the deliberate choice to let requests through.
const CHOSEN: &[&str] = &["fail open", "fail-open", "failopen", "fails open"];

/// The decision of a limiter that fails.
pub(super) struct LimiterFailure<'s> {
    /// Whether the request continues.
    pub(super) passes: bool,
    /// Whether the request is rejected.
    pub(super) rejects: bool,
    /// The text that may document the choice.
    pub(super) said: &'s str,
}

impl LimiterFailure<'_> {
    /// Records the practice that the place shows, or nothing if it shows both or neither.
    pub(super) fn record<'t>(&self, code: &Code<'t>, at: Node<'t>, facts: &mut FactSink<'_>) {
        let (verdict, evidence) = match (self.passes, self.rejects) {
            (true, false) if mentions(self.said, CHOSEN) => (
                Verdict::Minor,
                "if the limiter fails, it allows the request",
            ),
            (true, false) => (
                Verdict::Broken,
                "if the limiter fails, it allows the request",
            ),
            (false, true) => (
                Verdict::Kept,
                "if the limiter fails, it rejects the request",
            ),
            _ => return,
        };
        show(code, facts, at, Practice::LimiterFailure, verdict, evidence);
    }
}

/// Words in the names of functions that make clients of other systems.
const CLIENTS: &[&str] = &[
    "client",
    "publisher",
    "producer",
    "connection",
    "broker",
    "queue",
    "database",
    "redis",
    "kafka",
    "rabbit",
    "amqp",
    "pool",
];

/// Whether a function, by its name, makes a client of another system.
pub(super) fn makes_client(name: &str) -> bool {
    let lower = name.trim_start_matches('_').to_lowercase();
    let makes = ["connect", "init", "create", "setup", "make"]
        .iter()
        .any(|prefix| lower.starts_with(prefix));
    makes && (mentions(&lower, CLIENTS) || lower.ends_with("db"))
}

/// Records how a function that creates a client handles an error that it catches. `null` is the
/// value that it returns if it only logs the error.
pub(super) fn failed_making<'t>(
    code: &Code<'t>,
    caught: Node<'t>,
    null: Option<&str>,
    passes_on: bool,
    facts: &mut FactSink<'_>,
) {
    let name = code.name_around(caught);
    let (verdict, evidence) = match null {
        Some(null) if !passes_on => (
            Verdict::Broken,
            format!("`{name}` logs the error and returns `{null}` instead of it"),
        ),
        _ if passes_on => (Verdict::Kept, "the error is returned".to_owned()),
        _ => return,
    };
    show(code, facts, caught, Practice::SilentNull, verdict, evidence);
}

/// Words for the dead-lettering of a failed message.
const DEAD_LETTER_WORDS: &[&str] = &[
    "nack",
    "reject",
    "dlq",
    "dead",
    "retry",
    "requeue",
    "publish",
    "sendtoqueue",
    "park",
    "term(",
];

/// Words that show that a failed message is unreadable, so that a second attempt fails too.
const UNREADABLE: &[&str] = &["unmarshal", "decode", "parse"];

/// Whether text dead-letters a failed message.
pub(super) fn is_dead_lettered(text: &str) -> bool {
    mentions(text, DEAD_LETTER_WORDS)
}

/// Records a message that is acknowledged after its handling failed. `cause` is the failed step, as
/// far as it is known.
pub(super) fn acknowledged<'t>(
    code: &Code<'t>,
    caught: Node<'t>,
    call: &Call<'t>,
    cause: &str,
    facts: &mut FactSink<'_>,
) {
    let (verdict, evidence) = if is_dead_lettered(code.text(caught)) {
        (
            Verdict::Kept,
            "a failed message is dead-lettered before it is acknowledged",
        )
    } else {
        let unreadable = mentions(cause, UNREADABLE);
        (
            if unreadable {
                Verdict::Minor
            } else {
                Verdict::Broken
            },
            "a failed message is acknowledged and lost",
        )
    };
    show(
        code,
        facts,
        call.node,
        Practice::DroppedMessage,
        verdict,
        evidence,
    );
}

/// The use of a timeout, breaker or limiter that code creates.
pub(super) enum Made<'s> {
    /// The value is dropped.
    ThrownAway,
    /// Stored under a name that is not used.
    Unused(&'s str),
    /// Used.
    Used,
}

/// Records how code uses a resilient object with the name `what`.
pub(super) fn made(
    code: &Code<'_>,
    call: &Call<'_>,
    what: &str,
    became: &Made<'_>,
    facts: &mut FactSink<'_>,
) {
    let (verdict, evidence) = match became {
        Made::ThrownAway => (Verdict::Broken, format!("{what} is created and dropped")),
        Made::Unused(name) => (
            Verdict::Broken,
            format!("{what} is created as `{name}` and never used"),
        ),
        Made::Used => (Verdict::Kept, format!("{what} is used")),
    };
    show(
        code,
        facts,
        call.node,
        Practice::DeadResilience,
        verdict,
        evidence,
    );
}
