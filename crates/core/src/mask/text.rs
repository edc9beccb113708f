use std::borrow::Cow;

use super::{
    Kind, REDACTED,
    detection::{MAX_DIGITS, is_email, is_id_card, is_international, is_token},
};

/// The minimum length of a group of digits that is written apart. Dates have groups of two digits.
const MIN_GROUP: usize = 3;
/// The country code of mainland China, which may be the first group.
const MAINLAND: &str = "86";
/// The maximum number of letters and digits before or after a number in an ID.
const MAX_ID: usize = 64;

/// The length of a UUID, and the positions of its dashes.
const UUID: usize = 36;
const UUID_DASHES: [usize; 4] = [8, 13, 18, 23];

/// Masks the personal values and tokens in a text, which it recognizes by their form. Groups of the
/// digits of a card, or of a telephone number, may have a space or a dash between them. Numbers may
/// touch letters. Full-width digits count too.
///
/// ```
/// use seaworthy_core::mask::mask_text;
///
/// assert_eq!(mask_text("card 4111-1111-1111-1111"), "card 4111********1111");
/// assert_eq!(mask_text("call +33 6 12 34 56 78"), "call +33*****5678");
/// ```
#[must_use]
pub fn mask_text(text: &str) -> Cow<'_, str> {
    let masked = if text.contains(|letter| ascii(letter) != letter) {
        masked(&text.chars().map(ascii).collect::<String>())
    } else {
        masked(text)
    };
    masked.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Returns the ASCII form of full-width digits and signs.
fn ascii(letter: char) -> char {
    match letter {
        '\u{ff10}'..='\u{ff19}' => {
            let digit = u32::from(letter) - u32::from('\u{ff10}');
            char::from_digit(digit, 10).unwrap_or(letter)
        }
        '\u{ff0b}' => '+',
        '\u{ff0d}' => '-',
        _ => letter,
    }
}

/// Returns the masked text. `None` if it has nothing to mask.
fn masked(text: &str) -> Option<String> {
    let mut masked = String::new();
    let mut rest = text;
    let mut has_changed = false;
    while !rest.is_empty() {
        let begin = rest.find(is_part).unwrap_or(rest.len());
        let (between, from) = rest.split_at(begin);
        masked.push_str(between);
        let length = from.find(|letter| !is_part(letter)).unwrap_or(from.len());
        let (word, after) = from.split_at(length);
        match masked_word(word, from) {
            Some((value, length)) => {
                has_changed = true;
                masked.push_str(&value);
                rest = from.get(length..).unwrap_or_default();
            }
            None => {
                masked.push_str(word);
                rest = after;
            }
        }
    }
    has_changed.then_some(masked)
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || "@._+-".contains(letter)
}

/// Returns the mask of the word that begins a text, and the bytes that it replaces.
fn masked_word(word: &str, text: &str) -> Option<(String, usize)> {
    let value = word.trim_end_matches('.');
    if is_email(value) {
        let masked = Kind::Email.mask(value);
        // The domain stays readable, but not a number in it.
        let numbers = masked_numbers(&masked, masked.len());
        let masked = numbers.map_or(masked, |(masked, _)| masked);
        return Some((masked, value.len()));
    }
    if is_token(value) {
        return Some((REDACTED.to_owned(), value.len()));
    }
    if is_hexadecimal_id(value) {
        return None;
    }
    masked_numbers(text, word.len())
}

/// Masks the personal numbers that begin in the first `length` bytes of a text. Returns the masked
/// text, and the bytes that it replaces. The groups of a number may end after `length`.
fn masked_numbers(text: &str, length: usize) -> Option<(String, usize)> {
    let mut masked = String::new();
    // The ends of the last masked number and of the last number.
    let (mut shown, mut end) = (0, 0);
    while let Some(rest) = text.get(end..length)
        && let Some(begin) = rest.find(|letter: char| letter.is_ascii_digit())
    {
        let begin = end + begin;
        let before = text.get(shown..begin).unwrap_or_default();
        let from = text.get(begin..).unwrap_or_default();
        match masked_number(before, from) {
            Some((value, length)) => {
                masked.push_str(before);
                masked.push_str(&value);
                shown = begin + length;
                end = shown;
            }
            None => end = begin + digits(from),
        }
    }
    if shown == 0 {
        return None;
    }
    let length = length.max(shown);
    masked.push_str(text.get(shown..length).unwrap_or_default());
    Some((masked, length))
}

/// Returns the number of digits that begin a text.
fn digits(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len())
}

/// Returns the mask of the number that begins a text, without the plus before it, and the bytes
/// that it replaces. `before` is the part of the word before it.
fn masked_number(before: &str, text: &str) -> Option<(String, usize)> {
    // A digit is before the plus of a sum or of the metadata of a version, such as 1.0.0+20261128.
    let has_plus = before.ends_with('+') && !follows_digit(before, '+');
    // A card or number may follow other groups, as in `7-139-1234-5679`. It does not begin with 0,
    // but the groups of an ID may.
    let is_rest = follows_digit(before, '-') && text.starts_with('0');
    let found = [
        (!is_rest).then(|| grouped(text, false)).flatten(),
        has_plus.then(|| grouped(text, true)).flatten(),
    ];
    let longest = found
        .into_iter()
        .flatten()
        .max_by_key(|(_, length)| *length);
    let (value, length) = match longest {
        Some(found) => found,
        None if follows_digit(before, '.') => return None,
        None => single(text, has_plus)?,
    };
    let after = text.get(length..).unwrap_or_default();
    let is_in_id = touches_hexadecimal(before.chars().rev()) && touches_hexadecimal(after.chars());
    (!is_in_id).then_some((value, length))
}

/// Whether a text ends with a digit and then a separator.
fn follows_digit(text: &str, separator: char) -> bool {
    let before = text.strip_suffix(separator);
    before.is_some_and(|before| before.ends_with(|letter: char| letter.is_ascii_digit()))
}

/// Returns the mask of the digits that begin a text, or of an identity card with an `X`.
fn single(text: &str, has_plus: bool) -> Option<(String, usize)> {
    let length = digits(text);
    let is_card = text.get(..=length).is_some_and(is_id_card);
    let number = text.get(..length + usize::from(is_card))?;
    let international = format!("+{number}");
    let value = if has_plus && is_international(&international) {
        Kind::Phone.mask(&international).get(1..)?.to_owned()
    } else {
        Kind::from_value(number)?.mask(number)
    };
    Some((value, number.len()))
}

/// Returns the mask of the number whose groups of digits begin a text, and the bytes that it
/// replaces. The longest number is taken.
fn grouped(text: &str, has_plus: bool) -> Option<(String, usize)> {
    let plus = if has_plus { "+" } else { "" };
    let mut number = plus.to_owned();
    let mut rest = text;
    let mut found = None;
    for groups in 1.. {
        let length = digits(rest);
        // The bound keeps the work linear in the size of the text.
        let is_too_long = number.len() + length > MAX_DIGITS;
        let (group, after) = rest.split_at(length);
        let is_code = groups == 1 && group == MAINLAND;
        let is_short = length < MIN_GROUP && !has_plus && !is_code;
        if length == 0 || is_too_long || is_short {
            break;
        }
        number.push_str(group);
        let kind = Kind::from_value(&number);
        if let Some(kind @ (Kind::BankCard | Kind::Phone)) = kind
            && groups > 1
        {
            let value = kind.mask(&number);
            found = Some((
                value.get(plus.len()..)?.to_owned(),
                text.len() - after.len(),
            ));
        }
        match after.strip_prefix([' ', '-']) {
            Some(next) => rest = next,
            None => break,
        }
    }
    found
}

/// Whether a word is a UUID, also after a prefix such as `order_`, or a trace ID or hash of 32, 40
/// or 64 hexadecimal digits.
fn is_hexadecimal_id(word: &str) -> bool {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_hexdigit).count();
    if matches!(word.len(), 32 | 40 | 64) && digits(word) == word.len() {
        return true;
    }
    let begin = word.len().checked_sub(UUID);
    let Some((prefix, id)) = begin.and_then(|begin| word.split_at_checked(begin)) else {
        return false;
    };
    let is_dash = |at: &usize| id.as_bytes().get(*at) == Some(&b'-');
    let is_uuid = digits(id) == UUID - UUID_DASHES.len() && UUID_DASHES.iter().all(is_dash);
    is_uuid && !prefix.contains(|letter: char| letter.is_ascii_digit())
}

/// Whether the letters and digits that touch a number are those of a hexadecimal number.
fn touches_hexadecimal(letters: impl Iterator<Item = char>) -> bool {
    let touching = letters.take(MAX_ID).take_while(char::is_ascii_alphanumeric);
    let mut touching = touching.peekable();
    touching.peek().is_some() && touching.all(|letter| letter.is_ascii_hexdigit())
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
            ("电话139-1234-5679", "电话139****5679"),
            ("电话139 1234 5679", "电话139****5679"),
            ("139-1234-5679手机", "139****5679手机"),
            ("tel139-1234-5679", "tel139****5679"),
            ("tel_139-1234-5679", "tel_139****5679"),
            ("tel-139-1234-5679", "tel-139****5679"),
            ("1.139-1234-5679", "1.139****5679"),
            ("139-1234-5679-138-1234-5679", "139****5679-138****5679"),
            ("139-1234-5679ext.2", "139****5679ext.2"),
            ("7-139-1234-5679", "7-139****5679"),
            ("2026-11-28-139-1234-5679", "2026-11-28-139****5679"),
            ("123-4111-1111-1111-1111", "123-4111********1111"),
            ("24-4111-1111-1111-1111", "24-4111********1111"),
            ("7-0086-139-1234-5679", "7-0086-139****5679"),
            ("code13912345679and", "code139****5679and"),
            ("卡4111-1111-1111-1111", "卡4111********1111"),
            ("4111-1111-1111-1111号", "4111********1111号"),
            ("card+4111-1111-1111-1111", "card+4111********1111"),
            ("tel+86-139-1234-5679", "tel+86*******5679"),
            ("+86-139-1234-5679手机", "+86*******5679手机"),
            ("86-139-1234-5679", "861******5679"),
            ("8613912345679", "861******5679"),
            ("tel8613912345679", "tel861******5679"),
            ("008613912345679", "008********5679"),
            ("电话１３９１２３４５６７９", "电话139****5679"),
            ("＋８６１３９-1234－5679", "+86*******5679"),
            ("x*@13912345672.com", "x*@139****5672.com"),
            ("xyz@13912345672.com", "xy***@139****5672.com"),
            ("ada139-1234-5679@example.org", "ad***@example.org"),
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
            "41111111-1111-1111-a180-352182483413",
            "order_313874cd-dfbc-423d-b246-548991270564",
            "version 1.0.0+20261128",
            "0.13912345678",
            "sum=2+123456789",
            "13912345678abcdef0123456789abcde",
            "13912345678abcdef0123456789abcdef0123456",
            "sha256:9f13912345678abc",
            "span 9f13912345678abc",
        ] {
            assert_eq!(mask_text(text), text);
        }
    }

    #[test]
    fn long_texts_are_masked_in_linear_time_obs_3() {
        for part in [
            "1",
            "123 ",
            "123-",
            "+1 ",
            "a1",
            "1@",
            "1.",
            "电1",
            "a139-1234-5679",
            "a13912345679",
            "139 1234 5679a",
        ] {
            let text = part.repeat(400_000 / part.len());
            let begin = Instant::now();
            let _masked = mask_text(&text);
            // Quadratic work takes minutes.
            assert!(begin.elapsed() < Duration::from_secs(10), "{part:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_accepted_obs_3(text in "[+0-9 \\-a-zé.@_１]{0,60}|\\PC{0,60}") {
            let _masked = mask_text(&text);
        }

        #[test]
        fn number_after_other_groups_is_hidden_obs_3(
            before in "[a-z]{0,3}([0-9]{1,2}-){0,3}([0-9]{3,5}-)?",
            number in prop_oneof![
                Just("4111-1111-1111-1111"),
                Just("4111111111111111"),
                Just("139-1234-5679"),
                Just("13912345679"),
            ],
        ) {
            let masked = mask_text(&format!("{before}{number}")).into_owned();
            prop_assert!(!masked.contains(number), "{masked}");
        }
    }
}
