//! The forms of personal values.

/// The maximum number of digits of a card. Telephone numbers have fewer.
pub(super) const MAX_DIGITS: usize = 20;

pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !text.contains(char::is_whitespace)
    })
}

/// Whether a text is a mobile number of mainland China, with or without its country code.
pub(super) fn is_mobile(text: &str) -> bool {
    let mut codes = ["0086", "86"].iter();
    let number = codes.find_map(|code| text.strip_prefix(code));
    let bytes = number.unwrap_or(text).as_bytes();
    bytes.len() == 11
        && bytes.iter().all(u8::is_ascii_digit)
        && matches!(bytes, [b'1', b'3'..=b'9', ..])
}

/// Whether a text is a telephone number with a plus and a country code (ITU-T E.164).
pub(super) fn is_international(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whether a text is an identity card of 18 characters with a date of birth and a valid check digit
/// (GB 11643). Without the check of the date, one in eleven numeric IDs of 18 digits would match.
pub(super) fn is_id_card(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let bytes = text.as_bytes();
    let Some((check, digits)) = bytes.split_last() else {
        return false;
    };
    if digits.len() != WEIGHTS.len() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u16>().ok();
    let is_within = |range, limits: std::ops::RangeInclusive<u16>| {
        number(range).is_some_and(|number| limits.contains(&number))
    };
    if !is_within(6..10, 1_850..=2_100) || !is_within(10..12, 1..=12) || !is_within(12..14, 1..=31)
    {
        return false;
    }
    let digits = digits.iter().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let expected = usize::try_from(sum % 11)
        .ok()
        .and_then(|index| CHECKS.get(index));
    expected == Some(&check.to_ascii_uppercase())
}

/// Whether a text is a card number of 12 to 20 digits with a valid check digit (Luhn).
pub(super) fn is_bank_card(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !(12..=MAX_DIGITS).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let digits = bytes.iter().rev().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether a text has the form of a JSON Web Token.
pub(super) fn is_token(text: &str) -> bool {
    let parts = || text.split('.');
    text.starts_with("eyJ") && parts().count() == 3 && parts().all(|part| part.len() >= 4)
}
