use std::ops::Range;

use super::{
    MASK,
    bytes::{end_of, is_word, start_of},
};

/// Minimum number of digits of a phone number with its country code (ITU-T E.164).
const MIN_PHONE_DIGITS: usize = 8;
const MAX_PHONE_DIGITS: usize = 15;
/// Maximum number of separators between two groups of a phone number, as in `) - `.
const MAX_SEPARATORS: usize = 3;

/// Finds e-mail addresses and credentials in URLs. Stores which bytes it searched, so that the time
/// for a whole text is linear.
#[derive(Default)]
pub(super) struct Addresses {
    /// The index after the last `@` that is not part of an e-mail address.
    email_floor: usize,
    /// No `@` occurs in a URL before this index.
    searched_until: usize,
}

impl Addresses {
    /// The e-mail address whose `@` is at `at`.
    pub(super) fn email(&mut self, text: &[u8], at: usize, floor: usize) -> Option<Range<usize>> {
        let start = start_of(text, floor.max(self.email_floor), at, |byte| {
            byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte) || byte >= 0x80
        });
        let end = end_of(text, at + 1, |byte| {
            byte.is_ascii_alphanumeric() || b".-".contains(&byte) || byte >= 0x80
        });
        let domain = text.get(at + 1..end)?;
        let dot = domain.iter().position(|byte| *byte == b'.');
        let is_domain = dot.is_some_and(|dot| domain.iter().skip(dot).any(|byte| *byte != b'.'));
        if start < at && is_domain {
            return Some(start..end);
        }
        self.email_floor = at + 1;
        None
    }

    /// The credentials of a URL, as in `scheme://user:password@host`, whose colon is at `colon`.
    /// They end at the last `@`, because a password may contain an `@` or a slash.
    pub(super) fn userinfo(&mut self, text: &[u8], colon: usize) -> Option<Range<usize>> {
        if !text.get(colon..)?.starts_with(b"://") || colon < self.searched_until {
            return None;
        }
        let start = colon + 3;
        let authority_end = end_of(text, start, |byte| {
            !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'?' | b'#')
        });
        let authority = text.get(start..authority_end)?;
        let first_colon = authority.iter().position(|byte| *byte == b':');
        let has_user = authority.contains(&b'@');
        if first_colon.is_none() && !has_user {
            return None;
        }
        let end = end_of(text, start, |byte| !byte.is_ascii_whitespace());
        let Some(sign) = text.get(start..end)?.iter().rposition(|byte| *byte == b'@') else {
            self.searched_until = end;
            return None;
        };
        let sign = start + sign;
        let password = first_colon.map(|first_colon| start + first_colon + 1);
        let start = match password {
            // `host:port/@name` looks like `user:pass/word@host`. The part before the colon is not
            // secret in either.
            Some(password) if !has_user => password,
            // Redacting twice does not change the result.
            Some(password) if text.get(password..sign) == Some(MASK.as_bytes()) => password,
            _ => start,
        };
        (sign > start).then_some(start..sign)
    }
}

/// The phone number in international format whose plus is at `at`.
pub(super) fn phone(text: &[u8], at: usize) -> Option<Range<usize>> {
    let before = text.get(..at)?.last();
    if before.is_some_and(|byte| is_word(*byte)) {
        return None;
    }
    let is_separator = |byte: &&u8| b" -.()".contains(byte);
    let mut position = end_of(text, at + 1, |byte| byte == b'(');
    // Country codes begin with 1 to 9.
    text.get(position)
        .filter(|byte| matches!(byte, b'1'..=b'9'))?;
    let (mut digits, mut found) = (0, None);
    loop {
        let end = end_of(text, position, |byte| byte.is_ascii_digit());
        digits += end - position;
        if end == position || digits > MAX_PHONE_DIGITS {
            return found;
        }
        let is_whole = !text.get(end).is_some_and(u8::is_ascii_alphabetic);
        if digits >= MIN_PHONE_DIGITS && is_whole {
            found = Some(at..end);
        }
        let gap = text.get(end..text.len().min(end + MAX_SEPARATORS))?;
        position = end + gap.iter().take_while(is_separator).count();
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::redact;

    #[test]
    fn masks_email_addresses_obs_3() {
        for (text, masked) in [
            ("mail to ada@example.org failed", "mail to *** failed"),
            ("ada.lovelace+x@mail.example.org", "***"),
            ("élodie@example.org, ada@exämple.org.", "***, ***"),
            ("/ada%40example.org", "/***"),
            ("/a%20b/ada.l%40example.org/x", "/a b/***/x"),
            (
                "next=%2Flogin%3Fto%3Dada%2540example.org",
                "next=/login?to=***",
            ),
        ] {
            assert_eq!(redact(text), masked, "{text:?}");
        }
        for text in ["@home", "a@b", "100%40", "https://example.org/@ada"] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn masks_credentials_in_urls_obs_3() {
        for (text, masked) in [
            ("postgres://app:p@hunter2@db/x", "postgres://***@db/x"),
            (
                "postgres://app:hun/ter2@db/x next",
                "postgres://app:***@db/x next",
            ),
            ("https://hunter2@example.org/x", "https://***@example.org/x"),
            (
                "redis://:hunter2@cache.internal:6379/0",
                "redis://***@cache.internal:6379/0",
            ),
            ("redis://app:***@cache/0", "redis://app:***@cache/0"),
            ("postgres://app:p%40hunter2@db/x", "postgres://***@db/x"),
            (
                "?to=postgres%3A%2F%2Fapp%3Ahunter2%40db%2Fx&a=b",
                "?to=postgres://***@db/x&a=b",
            ),
        ] {
            assert_eq!(redact(text), masked, "{text:?}");
        }
    }

    #[test]
    fn masks_phone_numbers_with_country_code_obs_3() {
        for (text, masked) in [
            ("call +44 20 7946 0958 now", "call *** now"),
            ("call +33612345678 15ms", "call *** 15ms"),
            ("+33612345678 +33698765432", "*** ***"),
            ("call +(44) 20 7946 0958", "call ***"),
            ("call +44 (0)20 7946 0958", "call ***"),
            ("call +1 (212) 555-0123.", "call ***."),
            ("sip:+442079460958:5060", "sip:***:5060"),
            ("/x?to=%2B33612345678", "/x?to=***"),
        ] {
            assert_eq!(redact(text), masked, "{text}");
        }
        for text in [
            "2026-11-21T04:58:00+01:00",
            "2026-11-21 07:12:05.123456789 +0000 UTC",
            "offset +0000000012",
            "+48.8566+002.3522/",
            "a+12345678",
            "+1234567",
            "+12345678x",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
