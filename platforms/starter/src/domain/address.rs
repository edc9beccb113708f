use seaworthy::{captcha::without_mainland_code, mail::MailAddress, prelude::*};

use super::errors::invalid_field;

/// Digits of a telephone number (ITU-T E.164 allows 15).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;

/// Returns the e-mail address in a field in lower case. `None` for an empty text.
///
/// # Errors
/// `VALIDATION_FAILED` if the text is not an address.
pub(crate) fn normalized_email(field: &str, text: &str) -> Result<Option<String>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match MailAddress::parse_bare(text) {
        Ok(address) if address.domain().contains('.') => Ok(Some(address.address().to_owned())),
        _ => Err(invalid_field(field, "use the form name@example.org")),
    }
}

/// Returns the digits of the telephone number in a field after an optional plus sign, so that a
/// number has one form. The plus sign replaces `00`. A mobile number of mainland China has no
/// country code. `None` for an empty text.
///
/// # Errors
/// `VALIDATION_FAILED` if the text is not a telephone number.
pub(crate) fn normalized_phone(field: &str, text: &str) -> Result<Option<String>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", text),
    };
    let is_separator = |letter: &char| matches!(letter, ' ' | '.' | '-' | '(' | ')');
    let digits: String = rest
        .chars()
        .filter(|letter| !is_separator(letter))
        .collect();
    let (sign, digits) = match digits.strip_prefix("00") {
        Some(international) if sign.is_empty() => ("+", international),
        _ => (sign, digits.as_str()),
    };
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number || !PHONE_DIGITS.contains(&digits.len()) {
        let form = "use 5 to 15 digits after an optional plus sign";
        return Err(invalid_field(field, form));
    }
    Ok(Some(match without_mainland_code(digits) {
        Some(mobile) => mobile.to_owned(),
        None => format!("{sign}{digits}"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(result: Result<Option<String>, Error>) -> String {
        match result {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => error.reason().to_owned(),
        }
    }

    #[test]
    fn addresses_are_normalized_or_rejected_api_3() {
        let email = |text| outcome(normalized_email("email", text));
        assert_eq!(email(" Ada@Example.org "), "ada@example.org");
        assert_eq!(email(" "), "");
        for text in [
            "ada",
            "@a.org",
            "ada@",
            "a b@a.org",
            "a@b@c.org",
            "ada@localhost",
            "x1<ada@example.org>",
            r#""a\da"@example.org"#,
        ] {
            assert_eq!(email(text), "VALIDATION_FAILED", "{text}");
        }
        let phone = |text| outcome(normalized_phone("phone", text));
        assert_eq!(phone("+33 6 12-34.56(78)"), "+33612345678");
        assert_eq!(phone("0033 612345678"), "+33612345678");
        for text in [
            "13800000000",
            "+86 138 0000 0000",
            "0086-13800000000",
            "8613800000000",
        ] {
            assert_eq!(phone(text), "13800000000", "{text}");
        }
        assert_eq!(phone("+8612800000000"), "+8612800000000");
        assert_eq!(phone(""), "");
        for text in ["1234", "call me", "++3361234567", "1234567890123456"] {
            assert_eq!(phone(text), "VALIDATION_FAILED", "{text}");
        }
    }
}
