use std::ops::RangeInclusive;

use super::bytes::{end_of, is_word};

/// The longest telephone number with its separators that is looked for, in bytes: 15 digits (ITU-T E.164) and as many separators.
const LONGEST: usize = 32;
/// Digits of a number with its country, or with parentheses (ITU-T E.164).
const INTERNATIONAL: RangeInclusive<usize> = 8..=15;
/// Digits of a number behind the `0` of a long distance call, which is one of them: from Belgium's to China's.
const LONG_DISTANCE: RangeInclusive<usize> = 9..=12;
/// A group of fewer digits is no part of a telephone number but of a fraction or a list.
const SHORTEST_GROUP: usize = 2;

/// A telephone number, at a place where a word begins. One without its country has to be written as people write one: digits alone may be anything.
pub(super) fn phone(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let end = marked(text, at).or_else(|| national(text, at))?;
    Some((at, end))
}

fn national(text: &[u8], at: usize) -> Option<usize> {
    let before = text.get(..at).unwrap_or_default();
    // The fraction of a number.
    if matches!(before, [.., b'0'..=b'9', b'.']) {
        return None;
    }
    long_distance(text, at)
        .or_else(|| north_american(text, at))
        .or_else(|| mobile(text, at))
}

/// Behind an international number, which has a plus, or one in groups with parentheses.
fn marked(text: &[u8], at: usize) -> Option<usize> {
    let limit = text.len().min(at + LONGEST);
    let near = text.get(..limit)?;
    let end = end_of(near, at, |byte| {
        byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'(' | b')' | b'+' | b'.')
    });
    let shape = text.get(at..end)?;
    let length = shape
        .iter()
        .rposition(|byte| byte.is_ascii_digit() || *byte == b')')?
        + 1;
    let shape = shape.get(..length)?;
    let digits = shape.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_international = shape.starts_with(b"+");
    let is_grouped = shape.contains(&b'(') && shape.contains(&b')');
    let is_followed_by_word = text.get(at + length).is_some_and(|byte| is_word(*byte));
    (INTERNATIONAL.contains(&digits) && (is_international || is_grouped) && !is_followed_by_word)
        .then_some(at + length)
}

/// Behind a number such as `06 12 34 56 78`, `020-7946-0958` or `0612345678`: a zero that no number begins with, and no group but with the separator of the others.
fn long_distance(text: &[u8], at: usize) -> Option<usize> {
    if !matches!(text.get(at..at + 2)?, [b'0', b'1'..=b'9']) {
        return None;
    }
    let (mut position, mut digits, mut found) = (at, 0, None);
    let mut separator = None;
    loop {
        let end = end_of(text, position, |byte| byte.is_ascii_digit());
        let group = end - position;
        digits += group;
        if group < SHORTEST_GROUP || digits > *LONG_DISTANCE.end() {
            return found;
        }
        let next = text.get(end).copied();
        let next = next.filter(|byte| b" .-".contains(byte));
        let is_divided = next.is_some_and(|next| *separator.get_or_insert(next) == next);
        if LONG_DISTANCE.contains(&digits)
            && (is_divided || !goes_on(text, end) && !is_time(text, end))
        {
            found = Some(end);
        }
        if !is_divided {
            return found;
        }
        position = end + 1;
    }
}

/// Behind `212-555-0123`: an area, an exchange and a line, of which the first two do not begin with 0 or 1 (North American Numbering Plan).
fn north_american(text: &[u8], at: usize) -> Option<usize> {
    const LENGTH: usize = 12;
    let end = at + LENGTH;
    let shape = text.get(at..end)?;
    let is_written = shape.iter().enumerate().all(|(index, byte)| match index {
        0 | 4 => matches!(byte, b'2'..=b'9'),
        3 | 7 => b"-.".contains(byte),
        _ => byte.is_ascii_digit(),
    });
    (is_written && !goes_on(text, end)).then_some(end)
}

/// Behind a Chinese mobile number, which nobody writes in groups: 11 digits that begin with 13 to 19.
fn mobile(text: &[u8], at: usize) -> Option<usize> {
    const LENGTH: usize = 11;
    let end = end_of(text, at, |byte| byte.is_ascii_digit());
    let begins = matches!(text.get(at..at + 2)?, [b'1', b'3'..=b'9']);
    (begins && end - at == LENGTH && !goes_on(text, end)).then_some(end)
}

/// Whether what ends here is a part of a word or of a number with a fraction.
fn goes_on(text: &[u8], end: usize) -> bool {
    match text.get(end..).unwrap_or_default() {
        [b'.', b'0'..=b'9', ..] => true,
        [byte, ..] => is_word(*byte),
        [] => false,
    }
}

/// Whether the last two digits before `end` are the hour of a time, as behind a date.
fn is_time(text: &[u8], end: usize) -> bool {
    matches!(text.get(end..end + 2), Some([b':', b'0'..=b'9']))
}

#[cfg(test)]
mod tests {
    use super::super::redact;

    #[test]
    fn telephone_numbers_without_their_country_are_masked_obs_3() {
        for (text, masked) in [
            ("call 13800138000 now", "call *** now"),
            ("phone=19912345678", "phone=***"),
            (r#"{"to":"13800138000"}"#, r#"{"to":"***"}"#),
            ("call 06 12 34 56 78.", "call ***."),
            ("call 0612345678, then", "call ***, then"),
            ("call 020-7946-0958", "call ***"),
            ("call 06.12.34.56.78 or none", "call *** or none"),
            ("call 010-12345678", "call ***"),
            ("call 030 12345678", "call ***"),
            ("call 212-555-0123", "call ***"),
            ("call 212.555.0123:", "call ***:"),
            ("sip:+442079460958:5060", "sip:***:5060"),
        ] {
            assert_eq!(redact(text), masked, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_telephone_numbers() {
        for text in [
            "2147483648 bytes",
            "12800138000 bytes",
            "138001380001 bytes",
            "at 1763769600 or 1763769600123",
            "took 0.13800138000 s",
            "took 13800138000.5 ns",
            "took 0.061234567 s",
            "order 0000012345",
            "at 05-06-2026 10:30",
            "at 05 06 2026 12:30",
            "on 01.02.2026",
            "part 112-555-0123",
            "part 212-555-01234",
            "part 212-155-0123",
            "x13800138000",
            "13800138000x",
            "06123",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
