//! What stands behind a street: the flat, the code and the town.

use super::words::{behind_blanks, behind_separator, digits, is_among, name, word};

/// Words before the number of a flat.
const UNITS: [&str; 8] = [
    "apt",
    "apartment",
    "suite",
    "ste",
    "unit",
    "flat",
    "floor",
    "room",
];
/// Letters and digits of the longest number of a flat.
const LONGEST_UNIT: usize = 5;
/// Parts before the code: the town, and what it belongs to.
const MOST_PARTS: usize = 3;

/// Behind all that belongs to the address whose street ends at a place; the place itself where nothing does.
pub(super) fn behind(text: &[u8], street: usize) -> usize {
    let end = unit(text, street).unwrap_or(street);
    // The point of `St.`
    let point = usize::from(text.get(end) == Some(&b'.'));
    behind_separator(text, end + point)
        .and_then(|at| code_first(text, at).or_else(|| town_first(text, at)))
        .unwrap_or(end)
}

/// `, Apt 4B`, `#4`.
fn unit(text: &[u8], street: usize) -> Option<usize> {
    let at = behind_separator(text, street)?;
    let number = if text.get(at) == Some(&b'#') {
        at + 1
    } else {
        let word = word(text, at);
        is_among(word, &UNITS).then_some(())?;
        let point = usize::from(text.get(at + word.len()) == Some(&b'.'));
        behind_blanks(text, at + word.len() + point)?
    };
    let limit = text.len().min(number + LONGEST_UNIT + 1);
    let near = text.get(number..limit)?;
    let length = near
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .unwrap_or(near.len());
    let has_digit = near.get(..length)?.iter().any(u8::is_ascii_digit);
    let is_short = (1..=LONGEST_UNIT).contains(&length);
    (is_short && (has_digit || length == 1)).then_some(number + length)
}

/// `75002 Paris`, `D-10115 Berlin`, `1012 AB Amsterdam`, `1000-123 Lisboa`, `111 22 Stockholm`.
fn code_first(text: &[u8], at: usize) -> Option<usize> {
    let country = match text.get(at..)? {
        [first, b'-', ..] if first.is_ascii_uppercase() => 2,
        [first, second, b'-', ..] if [first, second].into_iter().all(u8::is_ascii_uppercase) => 3,
        _ => 0,
    };
    let begin = at + country;
    let mut end = digits(text, begin, 5)?;
    let length = end - begin;
    if let Some(b'-' | b' ') = text.get(end)
        && let Some(second) = digits(text, end + 1, 3)
    {
        end = second;
    } else if length < 4 {
        return None;
    }
    let mut town = behind_blanks(text, end)?;
    if length == 4
        && let [first, second] = word(text, town)
        && [first, second].into_iter().all(u8::is_ascii_uppercase)
    {
        town = behind_blanks(text, town + 2)?;
    }
    name(text, town, false)
}

/// `London NW1 6XE`, `Springfield, IL 62704`, `Ottawa ON K1A 0B1`.
fn town_first(text: &[u8], at: usize) -> Option<usize> {
    let mut position = at;
    for _ in 0..MOST_PARTS {
        let end = name(text, position, false)?;
        position = behind_separator(text, end)?;
        if let Some(end) = code(text, position) {
            return Some(end);
        }
    }
    None
}

fn code(text: &[u8], at: usize) -> Option<usize> {
    let end = letters_and_digits(text, at).or_else(|| {
        let end = digits(text, at, 5).filter(|end| end - at == 5)?;
        let more = match text.get(end) {
            Some(b'-') => digits(text, end + 1, 4).filter(|more| more - end == 5),
            _ => None,
        };
        Some(more.unwrap_or(end))
    })?;
    let goes_on = text.get(end).is_some_and(u8::is_ascii_alphanumeric);
    (!goes_on).then_some(end)
}

/// The codes of the United Kingdom and of Canada: letters and digits in two groups, of which the second begins with a digit.
fn letters_and_digits(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let is_code = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let length = rest.iter().take(5).position(|byte| !is_code(byte))?;
    let [first, .., last] = rest.get(..length)? else {
        return None;
    };
    let has_digit = rest.get(..length)?.iter().any(u8::is_ascii_digit);
    let second = behind_blanks(text, at + length)?;
    let inward = text.get(second..second + 3)?;
    let [digit, letter, end] = inward else {
        return None;
    };
    let is_inward = digit.is_ascii_digit() && letter.is_ascii_uppercase() && is_code(end);
    (first.is_ascii_uppercase() && is_code(last) && has_digit && is_inward).then_some(second + 3)
}
