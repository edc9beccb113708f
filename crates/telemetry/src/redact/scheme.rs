use super::bytes::{end_of, starts_with_ignoring_case};

/// Schemes that are followed by their credential wherever they stand (RFC 6750, RFC 7617).
const SCHEMES: [&[u8]; 2] = [b"bearer", b"basic"];

/// What people write behind the word `bearer`, and what a challenge has there (RFC 6750, section 3).
const PROSE: [&[u8]; 18] = [
    b"token",
    b"tokens",
    b"auth",
    b"authentication",
    b"authorization",
    b"scheme",
    b"schemes",
    b"credential",
    b"credentials",
    b"header",
    b"headers",
    b"realm",
    b"is",
    b"was",
    b"and",
    b"or",
    b"in",
    b"of",
];
/// The longest word of a sentence that is looked for behind `basic`, in bytes: the credential of a user and a password is rarely shorter.
const LONGEST_WORD: usize = 15;

/// The credential behind `Bearer` or `Basic`.
pub(super) fn scheme(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    let word = SCHEMES
        .iter()
        .find(|word| starts_with_ignoring_case(rest, word))?;
    let behind = at + word.len();
    let start = end_of(text, behind, |byte| byte.is_ascii_whitespace());
    let end = end_of(text, start, |byte| {
        byte.is_ascii_alphanumeric() || b"_-./+=~".contains(&byte)
    });
    (start > behind && end > start).then_some((start, end))
}

/// The credential behind a scheme that no name announces, where the word behind is not the next word of a sentence.
pub(super) fn scheme_in_prose(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let (start, end) = scheme(text, at)?;
    let word = text.get(start..end)?;
    let is_basic = starts_with_ignoring_case(text.get(at..)?, b"basic");
    let is_prose = if is_basic {
        is_plain_word(word)
    } else {
        PROSE
            .iter()
            .any(|prose| without_sign(word).eq_ignore_ascii_case(prose))
    };
    (!is_prose).then_some((start, end))
}

/// Whether it is written as a word of a sentence is: small letters, of which the first may be a capital. In base64 that is as good as never so.
fn is_plain_word(word: &[u8]) -> bool {
    let letters = without_sign(word);
    letters.len() <= LONGEST_WORD
        && letters
            .iter()
            .skip(1)
            .all(|byte| byte.is_ascii_lowercase() || *byte == b'-')
}

/// A word without the point of its sentence or the sign of its value.
fn without_sign(word: &[u8]) -> &[u8] {
    word.strip_suffix(b".")
        .or_else(|| word.strip_suffix(b"="))
        .unwrap_or(word)
}
