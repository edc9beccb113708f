use super::{
    bytes::{end_of, is_word, start_of},
    name::{is_sensitive_name, is_whole_header},
    scheme::scheme,
};

/// The value behind the sign from `at` to `behind` when its name is that of a secret: `password=…`, `"token": "…"`, `Authorization: …`.
pub(super) fn keyed(text: &[u8], at: usize, behind: usize) -> Option<(usize, usize)> {
    let name_end = start_of(text, 0, at, |byte| {
        matches!(byte, b'"' | b'\'' | b' ' | b'\t' | b'\\' | b']')
    });
    let name_start = start_of(text, 0, name_end, |byte| is_word(byte) || byte == b'-');
    let name = str::from_utf8(text.get(name_start..name_end)?).ok()?;
    if name.is_empty() || !is_sensitive_name(name) {
        return None;
    }
    let begin = end_of(text, behind, |byte| {
        matches!(byte, b' ' | b'\t' | b'=' | b'>' | b':')
    });
    let backslashes = end_of(text, begin, |byte| byte == b'\\') - begin;
    let (begin, end) = match text.get(begin + backslashes) {
        Some(quote @ (b'"' | b'\'')) => {
            let inside = begin + backslashes + 1;
            (inside, closing_quote(text, inside, *quote, backslashes))
        }
        _ if is_whole_header(name) => (
            begin,
            end_of(text, begin, |byte| !matches!(byte, b'\n' | b'\r')),
        ),
        _ => match scheme(text, begin) {
            Some((start, _)) => (begin, bare_value(text, start)),
            None => (begin, bare_value(text, begin)),
        },
    };
    let begin = scheme(text, begin).map_or(begin, |(start, _)| start.min(end));
    (end > begin).then_some((begin, end))
}

/// Where the quoted text ends whose opening quote has `backslashes` before it: at a quote with no more of them, or at the end.
fn closing_quote(text: &[u8], from: usize, quote: u8, backslashes: usize) -> usize {
    let mut seen = 0;
    for (position, byte) in text.iter().enumerate().skip(from) {
        if *byte == b'\\' {
            seen += 1;
        } else if *byte == quote && seen <= backslashes {
            return position - seen;
        } else {
            seen = 0;
        }
    }
    text.len()
}

/// Where a value without quotes ends: at a blank or at a sign that separates values, where brackets are closed.
fn bare_value(text: &[u8], begin: usize) -> usize {
    let mut depth = 0_u32;
    let mut at = begin;
    while let Some(byte) = text.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            // Inside brackets, or behind a prefix as in `b"…"`.
            b'"' | b'\'' if depth > 0 || at - begin <= 2 => {
                at = closing_quote(text, at + 1, *byte, 0);
            }
            _ if depth > 0 => {}
            b' ' if at > begin && text.get(at + 1) == Some(&b'{') => {}
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\'')) => return at,
            b',' | b'&' | b';' | b')' | b']' | b'}' | b'"' | b'\'' if separates(text, at + 1) => {
                return at;
            }
            b'%' if is_encoded_ampersand(text, at) => return at,
            byte if byte.is_ascii_whitespace() => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Whether the next value of a percent-encoded query begins behind `at`.
fn is_encoded_ampersand(text: &[u8], at: usize) -> bool {
    text.get(at..at + 3) == Some(b"%26")
}

/// Whether what follows a sign shows that the sign ended the value: nothing, a blank, another sign, or another name with its value.
fn separates(text: &[u8], behind: usize) -> bool {
    let Some(next) = text.get(behind) else {
        return true;
    };
    if next.is_ascii_whitespace() || b"\"',&;)]}\\".contains(next) {
        return true;
    }
    let name_end = end_of(text, behind, |byte| is_word(byte) || byte == b'-');
    let sign = text.get(name_end);
    let value = text.get(name_end + 1);
    name_end > behind
        && matches!(sign, Some(b'=' | b':'))
        && value.is_some_and(|byte| *byte != b'=' && !byte.is_ascii_whitespace())
}
