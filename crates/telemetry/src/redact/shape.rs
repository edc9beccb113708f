use std::borrow::Cow;

use super::{MASK, name::is_sensitive_name};

/// Beginnings of the credentials that well-known issuers hand out, and of JSON Web Tokens.
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
/// The shortest text behind a prefix that is a credential rather than a word.
const SHORTEST_CREDENTIAL: usize = 12;

/// Masks every shape in a text.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let mut output = String::new();
    let mut written = 0;
    let mut at = 0;
    while at < text.len() {
        match find(text, at) {
            Some((start, end)) if end > start && start >= written => {
                output.push_str(text.get(written..start).unwrap_or_default());
                output.push_str(MASK);
                written = end;
                at = end;
            }
            _ => at += next_character(text, at),
        }
    }
    if written == 0 && output.is_empty() {
        return Cow::Borrowed(text);
    }
    output.push_str(text.get(written..).unwrap_or_default());
    Cow::Owned(output)
}

fn next_character(text: &str, at: usize) -> usize {
    text.get(at..)
        .and_then(|rest| rest.chars().next())
        .map_or(1, char::len_utf8)
}

/// The shape that begins at `at`, or that ends there having begun before, as a range to mask.
fn find(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    let first = rest.bytes().next()?;
    let begins_word = !text.get(..at)?.bytes().next_back().is_some_and(is_word);
    match first {
        b'@' => email(text, at).or_else(|| userinfo(text, at)),
        b'=' | b':' => keyed(text, at),
        b'0'..=b'9' | b'+' | b'(' if begins_word => number(text, at),
        _ if begins_word => scheme(text, at).or_else(|| credential(text, at)),
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_credential(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./+=~".contains(&byte)
}

fn end_of(text: &str, from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|byte| !belongs(*byte))
        .unwrap_or(rest.len())
}

fn start_of(text: &str, until: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let before = text.as_bytes().get(..until).unwrap_or_default();
    before
        .iter()
        .rposition(|byte| !belongs(*byte))
        .map_or(0, |position| position + 1)
}

fn email(text: &str, at: usize) -> Option<(usize, usize)> {
    let start = start_of(text, at, |byte| {
        byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte) || byte >= 0x80
    });
    let end = end_of(text, at + 1, |byte| {
        byte.is_ascii_alphanumeric() || b".-".contains(&byte) || byte >= 0x80
    });
    let domain = text.get(at + 1..end)?;
    (start < at && domain.trim_end_matches('.').contains('.')).then_some((start, end))
}

/// `scheme://user:password@host`: everything between the slashes and the sign.
fn userinfo(text: &str, at: usize) -> Option<(usize, usize)> {
    let start = start_of(text, at, |byte| !byte.is_ascii_whitespace() && byte != b'/');
    text.get(..start)?.ends_with("://").then_some((start, at))
}

/// `password=…`, `"token": "…"`, `Authorization: …`.
fn keyed(text: &str, at: usize) -> Option<(usize, usize)> {
    let name_end = text
        .get(..at)?
        .trim_end_matches(['"', '\'', ' ', '\\'])
        .len();
    let name_start = start_of(text, name_end, |byte| is_word(byte) || byte == b'-');
    let name = text.get(name_start..name_end)?;
    if !is_sensitive_name(name) {
        return None;
    }
    let begin = end_of(text, at + 1, |byte| {
        matches!(byte, b' ' | b'"' | b'\'' | b'\\')
    });
    let begin = scheme(text, begin).map_or(begin, |(start, _)| start);
    let end = end_of(text, begin, |byte| {
        !byte.is_ascii_whitespace()
            && !matches!(
                byte,
                b'"' | b'\'' | b',' | b'&' | b';' | b'}' | b')' | b'\\'
            )
    });
    (end > begin).then_some((begin, end))
}

/// The credential behind `Bearer` or `Basic`.
fn scheme(text: &str, at: usize) -> Option<(usize, usize)> {
    let word = text
        .get(at..at + 7)
        .filter(|word| word.eq_ignore_ascii_case("bearer "))
        .or_else(|| {
            text.get(at..at + 6)
                .filter(|word| word.eq_ignore_ascii_case("basic "))
        })?;
    let start = end_of(text, at + word.len(), |byte| byte == b' ');
    let end = end_of(text, start, is_credential);
    (end > start).then_some((start, end))
}

fn credential(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    if rest.starts_with("-----BEGIN ") {
        return Some((at, text.len()));
    }
    let prefix = PREFIXES.iter().find(|prefix| rest.starts_with(**prefix))?;
    let end = end_of(text, at, is_credential);
    (end - at >= prefix.len() + SHORTEST_CREDENTIAL).then_some((at, end))
}

/// A card number (13 to 19 digits that satisfy Luhn) or an international telephone number (a plus and 8 to 15 digits, or a number written in groups with parentheses).
fn number(text: &str, at: usize) -> Option<(usize, usize)> {
    let end = end_of(text, at, |byte| {
        byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'(' | b')' | b'+' | b'.')
    });
    let shape = text
        .get(at..end)?
        .trim_end_matches([' ', '-', '(', '.', '+']);
    let followed_by_word = text
        .as_bytes()
        .get(at + shape.len())
        .copied()
        .is_some_and(is_word);
    let digits: Vec<u8> = shape
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    let is_card =
        (13..=19).contains(&digits.len()) && !shape.contains(['+', '(', '.']) && luhn(&digits);
    let is_phone = (8..=15).contains(&digits.len())
        && (shape.starts_with('+') || (shape.contains('(') && shape.contains(')')));
    ((is_card || is_phone) && !followed_by_word).then_some((at, at + shape.len()))
}

/// The check of ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| {
            let digit = u32::from(*digit);
            if position % 2 == 0 {
                digit
            } else {
                digit * 2 / 10 + digit * 2 % 10
            }
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}
