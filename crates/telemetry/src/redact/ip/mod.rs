use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bytes::end_of;

mod version6;

/// Digits of the longest part of an address of version 4.
const LONGEST_OCTET: usize = 3;
/// A network with a prefix that is longer is a few machines, which may be one household's.
const LONGEST_PREFIX_4: u8 = 24;
const LONGEST_PREFIX_6: u8 = 48;

/// Whether an address may be a person's. Those of the operator's own machines (loopback, private, shared, link-local, unique-local) and those that are no machine's are not: they tell an operator
/// which machine it is, and tell nobody who was there.
pub(crate) fn is_of_a_person(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            // From 224 on: groups, reserved, and the broadcast address. Of 0 nobody's machine is.
            let is_nobodys = first == 0 || first >= 224;
            !(address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || is_shared
                || is_nobodys)
        }
        // Of all others no machine that is reached over the internet is (IANA, global unicast).
        IpAddr::V6(address) => match address.segments() {
            // The same machine behind a translator of addresses (RFC 6052).
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let bits = u32::from(high) << 16 | u32::from(low);
                is_of_a_person(Ipv4Addr::from_bits(bits).into())
            }
            [first, ..] => first & 0xe000 == 0x2000,
        },
    }
}

/// The network that may be shown of an address, and the length of its prefix: the last octet is taken away, and what stands behind the /48.
pub(crate) fn network_of(address: IpAddr) -> (IpAddr, u8) {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            (Ipv4Addr::new(a, b, c, 0).into(), LONGEST_PREFIX_4)
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            let network = Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0);
            (network.into(), LONGEST_PREFIX_6)
        }
    }
}

/// A network address that may be a person's and begins at a place, unless the word or the number before goes on there.
pub(super) fn network_address(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let before = text.get(..at)?;
    let goes_on = match before {
        [.., digit, b'.'] => digit.is_ascii_digit(),
        [.., last] => last.is_ascii_alphanumeric(),
        [] => false,
    };
    if goes_on && text.get(at) != Some(&b':') {
        return None;
    }
    begun(text, at)
}

/// The same behind what was percent-encoded, which is no word.
pub(super) fn begun(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let end = match text.get(at)? {
        b'0'..=b'9' => version_4(text, at).or_else(|| version6::end(text, at)),
        b':' | b'%' => version6::end(text, at),
        _ => None,
    };
    end.map(|end| (at, end))
}

/// The end of an address of version 4 that may be a person's.
fn version_4(text: &[u8], at: usize) -> Option<usize> {
    let (address, end) = dotted(text, at)?;
    let is_network = || {
        prefix(text, end, LONGEST_PREFIX_4)
            .is_some_and(|prefix| address.to_bits() & (u32::MAX >> prefix) == 0)
    };
    let is_shown = !is_of_a_person(address.into())
        || is_version_of_product(text, at, address.octets())
        || is_network();
    (!is_shown).then_some(end)
}

/// Four numbers up to 255 with points between them: more of them are a number of another kind, such as an object identifier.
pub(super) fn dotted(text: &[u8], at: usize) -> Option<(Ipv4Addr, usize)> {
    let mut octets = [0_u8; 4];
    let mut end = at;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            (text.get(end) == Some(&b'.')).then_some(())?;
            end += 1;
        }
        let limit = text.len().min(end + LONGEST_OCTET);
        let behind = end_of(text.get(..limit)?, end, |byte| byte.is_ascii_digit());
        *octet = str::from_utf8(text.get(end..behind)?).ok()?.parse().ok()?;
        end = behind;
    }
    let goes_on = match text.get(end..).unwrap_or_default() {
        [b'.', digit, ..] => digit.is_ascii_digit(),
        [next, ..] => next.is_ascii_alphanumeric(),
        [] => false,
    };
    (!goes_on).then(|| (octets.into(), end))
}

/// Whether it is what browsers call themselves, such as `Chrome/120.0.0.0`.
fn is_version_of_product(text: &[u8], at: usize, octets: [u8; 4]) -> bool {
    let before = text.get(..at).unwrap_or_default();
    matches!(before, [.., letter, b'/'] if letter.is_ascii_alphabetic())
        && matches!(octets, [_, _, 0, 0])
}

/// The length of the prefix behind an address, as in `/24`, where it is that of a network of many machines.
fn prefix(text: &[u8], at: usize, longest: u8) -> Option<u8> {
    let digits = text.get(at..)?.strip_prefix(b"/")?;
    let length = end_of(digits, 0, |byte| byte.is_ascii_digit());
    if length > LONGEST_OCTET {
        return None;
    }
    let prefix = str::from_utf8(digits.get(..length)?).ok()?.parse().ok()?;
    (8..=longest).contains(&prefix).then_some(prefix)
}

#[cfg(test)]
mod tests;
