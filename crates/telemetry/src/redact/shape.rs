use std::borrow::Cow;

use super::{
    MASK,
    bytes::{end_of, is_word, start_of},
    identifier::identifier,
    ip,
    keyed::keyed,
    national::national,
    number::Run,
    opaque::opaque,
    phone::{behind_plus, phone},
    postal::postal,
    scheme::scheme_in_prose,
    url::{Addresses, ENCODED_LENGTH},
};

/// Beginnings of the credentials that well-known issuers hand out, and of JSON Web Tokens.
const PREFIXES: [&str; 22] = [
    "eyJ",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "pk_live_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "npm_",
    "hvs.",
];
/// The shortest text behind a prefix that is a credential rather than a word.
const SHORTEST_CREDENTIAL: usize = 12;

/// Masks every shape in a text, in a time that grows as the text does.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let mut shapes = Shapes::new(text.as_bytes());
    let mut output = String::new();
    let mut written = 0;
    let mut at = 0;
    while at < text.len() {
        match shapes.find(at, written) {
            Found::Shape { start, end } if end > at => {
                let start = start.max(written);
                output.push_str(text.get(written..start).unwrap_or_default());
                output.push_str(MASK);
                written = end;
                at = end;
            }
            Found::Harmless { end } if end > at => at = end,
            _ => at += 1,
        }
    }
    if output.is_empty() {
        return Cow::Borrowed(text);
    }
    output.push_str(text.get(written..).unwrap_or_default());
    Cow::Owned(output)
}

/// What begins at a place, or ends there having begun before.
enum Found {
    Shape {
        start: usize,
        end: usize,
    },
    /// Nothing until `end`.
    Harmless {
        end: usize,
    },
    Nothing,
}

impl From<Option<(usize, usize)>> for Found {
    fn from(range: Option<(usize, usize)>) -> Self {
        range.map_or(Self::Nothing, |(start, end)| Self::Shape { start, end })
    }
}

struct Shapes<'a> {
    text: &'a [u8],
    addresses: Addresses,
    /// Behind the last `@` that had no name or no domain: no address of a mailbox begins before.
    mailbox_floor: usize,
    /// Digits before here were read, and no card is among them but the next one.
    no_card_until: usize,
    next_card: Option<(usize, usize)>,
}

impl<'a> Shapes<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            addresses: Addresses::default(),
            mailbox_floor: 0,
            no_card_until: 0,
            next_card: None,
        }
    }

    fn find(&mut self, at: usize, written: usize) -> Found {
        let text = self.text;
        let Some(first) = text.get(at).copied() else {
            return Found::Nothing;
        };
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let begins_word = !before.is_some_and(|byte| is_word(*byte));
        if begins_word && let Some(end) = identifier(text, at) {
            return Found::Harmless { end };
        }
        if begins_word && let Some((start, end)) = opaque(text, at) {
            return Found::Shape { start, end };
        }
        match first {
            b'@' => self.email(at, at + 1, written).into(),
            b'%' => self.percent_encoded(at, written).into(),
            b':' => self
                .addresses
                .userinfo(text, at)
                .or_else(|| keyed(text, at, at + 1))
                .or_else(|| ip::network_address(text, at))
                .into(),
            b'=' => keyed(text, at, at + 1).into(),
            b'0'..=b'9' => ip::network_address(text, at)
                .or_else(|| self.card(at))
                .or_else(|| begins_word.then(|| national(text, at)).flatten())
                .or_else(|| begins_word.then(|| postal(text, at)).flatten())
                .or_else(|| begins_word.then(|| phone(text, at)).flatten())
                .into(),
            b'+' | b'(' if begins_word => phone(text, at).into(),
            _ if begins_word => scheme_in_prose(text, at)
                .or_else(|| credential(text, at))
                .or_else(|| national(text, at))
                .into(),
            _ => Found::Nothing,
        }
    }

    /// What begins at a percent-encoded `@`, `=` or `:`, or behind a percent-encoded byte.
    fn percent_encoded(&mut self, at: usize, written: usize) -> Option<(usize, usize)> {
        let behind = at + ENCODED_LENGTH;
        let encoded = self.text.get(at..behind)?;
        let found = match encoded {
            b"%40" => self.email(at, behind, written),
            b"%3D" | b"%3d" => keyed(self.text, at, behind),
            b"%3A" | b"%3a" => self
                .addresses
                .encoded_userinfo(self.text, at)
                .or_else(|| keyed(self.text, at, behind))
                .or_else(|| ip::begun(self.text, at)),
            b"%20" => postal(self.text, behind),
            b"%2B" | b"%2b" => behind_plus(self.text, behind).map(|end| (at, end)),
            _ => None,
        };
        // Its digits are no part of what follows it.
        let is_encoded = || encoded.iter().skip(1).all(u8::is_ascii_hexdigit);
        found.or_else(|| is_encoded().then(|| ip::begun(self.text, behind)).flatten())
    }

    /// The card that begins here. One that begins later in the same run waits, because what stands before it may be of another shape.
    fn card(&mut self, at: usize) -> Option<(usize, usize)> {
        if at >= self.no_card_until {
            let run = Run::read(self.text, at);
            self.no_card_until = run.end;
            self.next_card = run.card(self.text);
        }
        let card = self.next_card.take_if(|(start, _)| *start <= at);
        card.filter(|(_, end)| *end > at)
    }

    /// The address of a mailbox whose `@`, plain or percent-encoded, stands from `sign` to `behind`.
    fn email(&mut self, sign: usize, behind: usize, written: usize) -> Option<(usize, usize)> {
        let floor = self.mailbox_floor.max(written);
        let start = start_of(self.text, floor, sign, |byte| {
            byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte) || byte >= 0x80
        });
        let end = end_of(self.text, behind, |byte| {
            byte.is_ascii_alphanumeric() || b".-".contains(&byte) || byte >= 0x80
        });
        let domain = self.text.get(behind..end)?;
        let dot = domain.iter().position(|byte| *byte == b'.');
        let is_domain = dot.is_some_and(|dot| domain.iter().skip(dot).any(|byte| *byte != b'.'));
        if start < sign && is_domain {
            return Some((start, end));
        }
        self.mailbox_floor = behind;
        None
    }
}

fn credential(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    if rest.starts_with(b"-----BEGIN ") {
        return Some((at, text.len()));
    }
    let prefix = PREFIXES
        .iter()
        .find(|prefix| rest.starts_with(prefix.as_bytes()))?;
    let is_part = |byte: u8| is_word(byte) || b"-+".contains(&byte);
    let is_credential = |byte: u8| is_part(byte) || b"./=~".contains(&byte);
    // Only the credentials whose prefix ends in a point are short between points.
    let measured = if prefix.ends_with('.') {
        end_of(text, at, is_credential)
    } else {
        end_of(text, at, is_part)
    };
    // What is too short is not read further, so that no part of a text is read twice.
    (measured - at >= prefix.len() + SHORTEST_CREDENTIAL)
        .then(|| (at, end_of(text, measured, is_credential)))
}
