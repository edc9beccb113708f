use std::ops::Range;

use super::bytes::{end_of, is_word};

/// The prefixes of JSON Web Tokens and of the credentials of well-known issuers.
const PREFIXES: [&str; 22] = [
    "eyJ",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "pk_live_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "npm_",
    "hvs.",
];
/// Minimum number of characters of a credential after its prefix. Shorter texts may be words.
const MIN_CREDENTIAL_LENGTH: usize = 12;
/// The length of the shortest prefix and the shortest credential after it.
const MIN_RUN_LENGTH: usize = 3 + MIN_CREDENTIAL_LENGTH;
/// The length of 32 random bytes in base64url, the format of this framework's opaque tokens.
const OPAQUE_LENGTH: usize = 43;
/// The prefix of this framework's API keys, before an opaque token.
const API_KEY_PREFIX: &[u8] = b"sk_";
/// Authentication schemes that are followed by their credential (RFC 6750, RFC 7617).
const SCHEMES: [&[u8]; 2] = [b"bearer", b"basic"];
/// Maximum length of a word that may follow the name of a scheme in a sentence, in characters.
const MAX_WORD_LENGTH: usize = 15;

/// A credential that begins in `run`, a whole run of letters, digits, `_` and `-`.
pub(super) fn token(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    let word = text.get(run.clone())?;
    if word.starts_with(b"-----BEGIN") {
        return Some(run.start..text.len());
    }
    let opaque = word.strip_prefix(API_KEY_PREFIX).unwrap_or(word);
    if [word, opaque].into_iter().any(is_opaque) {
        return Some(run);
    }
    // Only prefixes that end with a dot are followed by a new run.
    if word.len() >= MIN_RUN_LENGTH || text.get(run.end) == Some(&b'.') {
        let starts = (run.start..run.end).filter(|at| {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            *at == run.start || before == Some(&b'-')
        });
        let mut credentials = starts.filter_map(|at| prefixed(text, at));
        if let Some(found) = credentials.next() {
            return Some(found);
        }
    }
    let last = word.rsplit(|byte| *byte == b'-').next()?;
    let is_scheme = SCHEMES.iter().any(|it| last.eq_ignore_ascii_case(it));
    let found = is_scheme.then(|| credential_after(text, run.end))??;
    (!is_plain_word(text.get(found.clone())?)).then_some(found)
}

/// A credential with one of the [`PREFIXES`] at `at`.
fn prefixed(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let prefix = PREFIXES
        .iter()
        .find(|prefix| rest.starts_with(prefix.as_bytes()))?;
    let is_part = |byte: u8| is_word(byte) || b"-+".contains(&byte);
    let is_credential = |byte: u8| is_part(byte) || b"./=~".contains(&byte);
    let measured = if prefix.ends_with('.') {
        end_of(text, at, is_credential)
    } else {
        end_of(text, at, is_part)
    };
    (measured - at >= prefix.len() + MIN_CREDENTIAL_LENGTH)
        .then(|| at..end_of(text, measured, is_credential))
}

/// Whether the word has the length of an opaque token, and its characters look random: names have
/// no capitals or digits, hashes in hexadecimal have one case.
fn is_opaque(token: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| token.iter().any(is);
    token.len() == OPAQUE_LENGTH
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

/// The credential after the name of an authentication scheme at `at`, if a scheme is there.
pub(super) fn after_scheme(text: &[u8], at: usize) -> Option<Range<usize>> {
    let scheme = SCHEMES.iter().find(|scheme| {
        text.get(at..at + scheme.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(scheme))
    })?;
    credential_after(text, at + scheme.len())
}

fn credential_after(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = end_of(text, at, |byte| byte.is_ascii_whitespace());
    let end = end_of(text, start, |byte| {
        byte.is_ascii_alphanumeric() || b"_-./+=~".contains(&byte)
    });
    (start > at && end > start).then_some(start..end)
}

/// Whether it is written like the next word of a sentence, as in "a bearer token is missing".
fn is_plain_word(word: &[u8]) -> bool {
    let letters = word
        .strip_suffix(b".")
        .or_else(|| word.strip_suffix(b"="))
        .unwrap_or(word);
    letters.len() <= MAX_WORD_LENGTH
        && letters
            .iter()
            .skip(1)
            .all(|byte| byte.is_ascii_lowercase() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::redact;

    #[test]
    fn masks_credentials_by_prefix_and_scheme_obs_3() {
        for (text, masked) in [
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "jwt ***"),
            ("key AKIAIOSFODNN7EXAMPLE1", "key ***"),
            ("x-ghp_abcdefghijklmnop1234", "x-***"),
            ("ya29.abcdef.hunter2ghi.jkl", "***"),
            ("hvs.abc.def.ghi.jkl", "***"),
            ("-----BEGIN PRIVATE KEY-----\nabc", "***"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("sent bearer abc123 to it", "sent bearer *** to it"),
            ("Bearer\thunter2", "Bearer\t***"),
            ("with Basic YWRhOmh1bnRlcg==.", "with Basic ***"),
        ] {
            assert_eq!(redact(text), masked, "{text:?}");
        }
        for text in [
            "basic usage and Basic Information. Basic well-known.",
            "a bearer token is missing",
            "Bearer realm=\"orders\"",
            "sk-short ask-me-anything-you-want",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn masks_opaque_tokens_without_a_name_obs_3() {
        for token in [
            "Zr0tH7kq3bX9vJ2mW5nY8cA1dE4fG6hK0pQsUuVwXyz",
            "-r0tH7kq3bX9vJ2mW5nY8cA1dE4fG6hK0pQsUuVwXy_",
            "0000000000000000000000000000000000000000-aB",
            // An API key of `seaworthy-account`.
            "sk_Zr0tH7kq3bX9vJ2mW5nY8cA1dE4fG6hK0pQsUuVwXyz",
        ] {
            let text = format!("no route for /r/{token}, ({token})");
            assert_eq!(redact(&text), "no route for /r/***, (***)");
        }
        for text in [
            "d2a84f4b8b650937ec8f73cd8be2c74add5a911ba64df27458ed8229da804a26",
            "city_events_join_store_counting_uncounted_x",
            "A1b2C3d4E5f6A1b2C3d4E5f6A1b2C3d4E5f6A1b2C3d4",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
