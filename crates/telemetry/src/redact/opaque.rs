use super::bytes::is_word;

/// The letters of 32 random bytes in base64url (RFC 4648, section 5), which tokens of sessions and of links in mails are.
const LENGTH: usize = 43;

/// A token without a prefix, of the form that this framework and many others give out: 43 letters of base64url with capitals, small letters and digits among them. A run of another length is none: names and
/// hashes in hexadecimal stay.
pub(super) fn opaque(text: &[u8], at: usize) -> Option<(usize, usize)> {
    // One letter in 64 is a hyphen, with which no word begins.
    let hyphens = text
        .get(..at)?
        .iter()
        .rev()
        .take_while(|byte| **byte == b'-');
    let start = at - hyphens.take(LENGTH).count();
    if start > 0 && text.get(start - 1).is_some_and(|byte| is_part(*byte)) {
        return None;
    }
    let end = start + LENGTH;
    let token = text.get(start..end)?;
    let has = |is: fn(&u8) -> bool| token.iter().any(is);
    let is_token = token.iter().all(|byte| is_part(*byte))
        && !text.get(end).is_some_and(|byte| is_part(*byte))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit);
    is_token.then_some((start, end))
}

fn is_part(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::super::redact;

    /// As `SecretToken`s are.
    const TOKENS: [&str; 3] = [
        "Zr0tH7kq3bX9vJ2mW5nY8cA1dE4fG6hK0pQsUuVwXyz",
        "-r0tH7kq3bX9vJ2mW5nY8cA1dE4fG6hK0pQsUuVwXy_",
        "0000000000000000000000000000000000000000-aB",
    ];

    #[test]
    fn a_token_of_a_session_or_a_link_is_masked_without_a_name_obs_3() {
        for token in TOKENS {
            for (text, masked) in [
                (token.to_owned(), "***".to_owned()),
                (
                    format!("no route for /r/{token}"),
                    "no route for /r/***".to_owned(),
                ),
                (format!("({token}), twice"), "(***), twice".to_owned()),
            ] {
                assert_eq!(redact(&text), masked, "{text}");
            }
        }
    }

    #[test]
    fn names_and_hashes_are_no_tokens_obs_3() {
        for text in [
            "d2a84f4b8b650937ec8f73cd8be2c74add5a911ba64df27458ed8229da804a26",
            "city_events_join_store_counting_uncounted_x",
            "A1b2C3d4E5f6A1b2C3d4E5f6A1b2C3d4E5f6A1b2C3d4",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
