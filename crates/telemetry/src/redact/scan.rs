use std::{borrow::Cow, ops::Range};

use super::{
    MASK, RedactionConfig,
    bytes::end_of,
    card::card,
    china::{id_card, mobile},
    email_and_phone::{Addresses, phone},
    ip::{ipv4, ipv6},
    keyed::keyed,
    token::token,
};

const OTHER: u8 = 0;
/// A letter, `_` or `-`: part of a run of token characters.
const WORD: u8 = 1;
/// A digit: part of a run of token characters.
const DIGIT: u8 = 2;
/// A byte at which a match may begin or end.
const TRIGGER: u8 = 3;

/// The class of each byte.
const CLASSES: [u8; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, over the array's own length"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' => WORD,
            b'@' | b':' | b'=' | b'+' | b'%' => TRIGGER,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
}

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(OTHER)
}

/// Masks the enabled classes. Also returns whether the text has percent-encoded bytes. The time is
/// linear in the length of the text.
pub(super) fn mask<'a>(config: &RedactionConfig, text: &'a str) -> (Cow<'a, str>, bool) {
    let mut scan = Scan {
        config,
        text: text.as_bytes(),
        masked_until: 0,
        addresses: Addresses::default(),
        is_encoded: false,
    };
    let mut output = String::new();
    let mut at = 0;
    while let Some(byte) = scan.text.get(at) {
        let (found, next) = match class(*byte) {
            OTHER => (None, at + 1),
            TRIGGER => (scan.at_sign(at, *byte), at + 1),
            _ => scan.run(at),
        };
        at = next;
        let Some(Range { start, end }) = found else {
            continue;
        };
        let start = start.max(scan.masked_until);
        output.push_str(text.get(scan.masked_until..start).unwrap_or_default());
        output.push_str(MASK);
        scan.masked_until = end;
        at = at.max(end);
    }
    let masked = if output.is_empty() {
        Cow::Borrowed(text)
    } else {
        output.push_str(text.get(scan.masked_until..).unwrap_or_default());
        Cow::Owned(output)
    };
    (masked, scan.is_encoded)
}

struct Scan<'a> {
    config: &'a RedactionConfig,
    text: &'a [u8],
    /// The end of the last match.
    masked_until: usize,
    addresses: Addresses,
    is_encoded: bool,
}

impl Scan<'_> {
    /// Returns the match at a sign. It may begin before the sign.
    fn at_sign(&mut self, at: usize, sign: u8) -> Option<Range<usize>> {
        let (config, text) = (self.config, self.text);
        match sign {
            b'@' if config.emails => self.addresses.email(text, at, self.masked_until),
            b'+' if config.phone_numbers => phone(text, at),
            b'=' if config.sensitive_fields => keyed(text, at),
            b':' => {
                let url = config
                    .emails
                    .then(|| self.addresses.userinfo(text, at))
                    .flatten();
                url.or_else(|| config.sensitive_fields.then(|| keyed(text, at)).flatten())
                    .or_else(|| {
                        let floor = self.masked_until;
                        config.ip_addresses.then(|| ipv6(text, at, floor)).flatten()
                    })
            }
            b'%' => {
                self.is_encoded |= matches!(
                    text.get(at + 1..at + 3),
                    Some([high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()
                );
                None
            }
            _ => None,
        }
    }

    /// Returns a match in the run of token characters at `at`, and the index after the read bytes.
    fn run(&self, at: usize) -> (Option<Range<usize>>, usize) {
        let (mut end, mut has_digit) = (at, false);
        for byte in self.text.get(at..).unwrap_or_default() {
            match class(*byte) {
                DIGIT => has_digit = true,
                WORD => {}
                _ => break,
            }
            end += 1;
        }
        let found = match self.config.tokens {
            true => token(self.text, at..end),
            false => None,
        };
        let number = || has_digit.then(|| self.number(at..end)).flatten();
        (found.or_else(number), end)
    }

    /// Returns a card, a mobile number or an IPv4 address that begins in a run of token characters.
    fn number(&self, run: Range<usize>) -> Option<Range<usize>> {
        let (config, text) = (self.config, self.text);
        let mut end = run.start;
        loop {
            let start = end_of(text, end, |byte| !byte.is_ascii_digit());
            if start >= run.end {
                return None;
            }
            end = end_of(text, start, |byte| byte.is_ascii_digit());
            let before = text.get(..start).unwrap_or_default();
            if before.last().is_some_and(u8::is_ascii_alphabetic) {
                continue;
            }
            if config.cards
                && let Some(found) = card(text, start..end).or_else(|| id_card(text, start..end))
            {
                return Some(found);
            }
            if config.phone_numbers
                && let Some(found) = mobile(text, start..end)
            {
                return Some(found);
            }
            if config.ip_addresses
                && text.get(end) == Some(&b'.')
                && let Some(found) = ipv4(text, start)
            {
                return Some(found);
            }
        }
    }
}
