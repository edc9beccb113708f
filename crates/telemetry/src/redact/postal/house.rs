use super::words::digits;

/// Digits of the longest number of a house.
const MOST_DIGITS: usize = 5;

/// Behind the number of a house that begins at a place: `12`, `12a`, `12-14`, `12/2`. What goes on as a number or a word does is none.
pub(super) fn end(text: &[u8], at: usize) -> Option<usize> {
    let mut end = digits(text, at, MOST_DIGITS)?;
    end = behind_letter(text, end);
    let range = match text.get(end..) {
        Some([b'-' | b'/', ..]) => 1,
        Some([0xe2, 0x80, 0x93, ..]) => 3,
        _ => 0,
    };
    if range > 0
        && let Some(second) = digits(text, end + range, MOST_DIGITS)
    {
        end = behind_letter(text, second);
    }
    let goes_on = match text.get(end..).unwrap_or_default() {
        [b'.' | b':', next, ..] => next.is_ascii_digit(),
        [b'-', next, ..] => next.is_ascii_alphanumeric(),
        // What was percent-encoded is no part of a word; a percent sign alone says what is counted.
        [b'%', first, second, ..] => ![first, second].into_iter().all(u8::is_ascii_hexdigit),
        [next, ..] => next.is_ascii_alphanumeric() || b"_%=".contains(next),
        [] => false,
    };
    (!goes_on).then_some(end)
}

fn behind_letter(text: &[u8], at: usize) -> usize {
    let (letter, next) = (text.get(at), text.get(at + 1));
    let is_letter = letter.is_some_and(u8::is_ascii_alphabetic);
    let goes_on = next.is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_');
    at + usize::from(is_letter && !goes_on)
}
