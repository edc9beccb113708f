use std::net::Ipv6Addr;

use super::{LONGEST_PREFIX_6, is_of_a_person, prefix};
use crate::redact::bytes::{end_of, is_word, start_of, starts_with_ignoring_case};

/// The longest address that is written out: six groups of four digits and an address of version 4 (RFC 4291, section 2.2).
const LONGEST: usize = 45;
/// As much again as a port behind it may be.
const LONGEST_RUN: usize = LONGEST + 6;
/// The longest zone, the name of an interface of Linux.
const LONGEST_ZONE: usize = 15;
/// How often a run is cut back to what stands before its last sign: behind the address may stand a colon, a port and a word.
const CUTS: usize = 3;

/// The end of an address that begins at a place and may be a person's. Its colons may be percent-encoded.
pub(super) fn end(text: &[u8], at: usize) -> Option<usize> {
    if !may_begin(text, at) || is_inside_local(text, at) {
        return None;
    }
    let mut run = Run::read(text, at);
    for _ in 0..=CUTS {
        let (address, end) = run.address(text);
        if let Some(address) = address {
            let is_network = prefix(text, end, LONGEST_PREFIX_6)
                .is_some_and(|prefix| address.to_bits() & (u128::MAX >> prefix) == 0);
            let is_shown = is_network || !is_of_a_person(address.into());
            return (!is_shown).then(|| behind_zone(text, end));
        }
        run.cut()?;
    }
    None
}

/// What addresses of persons begin with: a group of four digits from 2000 to 3fff, or zeros and then an address of version 4.
fn may_begin(text: &[u8], at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    match rest {
        [b'2' | b'3', second, third, fourth, b':' | b'%', ..] => [second, third, fourth]
            .into_iter()
            .all(u8::is_ascii_hexdigit),
        [b'0', ..] => {
            rest.starts_with(b"0:0") || rest.starts_with(b"0000:") || rest.starts_with(b"0064:")
        }
        [b'6', b'4', b':', b'f' | b'F', ..] | [b':', b':', b'0' | b'f' | b'F', ..] => true,
        [b'%', ..] => starts_with_ignoring_case(rest, b"%3a%3a"),
        _ => false,
    }
}

/// Whether the place is inside an address of a machine of the operator's, such as `fd00:2001:db8::1` (`fc00::/7`, `fe80::/10`, `ff00::/8`).
fn is_inside_local(text: &[u8], at: usize) -> bool {
    let floor = at.saturating_sub(LONGEST);
    let start = start_of(text, floor, at, |byte| {
        byte.is_ascii_hexdigit() || byte == b':'
    });
    let Some([first, second, third, _, b':', ..]) = text.get(start..at) else {
        return false;
    };
    let before = start.checked_sub(1).and_then(|before| text.get(before));
    let is_local = match [first, second].map(u8::to_ascii_lowercase) {
        [b'f', b'c' | b'd' | b'f'] => true,
        [b'f', b'e'] => b"89abAB".contains(third),
        _ => false,
    };
    is_local && !before.is_some_and(|byte| is_word(*byte))
}

/// What an address may be made of, with the place behind each byte of it.
struct Run {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Run {
    fn read(text: &[u8], at: usize) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let mut position = at;
        while bytes.len() < LONGEST_RUN {
            let (byte, length) = match text.get(position..) {
                Some([b'%', b'3', b'A' | b'a', ..]) => (b':', 3),
                Some([byte, ..]) if byte.is_ascii_hexdigit() || b":.".contains(byte) => (*byte, 1),
                _ => break,
            };
            position += length;
            bytes.push(byte);
            ends.push(position);
        }
        Self { bytes, ends }
    }

    /// The address that the run is, and where it ends; none where a word goes on behind it.
    fn address(&self, text: &[u8]) -> (Option<Ipv6Addr>, usize) {
        let end = self.ends.last().copied().unwrap_or_default();
        let goes_on = text.get(end).is_some_and(u8::is_ascii_alphanumeric);
        let written = str::from_utf8(&self.bytes).ok();
        let address = written.filter(|_| !goes_on);
        (address.and_then(|written| written.parse().ok()), end)
    }

    /// Takes away the last group and the sign before it, or the last sign; none where nothing is left.
    fn cut(&mut self) -> Option<()> {
        let sign = self.bytes.iter().rposition(|byte| b":.".contains(byte))?;
        self.bytes.truncate(sign);
        self.ends.truncate(sign);
        (sign > 0).then_some(())
    }
}

/// Behind the zone of an address, `%eth0` or `%25eth0`, where one stands.
fn behind_zone(text: &[u8], end: usize) -> usize {
    let zone = match text.get(end..) {
        Some([b'%', b'2', b'5', ..]) => end + 3,
        // What was percent-encoded is no zone.
        Some([b'%', first, second, ..])
            if [first, second].into_iter().all(u8::is_ascii_hexdigit) =>
        {
            return end;
        }
        Some([b'%', ..]) => end + 1,
        _ => return end,
    };
    let limit = text.len().min(zone + LONGEST_ZONE);
    let near = text.get(..limit).unwrap_or_default();
    let behind = end_of(near, zone, |byte| {
        byte.is_ascii_alphanumeric() || b"_-".contains(&byte)
    });
    if behind > zone { behind } else { end }
}
