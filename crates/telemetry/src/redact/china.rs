//! Numbers of people in mainland China, which are written without a plus or separators.

use std::ops::Range;

use seaworthy_core::mask::Kind;

use super::{
    bytes::is_word,
    card::{is_fraction, is_letter},
};

/// Digits of an identity card before its check character, which may be an `X`.
const CARD_DIGITS: usize = 17;

/// The identity card that begins with a whole group of digits.
pub(super) fn id_card(text: &[u8], group: Range<usize>) -> Option<Range<usize>> {
    let has_letter = group.len() == CARD_DIGITS && matches!(text.get(group.end), Some(b'x' | b'X'));
    let end = group.end + usize::from(has_letter);
    of_kind(text, group.start..end, Kind::IdCard)
}

/// The mobile number that is a whole group of digits.
pub(super) fn mobile(text: &[u8], group: Range<usize>) -> Option<Range<usize>> {
    of_kind(text, group, Kind::Phone)
}

fn of_kind(text: &[u8], range: Range<usize>, kind: Kind) -> Option<Range<usize>> {
    let is_decimal = text.get(range.end) == Some(&b'.')
        && text.get(range.end + 1).is_some_and(u8::is_ascii_digit);
    if is_fraction(text, range.start) || is_letter(text, range.end) || is_decimal {
        return None;
    }
    let is_part = |at: usize| text.get(at).is_some_and(|byte| is_word(*byte));
    let number = str::from_utf8(text.get(range.clone())?).ok()?;
    (!is_part(range.end) && Kind::from_value(number) == Some(kind)).then_some(range)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::redact;

    #[test]
    fn masks_mobile_numbers_and_identity_cards_obs_3() {
        for (text, masked) in [
            ("call 13800000000 now", "call *** now"),
            ("/x?to=13912345678", "/x?to=***"),
            ("13800000000.", "***."),
            ("user_13800000000", "user_***"),
            ("call 8613912345679 now", "call *** now"),
            ("card 11010519491231002X,", "card ***,"),
            ("card 11010519491231002x", "card ***"),
            (
                "330106199003071230 11010519491231002X",
                "330106199003071230 ***",
            ),
        ] {
            assert_eq!(redact(text), masked, "{text:?}");
        }
    }

    #[test]
    fn keeps_numbers_that_are_not_of_people_obs_3() {
        for text in [
            "12800000000 bytes of 138000000000",
            "took 13800000000.5 ns of 0.13800000000",
            "13800000000ms",
            "a13800000000",
            // Numeric IDs, whose seventh to fourteenth digits are not a date.
            "781237650000000019 110105194912310021",
            "11010519491231002Xy",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
