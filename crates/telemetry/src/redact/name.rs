use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Parts of names whose values are never written.
const SENSITIVE: [&str; 20] = [
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
    "access_key",
    "accesskey",
    "account_key",
    "accountkey",
    "session_id",
    "cvv",
    "pwd",
];

/// Last words of names whose values are never written.
const LAST_WORDS: [&[u8]; 3] = [b"pass", b"otp", b"session"];

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
    PARTS.as_ref().is_none_or(|parts| parts.is_match(name)) || is_short_name(name.as_bytes())
}

/// `key` alone, and `pass`, `otp` and `session` alone or as the last word: as parts they are in too many harmless names, such as `cache_key`, `compass`, `footprint` and `session_count`.
fn is_short_name(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"key") || LAST_WORDS.iter().any(|word| is_last_word(name, word))
}

fn is_last_word(name: &[u8], word: &[u8]) -> bool {
    let Some((before, last)) = name
        .len()
        .checked_sub(word.len())
        .and_then(|start| name.split_at_checked(start))
    else {
        return false;
    };
    let begins_word = before.last().is_none_or(|byte| {
        !byte.is_ascii_alphabetic()
            || byte.is_ascii_lowercase() && last.first().is_some_and(u8::is_ascii_uppercase)
    });
    begins_word && last.eq_ignore_ascii_case(word)
}

/// Whether the value of this name is the whole rest of its line: a header whose value has blanks, commas and semicolons in it.
pub(super) fn is_whole_header(name: &str) -> bool {
    let contains = |part: &str| {
        name.as_bytes()
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    };
    contains("authorization") || contains("cookie")
}
