use std::ops::Range;

use super::bytes::end_of;

/// The lengths of the digit groups in which cards are written, longest first.
const GROUPINGS: [&[usize]; 5] = [
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 5],
];
/// Minimum number of digits of a card.
const MIN_DIGITS: usize = 13;
const MAX_DIGITS: usize = 19;

/// A payment card number whose first digits are `group`, a whole group of digits. It has the first
/// digits and the length of a card issuer and passes the Luhn check.
pub(super) fn card(text: &[u8], group: Range<usize>) -> Option<Range<usize>> {
    if is_fraction(text, group.start) {
        return None;
    }
    match group.len() {
        MIN_DIGITS..=MAX_DIGITS => {
            let digits = text.get(group.clone())?;
            let is_whole = !is_letter(text, group.end);
            (is_whole && is_card(digits)).then_some(group)
        }
        4 => GROUPINGS
            .iter()
            .find_map(|grouping| grouped(text, group.start, grouping)),
        _ => None,
    }
}

/// Whether the digits at `start` are the fraction of a number such as `0.4111`.
pub(super) fn is_fraction(text: &[u8], start: usize) -> bool {
    matches!(text.get(..start), Some([.., digit, b'.']) if digit.is_ascii_digit())
}

pub(super) fn is_letter(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_alphabetic)
}

fn grouped(text: &[u8], start: usize, grouping: &[usize]) -> Option<Range<usize>> {
    let mut digits = Vec::with_capacity(MAX_DIGITS);
    let mut end = start;
    for (index, length) in grouping.iter().enumerate() {
        let begin = match index {
            0 => start,
            _ => end + separator_length(text, end)?,
        };
        end = end_of(text, begin, |byte| byte.is_ascii_digit());
        if end - begin != *length || is_letter(text, end) {
            return None;
        }
        digits.extend_from_slice(text.get(begin..end)?);
    }
    is_card(&digits).then_some(start..end)
}

/// The length of a separator of digit groups, in bytes.
fn separator_length(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at..)? {
        [b' ' | b'-' | b'.' | b'+', ..] => Some(1),
        // U+00A0, the no-break space.
        [0xc2, 0xa0, ..] => Some(2),
        _ => None,
    }
}

/// Whether the ASCII digits have the prefix and length of an issuer (ISO/IEC 7812-1) and a valid
/// Luhn check digit.
fn is_card(digits: &[u8]) -> bool {
    let prefix = digits
        .iter()
        .take(4)
        .fold(0, |prefix, digit| prefix * 10 + u32::from(digit - b'0'));
    let is_of_issuer = match digits.len() {
        14 => matches!(prefix, 3_000..=3_059 | 3_600..=3_699 | 3_800..=3_999),
        15 => matches!(prefix, 3_400..=3_499 | 3_700..=3_799),
        16 => matches!(
            prefix,
            2_221..=2_720 | 3_528..=3_589 | 4_000..=4_999 | 5_000..=5_999 | 6_000..=6_999
        ),
        // Maestro, UnionPay and RuPay have up to 19 digits.
        17..=19 => matches!(prefix, 4_000..=4_999 | 5_000..=5_099 | 5_600..=6_999),
        13 => matches!(prefix, 4_000..=4_999),
        _ => false,
    };
    is_of_issuer && is_luhn(digits)
}

fn is_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| {
            let digit = u32::from(digit - b'0');
            match position % 2 {
                0 => digit,
                _ => digit * 2 / 10 + digit * 2 % 10,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::redact;

    #[test]
    fn masks_card_numbers_in_every_notation_obs_3() {
        for (text, masked) in [
            ("card 4111111111111111", "card ***"),
            ("4111 1111 1111 1111", "***"),
            ("4111-1111-1111-1111.", "***."),
            ("4111.1111.1111.1111", "***"),
            ("n=4111+1111+1111+1111", "n=***"),
            ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "***"),
            ("/pay/4111%201111%201111%201111", "/pay/***"),
            ("card_4111111111111111", "card_***"),
            ("3782 822463 10005", "***"),
            ("378282246310005", "***"),
            ("3056 930902 5904", "***"),
            ("5555555555554444", "***"),
            ("6011111111111117", "***"),
            ("4000000000000000006", "***"),
            ("4222222222222", "***"),
            ("row 12 3782 822463 10005", "row 12 ***"),
            ("4111111111111111.0", "***.0"),
            ("4111111111111111 12/26", "*** 12/26"),
        ] {
            assert_eq!(redact(text), masked, "{text:?}");
        }
    }

    #[test]
    fn keeps_numbers_that_are_not_cards_obs_3() {
        for text in [
            "4111111111111112",
            "order 1234567890123 shipped",
            "at 1795237080000 and 1795237080123456789",
            "took 0.3333333333333333 s of 5.105105105105100",
            "took 0.4111111111111111 of 12.4111111111111111",
            "20261121045800 2026-11-21 2026-11-22",
            "00-4bf92f4111111111111111929d0e0e47-00f067aa0ba902b7-01",
            "1-67891233-abcdef012345678912345678",
            "41111111-1111-1111-8a1b-2c3d4e5f6a7b",
            "01941111-1111-7111-1111-111111111111",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
