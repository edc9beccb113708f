use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Parts of names whose values are never written.
const SENSITIVE: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "api_key",
    "apikey",
    "api-key",
    "private_key",
    "privatekey",
    "session_id",
    "otp",
    "cvv",
];

/// All parts at once, in one pass over a name: names stand on every line.
static PARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .prefilter(false)
        .build(SENSITIVE)
        .ok()
});

/// Whether a field of this name holds something that must not be written, such as `password` or `x-api-key`.
#[must_use]
pub fn is_sensitive_name(name: &str) -> bool {
    // Without the automaton, which a constant list always gives, every name would be one of a secret.
    PARTS.as_ref().is_none_or(|parts| parts.is_match(name))
}
