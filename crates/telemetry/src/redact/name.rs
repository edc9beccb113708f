use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Parts of names, in the form of [`compact`], whose values are never written.
const SENSITIVE: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
    "accountkey",
    "authkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "subscriptionkey",
    "sessionid",
    "cvv",
    "pwd",
];

/// Last words of names whose values are never written.
const LAST_WORDS: [&[u8]; 5] = [b"pass", b"otp", b"session", b"signature", b"jwt"];

/// The maximum length of a name that is compacted without an allocation.
const BUFFER_LENGTH: usize = 64;

/// All parts at once, in one pass over a name: names stand on every line.
static PARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .prefilter(false)
        .build(SENSITIVE)
        .ok()
});

/// Whether a field of this name holds a secret, such as `password`, `x-api-key` or `sessionId`.
/// Separators and case do not matter.
#[must_use]
pub fn is_sensitive_name(name: &str) -> bool {
    // Without the automaton, which a constant list always gives, every name would be one of a secret.
    let has_part = |name: &[u8]| PARTS.as_ref().is_none_or(|parts| parts.is_match(name));
    compact(name, has_part) || is_short_name(name.as_bytes())
}

/// Whether a number of this name is a telephone number. Without `+` its digits do not show it.
pub(crate) fn is_phone_name(name: &str) -> bool {
    let has = |name: &[u8]| {
        let contains = |part: &[u8]| {
            name.windows(part.len())
                .any(|it| it.eq_ignore_ascii_case(part))
        };
        contains(b"phone") || contains(b"msisdn")
    };
    compact(name, has)
}

/// Calls `read` with the name in lower case without separators, so that `api_key`, `Api-Key` and
/// `apiKey` are equal.
pub(super) fn compact<R>(name: &str, read: impl FnOnce(&[u8]) -> R) -> R {
    let is_separator = |byte: &u8| matches!(byte, b'_' | b'-' | b'.' | b' ');
    let bytes = name.as_bytes();
    if !bytes.iter().any(is_separator) {
        return read(bytes);
    }
    let words = bytes.iter().filter(|byte| !is_separator(byte)).copied();
    let mut buffer = [0; BUFFER_LENGTH];
    if bytes.len() > BUFFER_LENGTH {
        return read(&words.collect::<Vec<u8>>());
    }
    let mut length = 0;
    for (place, byte) in buffer.iter_mut().zip(words) {
        *place = byte;
        length += 1;
    }
    read(buffer.get(..length).unwrap_or_default())
}

/// Matches `key` alone, and `pass`, `otp`, `session`, `signature` and `jwt` alone or as the last
/// word. As parts they occur in harmless names, such as `cache_key`, `compass`, `session_count` and
/// `signature_algorithm`.
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
