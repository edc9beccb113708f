use std::borrow::Cow;

use super::{
    Kind, REDACTED,
    detection::{MAX_DIGITS, is_id_card, is_international, is_token},
};

/// The minimum length of a group of digits that is written apart. Dates have groups of two digits.
const MIN_GROUP: usize = 3;

/// Masks the personal values and tokens in a text, which it recognizes by their form. Groups of the
/// digits of a card, or of a number with a country code, may have a space or a dash between them.
///
/// ```
/// use seaworthy_core::mask::mask_text;
///
/// assert_eq!(mask_text("card 4111-1111-1111-1111"), "card 4111********1111");
/// assert_eq!(mask_text("call +33 6 12 34 56 78"), "call +33*****5678");
/// ```
#[must_use]
pub fn mask_text(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut rest = text;
    let mut has_changed = false;
    while !rest.is_empty() {
        let begin = rest.find(is_part).unwrap_or(rest.len());
        let (between, from) = rest.split_at(begin);
        masked.push_str(between);
        if let Some((value, length)) = grouped(from) {
            has_changed = true;
            masked.push_str(&value);
            rest = from.get(length..).unwrap_or_default();
            continue;
        }
        let length = from.find(|letter| !is_part(letter)).unwrap_or(from.len());
        let (word, after) = from.split_at(length);
        let (word, dots) = word.split_at(word.trim_end_matches('.').len());
        let value = masked_word(word);
        has_changed |= value.is_some();
        masked.push_str(value.as_deref().unwrap_or(word));
        masked.push_str(dots);
        rest = after;
    }
    if has_changed {
        Cow::Owned(masked)
    } else {
        Cow::Borrowed(text)
    }
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || "@._+-".contains(letter)
}

/// Returns the mask of a word, or of the numbers in it.
fn masked_word(word: &str) -> Option<String> {
    if let Some(kind) = Kind::from_value(word) {
        return Some(kind.mask(word));
    }
    if is_token(word) {
        return Some(REDACTED.to_owned());
    }
    masked_numbers(word)
}

/// Masks the personal numbers in a word, as in `tel_13800000000`. Each run of digits is a number.
fn masked_numbers(word: &str) -> Option<String> {
    let mut masked = String::new();
    let mut rest = word;
    let mut has_changed = false;
    while let Some(begin) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(begin);
        masked.push_str(before);
        let (number, after) = split_number(from);
        let value = masked_number(number, before.ends_with('+'));
        has_changed |= value.is_some();
        masked.push_str(value.as_deref().unwrap_or(number));
        rest = after;
    }
    masked.push_str(rest);
    has_changed.then_some(masked)
}

/// Splits a text after its first digits, and after the `X` of an identity card.
fn split_number(text: &str) -> (&str, &str) {
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let is_card = text.get(..=digits).is_some_and(is_id_card);
    text.split_at(digits + usize::from(is_card))
}

/// Returns the mask of a number, without the plus that may be before it.
fn masked_number(number: &str, has_plus: bool) -> Option<String> {
    let international = has_plus
        .then(|| format!("+{number}"))
        .filter(|number| is_international(number));
    match international {
        Some(number) => Kind::Phone.mask(&number).get(1..).map(str::to_owned),
        None => Kind::from_value(number).map(|kind| kind.mask(number)),
    }
}

/// Returns the mask of a number whose groups of digits begin the text, and the bytes that it
/// replaces. The longest number is taken.
fn grouped(text: &str) -> Option<(String, usize)> {
    let is_international = text.starts_with('+');
    let mut digits = String::new();
    let mut rest = text;
    if is_international {
        digits.push('+');
        rest = rest.get(1..)?;
    }
    let mut found = None;
    for groups in 1.. {
        let length = rest
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(rest.len());
        // The bound keeps the work linear in the size of the text.
        let is_too_long = digits.len() + length > MAX_DIGITS;
        if length == 0 || is_too_long || (!is_international && length < MIN_GROUP) {
            break;
        }
        let (group, after) = rest.split_at(length);
        digits.push_str(group);
        let is_whole = !after.starts_with(|letter: char| letter.is_alphanumeric());
        let kind = Kind::from_value(&digits);
        if groups > 1 && is_whole && matches!(kind, Some(Kind::BankCard | Kind::Phone)) {
            let length = text.len() - after.len();
            found = kind.map(|kind| (kind.mask(&digits), length));
        }
        match after.strip_prefix([' ', '-']) {
            Some(next) => rest = next,
            None => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_masked_by_the_form_of_their_values_obs_3() {
        for (text, masked) in [
            (
                "write to ada@example.org, pay 4111111111111111.",
                "write to ad***@example.org, pay 4111********1111.",
            ),
            ("eyJhbGc.eyJzdWI.c2lnbmF0", REDACTED),
            ("4111-1111-1111-1111", "4111********1111"),
            ("pay 4111 1111 1111 1111 now", "pay 4111********1111 now"),
            ("3782-822463-10005", "3782*******0005"),
            ("+33 6 12 34 56 78", "+33*****5678"),
            ("+44-20-7946-0958, room 5", "+44******0958, room 5"),
            ("138 0000 0000", "138****0000"),
            ("tel-13800000000", "tel-138****0000"),
            ("tel_13800000000", "tel_138****0000"),
            (
                "电话13800000000或13900000000。",
                "电话138****0000或139****0000。",
            ),
            ("13800000000-7", "138****0000-7"),
            ("x@13800000000", "x@138****0000"),
            ("tel+33612345678", "tel+33*****5678"),
            ("卡4111111111111111号", "卡4111********1111号"),
            ("card+4111111111111111", "card+4111********1111"),
            ("身份证11010519491231002X号", "身份证110105********002X号"),
            ("id11010519491231002x", "id110105********002x"),
        ] {
            assert_eq!(mask_text(text), masked, "{text}");
        }
    }

    #[test]
    fn other_numbers_stay_readable_obs_3() {
        for text in [
            "the keyboard has 104 keys",
            "2026-11-26 13:45:10",
            "4111-1111-1111-1112",
            "order 1700-0000-0000-0000",
            "ports 8080 8081",
            "01a215e7-b7ac-7c03-a180-3521a2483a1a",
        ] {
            assert_eq!(mask_text(text), text);
        }
    }

    #[test]
    fn long_texts_are_masked_in_linear_time_obs_3() {
        for part in ["1", "123 ", "123-", "+1 ", "a1", "1@", "1.", "电1"] {
            let text = part.repeat(400_000 / part.len());
            let begin = Instant::now();
            let _masked = mask_text(&text);
            // Quadratic work takes minutes.
            assert!(begin.elapsed() < Duration::from_secs(10), "{part:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_obs_3(text in "[+0-9 \\-a-zé.@]{0,60}|\\PC{0,60}") {
            let _masked = mask_text(&text);
        }
    }
}
