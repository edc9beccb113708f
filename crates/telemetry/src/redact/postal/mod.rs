//! Postal addresses, in the forms of which a street can be told from other text. Every one has a number, so that nothing is looked for but at a number.

mod house;
mod number_first;
mod number_last;
mod town;
mod words;

use words::{behind_blanks, digits};

/// Digits of the longest number of a box, and the blanks between them.
const LONGEST_BOX: usize = 6;
const GAPS_OF_BOX: usize = 2;

/// The address whose number begins at a place, where no word or number goes on. It may begin before.
pub(super) fn postal(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let before = text.get(..at)?;
    let goes_on = match before {
        [.., digit, b'.' | b',' | b'-' | b'/' | b':'] => digit.is_ascii_digit(),
        [.., last] => last.is_ascii_alphanumeric() || *last == b'_',
        [] => false,
    };
    let behind_encoded = matches!(before, [.., b'%', b'2', b'0']);
    if goes_on && !behind_encoded {
        return None;
    }
    if let Some(end) = number_first::end(text, at) {
        return Some((at, town::behind(text, end)));
    }
    let (start, end) = match number_last::street(text, at) {
        Some(start) => (start, house::end(text, at)?),
        None => (number_last::post_office_box(text, at)?, box_end(text, at)?),
    };
    Some((start, town::behind(text, end)))
}

/// Behind the number of a box, whose digits may stand in groups of two.
fn box_end(text: &[u8], at: usize) -> Option<usize> {
    let mut end = digits(text, at, LONGEST_BOX)?;
    while end - at < LONGEST_BOX + GAPS_OF_BOX
        && let Some(next) = behind_blanks(text, end)
        && let Some(behind) = digits(text, next, 2).filter(|behind| behind - next == 2)
    {
        end = behind;
    }
    Some(end)
}

#[cfg(test)]
mod tests;
