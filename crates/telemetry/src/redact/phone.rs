use std::ops::RangeInclusive;

use super::bytes::{end_of, is_word};

/// The longest telephone number with its separators that is looked for, in bytes: 15 digits (ITU-T E.164) and as many separators.
const LONGEST: usize = 32;
/// Digits of a number with its country, or with parentheses (ITU-T E.164).
const INTERNATIONAL: RangeInclusive<usize> = 8..=15;
/// Digits of a number behind the `0` of a long distance call, which is one of them: from Belgium's to China's.
const LONG_DISTANCE: RangeInclusive<usize> = 9..=12;
/// Digits behind `00`, which is two of them: fewer are as often a number with zeros in front.
const ABROAD: RangeInclusive<usize> = 12..=17;
/// A group of fewer digits is no part of a telephone number but of a fraction or a list.
const SHORTEST_GROUP: usize = 2;
/// The first group of a number whose second one stands behind a slash; of a date it is shorter.
const SHORTEST_AREA: usize = 3;
/// Groups divided by points: of fewer the last is a fraction.
const FEWEST_POINTED: usize = 3;
/// What is counted in these is no telephone number.
const UNITS: [&[u8]; 6] = [b" bytes", b" B", b" ns", b" us", b" ms", b" rows"];
/// Sizes and times in whole ones of these are more often written than a telephone number that happens to be one.
const ROUND: [u64; 2] = [1 << 20, 1_000_000];

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

/// Behind a number such as `06 12 34 56 78`, `020-7946-0958` or `0612345678`, and behind those that follow it.
fn long_distance(text: &[u8], at: usize) -> Option<usize> {
    let (mut end, separator) = one_long_distance(text, at)?;
    // The rest of a longer list, such as a date with its year in front.
    let behind = text.get(..at).unwrap_or_default();
    if matches!(behind, [.., b'0'..=b'9', b'0'..=b'9', before] if separator == Some(*before)) {
        return None;
    }
    while text.get(end) == Some(&b' ')
        && let Some((next, _)) = one_long_distance(text, end + 1)
    {
        end = next;
    }
    Some(end)
}

/// A zero that no other number begins with; between its groups one separator, but for the first, which may be another.
fn one_long_distance(text: &[u8], at: usize) -> Option<(usize, Option<u8>)> {
    let allowed = match text.get(at..at + 3)? {
        [b'0', b'1'..=b'9', _] => LONG_DISTANCE,
        [b'0', b'0', b'1'..=b'9'] => ABROAD,
        _ => return None,
    };
    let mut groups = Groups::new(text, at);
    let mut found = None;
    while let Some(group) = groups.next() {
        // What a date begins with: a month or a day and a month, and then the year.
        if (2..=3).contains(&groups.count) && groups.is_short && is_year(group) {
            return None;
        }
        let begins_next = groups.count > 1 && group.starts_with(b"0") && found.is_some();
        if begins_next || groups.digits > *allowed.end() {
            break;
        }
        let is_pointed = groups.separator == Some(b'.');
        let is_divided = !is_pointed || groups.count >= FEWEST_POINTED;
        if allowed.contains(&groups.digits) && is_divided && !goes_on(text, groups.end) {
            found = Some(groups.end);
        }
    }
    Some((found?, groups.separator))
}

/// Digits in groups.
struct Groups<'a> {
    text: &'a [u8],
    /// Behind the last group.
    end: usize,
    count: usize,
    digits: usize,
    /// Whether each group but the last has two digits.
    is_short: bool,
    last: usize,
    separator: Option<u8>,
}

impl<'a> Groups<'a> {
    const fn new(text: &'a [u8], at: usize) -> Self {
        Self {
            text,
            end: at,
            count: 0,
            digits: 0,
            is_short: true,
            last: 0,
            separator: None,
        }
    }

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut begin = self.end;
        if self.count > 0 {
            let separator = *self.text.get(self.end)?;
            let is_known = match self.count {
                1 if separator == b'/' => self.digits >= SHORTEST_AREA,
                1 | 2 => b" .-".contains(&separator),
                _ => self.separator == Some(separator),
            };
            if !is_known {
                return None;
            }
            self.separator = Some(separator);
            begin += 1;
        }
        let end = end_of(self.text, begin, |byte| byte.is_ascii_digit());
        let group = self.text.get(begin..end)?;
        if group.len() < SHORTEST_GROUP {
            return None;
        }
        self.is_short &= self.count == 0 || self.last == SHORTEST_GROUP;
        self.last = group.len();
        self.digits += group.len();
        self.count += 1;
        self.end = end;
        Some(group)
    }
}

fn is_year(group: &[u8]) -> bool {
    matches!(group, [b'1', b'9', _, _] | [b'2', b'0', _, _])
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

/// Behind a Chinese mobile number: 11 digits that begin with 13 to 19, alone or as `138 0013 8000`.
fn mobile(text: &[u8], at: usize) -> Option<usize> {
    const LENGTH: usize = 11;
    if !matches!(text.get(at..at + 2)?, [b'1', b'3'..=b'9']) {
        return None;
    }
    let end = end_of(text, at, |byte| byte.is_ascii_digit());
    let end = match end - at {
        LENGTH if !is_measured(text, at, end) => end,
        3 => grouped_mobile(text, at)?,
        _ => return None,
    };
    (!goes_on(text, end)).then_some(end)
}

fn grouped_mobile(text: &[u8], at: usize) -> Option<usize> {
    const LENGTH: usize = 13;
    let shape = text.get(at..at + LENGTH)?;
    let separator = *shape.get(3)?;
    let is_written = b" -".contains(&separator)
        && shape.iter().enumerate().all(|(index, byte)| match index {
            3 | 8 => *byte == separator,
            _ => byte.is_ascii_digit(),
        });
    is_written.then_some(at + LENGTH)
}

/// Whether a number is a size or a time, by what is behind it or because it is round.
fn is_measured(text: &[u8], at: usize, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let has_unit = UNITS.iter().any(|unit| {
        let behind = rest.strip_prefix(*unit);
        behind.is_some_and(|behind| !behind.first().is_some_and(|byte| is_word(*byte)))
    });
    let digits = text
        .get(at..end)
        .and_then(|digits| str::from_utf8(digits).ok());
    let number = digits.and_then(|digits| digits.parse::<u64>().ok());
    has_unit || number.is_some_and(|number| ROUND.iter().any(|round| number.is_multiple_of(*round)))
}

/// Whether what ends here is a part of a word or of a number with a fraction. An extension is neither.
fn goes_on(text: &[u8], end: usize) -> bool {
    match text.get(end..).unwrap_or_default() {
        [b'.', b'0'..=b'9', ..] => true,
        [b'x', b'0'..=b'9', ..] => false,
        [byte, ..] => is_word(*byte),
        [] => false,
    }
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
            ("call 138 0013 8000", "call ***"),
            ("call 138-0013-8000.", "call ***."),
            ("call 06 12 34 56 78.", "call ***."),
            ("7 06 12 34 56 78", "7 ***"),
            ("06 12 34 56 78 06 98 76 54 32 07", "*** 07"),
            ("call 0612345678, then", "call ***, then"),
            ("call 0612345678x12", "call ***x12"),
            ("sip:0612345678:5060", "sip:***:5060"),
            ("call 020-7946-0958", "call ***"),
            ("call 06-12 34 56 78", "call ***"),
            ("call 070-123 45 67", "call ***"),
            ("call 06.12.34.56.78 or none", "call *** or none"),
            ("call 010-12345678", "call ***"),
            ("call 030 12345678", "call ***"),
            ("call 0171/1234567", "call ***"),
            ("call 0044 20 7946 0958", "call ***"),
            ("call 00442079460958", "call ***"),
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
            "13800138000 bytes",
            "total 17179869184",
            "took 13500000000",
            "took 13800138001 ns",
            "at 1763769600 or 1763769600123",
            "took 0.13800138000 s",
            "took 13800138000.5 ns",
            "took 0.061234567 s",
            "took 05.123456789",
            "2026-11-21 07:12:05.123456789 +0000 UTC",
            "2026-11-21T07:12:05.1234567+02:00",
            "backup-2026-05-06-12-30-45.tar.gz",
            "backup-2026-05-06-123045.tar.gz",
            "heap-2026-01-15-09-30-00-123.hprof",
            "2026 05 06 12 30 45",
            "08.01.2026.1230",
            "01-2026-02-2026",
            "invoice 06-2026-000123",
            "order 0000012345",
            "order 0012345678",
            "at 05-06-2026 10:30",
            "at 05 06 2026 12:30",
            "on 01.02.2026",
            "05/06/2026 12",
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
