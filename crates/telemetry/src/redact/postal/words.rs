//! Reading a text word by word, forwards and backwards, over the blanks of texts and of forms.

use crate::redact::bytes::{end_of, start_of};

/// The longest word of an address that is read, in bytes.
const LONGEST_WORD: usize = 40;
/// Words of the longest name of a street or a town.
const MOST_WORDS: usize = 7;
/// Small words inside names.
const PARTICLES: [&str; 36] = [
    "de", "du", "des", "la", "le", "les", "aux", "et", "en", "sur", "sous", "da", "do", "dos",
    "das", "della", "dei", "del", "di", "degli", "delle", "dello", "los", "las", "el", "am", "an",
    "der", "den", "im", "of", "upon", "a", "à", "y", "e",
];

/// The length of the blank at a place, 0 where none is: a plain one, one of a form, one that does not break a line.
fn blank(text: &[u8], at: usize) -> usize {
    match text.get(at..).unwrap_or_default() {
        [b' ' | b'\t' | b'+', ..] => 1,
        [b'%', b'2', b'0', ..] => 3,
        [0xc2, 0xa0, ..] => 2,
        _ => 0,
    }
}

/// Behind the one or two blanks at a place.
pub(super) fn behind_blanks(text: &[u8], at: usize) -> Option<usize> {
    let behind = at + blank(text, at);
    (behind > at).then(|| behind + blank(text, behind))
}

/// Behind what stands between the parts of an address: a comma, blanks, the end of a line, or some of them.
pub(super) fn behind_separator(text: &[u8], at: usize) -> Option<usize> {
    let mut behind = at;
    for _ in 0..4 {
        behind += match text.get(behind..).unwrap_or_default() {
            [b',' | b'\n' | b'\r', ..] => 1,
            [b'%', b'2', b'C' | b'c', ..] => 3,
            [b'\\', b'n' | b'r', ..] => 2,
            _ => blank(text, behind),
        };
    }
    (behind > at).then_some(behind)
}

/// Before the blanks that end at a place, or the place itself.
pub(super) fn before_blanks(text: &[u8], at: usize) -> usize {
    let mut before = at;
    for _ in 0..2 {
        before -= match text.get(..before).unwrap_or_default() {
            [.., b' ' | b'\t' | b'+'] => 1,
            [.., b'%', b'2', b'0'] => 3,
            [.., 0xc2, 0xa0] => 2,
            _ => 0,
        };
    }
    before
}

/// The word that begins at a place: letters of Latin, Greek and Cyrillic scripts, apostrophes and hyphens.
pub(super) fn word(text: &[u8], at: usize) -> &[u8] {
    let limit = text.len().min(at + LONGEST_WORD);
    let near = text.get(at..limit).unwrap_or_default();
    let mut length = 0;
    while let Some(rest) = near.get(length..) {
        length += match rest {
            [byte, ..] if byte.is_ascii_alphabetic() || b"'-".contains(byte) => 1,
            [0xc3..=0xd4, 0x80..=0xbf, ..] => 2,
            // An apostrophe as printers set it, U+2019.
            [0xe2, 0x80, 0x99, ..] => 3,
            _ => break,
        };
    }
    near.get(..length).unwrap_or_default()
}

/// The word that ends at a place.
pub(super) fn word_before(text: &[u8], at: usize) -> &[u8] {
    let floor = at.saturating_sub(LONGEST_WORD);
    let start = start_of(text, floor, at, |byte| {
        byte.is_ascii_alphabetic() || b"'-".contains(&byte) || (0x80..=0xd4).contains(&byte)
    });
    let word = text.get(start..at).unwrap_or_default();
    // What stands before is no letter, as a mark of quotation is not.
    let other = word.array_windows().rposition(|[lead, _]| *lead == 0xc2);
    let word = word.get(other.map_or(0, |other| other + 2)..);
    let word = word.unwrap_or_default();
    let stray = word.iter().position(|byte| !(0x80..=0xbf).contains(byte));
    word.get(stray.unwrap_or(word.len())..).unwrap_or_default()
}

/// Whether a word begins as a name does.
pub(super) fn is_capital(word: &[u8]) -> bool {
    match word {
        // Of Latin letters with signs the small ones are from U+00DF on; of the others either may be a capital.
        [0xc3, second, ..] => *second < 0x9f,
        [first, ..] => first.is_ascii_uppercase() || *first >= 0x80,
        [] => false,
    }
}

pub(super) fn is_particle(word: &[u8]) -> bool {
    PARTICLES.iter().any(|particle| particle.as_bytes() == word)
}

/// Whether it is one of the words, whatever its letters' case; signs on letters count.
pub(super) fn is_among(word: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|other| word.eq_ignore_ascii_case(other.as_bytes()))
}

/// The end of a name of some words that begins at a place: capitals with particles between them. `may_be_small` says that the first word may have small letters.
pub(super) fn name(text: &[u8], at: usize, may_be_small: bool) -> Option<usize> {
    let (mut end, mut position) = (None, at);
    for _ in 0..MOST_WORDS {
        let word = word(text, position);
        let behind = position + word.len();
        let next = text.get(behind);
        let goes_on = next.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'_');
        if goes_on && !word.is_empty() {
            break;
        }
        // `l'Église` begins with a particle of its own.
        let is_elided = matches!(word, [b'd' | b'l', b'\'', rest @ ..] if is_capital(rest))
            || matches!(word, [b'd' | b'l', 0xe2, 0x80, 0x99, rest @ ..] if is_capital(rest));
        let is_small = may_be_small && end.is_none() && !word.is_empty();
        let is_name = is_capital(word) || is_elided || is_small && !is_particle(word);
        if is_name {
            end = Some(behind);
        } else if !is_particle(word) {
            let Some(month) = behind_day(text, position) else {
                break;
            };
            position = month;
            continue;
        }
        // The point of `St. Ives` or `N. Main`.
        let is_short = next == Some(&b'.') && word.len() <= 3;
        match behind_blanks(text, behind + usize::from(is_short)) {
            Some(next) => position = next,
            None => break,
        }
    }
    end
}

/// The month behind the day of a street such as `rue du 8 Mai`.
fn behind_day(text: &[u8], at: usize) -> Option<usize> {
    let month = behind_blanks(text, digits(text, at, 2)?)?;
    is_capital(word(text, month)).then_some(month)
}

/// Behind one to `most` digits, where no more follow.
pub(super) fn digits(text: &[u8], at: usize, most: usize) -> Option<usize> {
    let limit = text.len().min(at + most + 1);
    let end = end_of(text.get(..limit)?, at, |byte| byte.is_ascii_digit());
    (1..=most).contains(&(end - at)).then_some(end)
}
