//! Telephone numbers, in the ways in which people write them.

mod long_distance;
mod measure;

use std::ops::RangeInclusive;

use long_distance::long_distance;
use measure::{has_unit, is_measured};

use super::bytes::{end_of, is_word};

/// Digits of a number with its country, or with its area in parentheses (ITU-T E.164).
const INTERNATIONAL: RangeInclusive<usize> = 8..=15;
/// As many separators stand between two groups of an international number, as in `) - `.
const LONGEST_GAP: usize = 3;
/// Digits of an area in parentheses.
const LONGEST_PARENTHESIS: usize = 5;

/// A telephone number, at a place where a word begins. One without its country has to be written as people write one: digits alone may be anything.
pub(super) fn phone(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let end = match text.get(at)? {
        b'+' => behind_plus(text, at + 1),
        b'(' => parenthesised(text, at),
        _ => national(text, at),
    };
    Some((at, end?))
}

/// Behind an international number whose plus stands before `at`.
pub(super) fn behind_plus(text: &[u8], at: usize) -> Option<usize> {
    let written = text.get(at..).unwrap_or_default();
    let opening = written
        .iter()
        .take(LONGEST_GAP)
        .take_while(|byte| b" (".contains(byte));
    let at = at + opening.count();
    // A counter with a sign may have zeros in front.
    if !matches!(text.get(at)?, b'1'..=b'9') {
        return None;
    }
    let first = end_of(text, at, |byte| byte.is_ascii_digit());
    if has_unit(text, first) {
        return None;
    }
    grouped(text, at, 0)
}

/// Behind the last group up to which there are as many digits as a number has, `before` included.
fn grouped(text: &[u8], at: usize, before: usize) -> Option<usize> {
    let (mut position, mut digits, mut found) = (at, before, None);
    loop {
        let end = end_of(text, position, |byte| byte.is_ascii_digit());
        digits += end - position;
        if end == position || digits > *INTERNATIONAL.end() {
            return found;
        }
        if INTERNATIONAL.contains(&digits) && !is_inside_word(text, end) {
            found = Some(end);
        }
        let gap = text.get(end..text.len().min(end + LONGEST_GAP))?;
        let separators = gap
            .iter()
            .take_while(|byte| b" -.()".contains(byte))
            .count();
        if separators == 0 {
            return found;
        }
        position = end + separators;
    }
}

/// Behind `(020) 7946 0958` or `(212) 555-0123`: an area, and more digits behind it.
fn parenthesised(text: &[u8], at: usize) -> Option<usize> {
    let end = end_of(text, at + 1, |byte| byte.is_ascii_digit());
    let area = end - at - 1;
    if !(1..=LONGEST_PARENTHESIS).contains(&area) || text.get(end) != Some(&b')') {
        return None;
    }
    let blanks = usize::from(text.get(end + 1) == Some(&b' '));
    let position = end + 1 + blanks;
    text.get(position).filter(|byte| byte.is_ascii_digit())?;
    grouped(text, position, area)
}

fn national(text: &[u8], at: usize) -> Option<usize> {
    let before = text.get(..at).unwrap_or_default();
    let is_pair = !text.get(at + 2).is_some_and(u8::is_ascii_digit);
    match before {
        // The fraction of a number.
        [.., b'0'..=b'9', b'.'] => return None,
        // The seconds of a time.
        [.., b'0'..=b'9', b'0'..=b'9', b':'] if is_pair => return None,
        _ => {}
    }
    if text.get(at..).is_some_and(|rest| rest.starts_with(b"1 (")) {
        return parenthesised(text, at + 2);
    }
    long_distance(text, at)
        .or_else(|| north_american(text, at))
        .or_else(|| mobile(text, at))
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

/// Whether what ends here is a part of a word or of a number with a fraction.
fn goes_on(text: &[u8], end: usize) -> bool {
    let is_fraction = matches!(text.get(end..end + 2), Some([b'.', b'0'..=b'9']));
    is_fraction || is_inside_word(text, end)
}

/// Whether a word goes on here; an extension is none of it.
fn is_inside_word(text: &[u8], end: usize) -> bool {
    match text.get(end..).unwrap_or_default() {
        [b'x', b'0'..=b'9', ..] => false,
        [byte, ..] => is_word(*byte),
        [] => false,
    }
}

#[cfg(test)]
mod tests;
