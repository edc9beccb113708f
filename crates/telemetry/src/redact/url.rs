use super::{
    MASK,
    bytes::{end_of, starts_with_ignoring_case},
};

/// Bytes of one percent-encoded byte (RFC 3986, section 2.1).
pub(super) const ENCODED_LENGTH: usize = 3;

/// Reads the addresses of one text.
#[derive(Default)]
pub(super) struct Addresses {
    /// No `@` stands before here, so that no part of a text is searched twice.
    nothing_until: usize,
    /// No percent-encoded `@` does.
    nothing_encoded_until: usize,
}

impl Addresses {
    /// `scheme://user:password@host` at its colon: what stands before the last `@`, because a password may have an `@` or a slash that was not encoded.
    pub(super) fn userinfo(&mut self, text: &[u8], colon: usize) -> Option<(usize, usize)> {
        if !text.get(colon..)?.starts_with(b"://") || colon < self.nothing_until {
            return None;
        }
        let start = colon + 3;
        let authority_end = end_of(text, start, |byte| {
            !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'?' | b'#')
        });
        let authority = text.get(start..authority_end)?;
        let first_colon = authority.iter().position(|byte| *byte == b':');
        let is_user_inside = authority.contains(&b'@');
        if first_colon.is_none() && !is_user_inside {
            return None;
        }
        let end = end_of(text, start, |byte| !byte.is_ascii_whitespace());
        let Some(sign) = text.get(start..end)?.iter().rposition(|byte| *byte == b'@') else {
            self.nothing_until = end;
            return None;
        };
        let sign = start + sign;
        let password = first_colon.map(|first_colon| start + first_colon + 1);
        let start = match password {
            // `host:port/@name` cannot be told from `user:pass/word@host`; the part before the colon is no secret in either.
            Some(password) if !is_user_inside => password,
            // What was masked once stays as it is.
            Some(password) if text.get(password..sign) == Some(MASK.as_bytes()) => password,
            _ => start,
        };
        (sign > start).then_some((start, sign))
    }

    /// The same in an address that is percent-encoded as a whole, as in `?next=https%3A%2F%2Fuser%3Apassword%40host`.
    pub(super) fn encoded_userinfo(&mut self, text: &[u8], colon: usize) -> Option<(usize, usize)> {
        if !starts_with_ignoring_case(text.get(colon..)?, b"%3A%2F%2F")
            || colon < self.nothing_encoded_until
        {
            return None;
        }
        let start = colon + 3 * ENCODED_LENGTH;
        let end = end_of(text, start, |byte| {
            !byte.is_ascii_whitespace() && !matches!(byte, b'&' | b'/' | b'?' | b'#')
        });
        let address = text.get(start..end)?;
        let sign = address
            .windows(ENCODED_LENGTH)
            .rposition(|window| window == b"%40");
        let Some(sign) = sign.filter(|sign| *sign > 0) else {
            self.nothing_encoded_until = end;
            return None;
        };
        Some((start, start + sign))
    }
}
