//! Parses the hops of a forwarding header as bytes. A value may contain any byte from 0x80 on,
//! which must not invalidate the other hops.

use std::{
    net::{IpAddr, Ipv6Addr},
    str,
};

use http::{HeaderMap, HeaderName, header};

use super::ForwardedHeader;

pub(super) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The addresses of all hops, the nearest first. `None` marks a malformed hop.
pub(super) fn hops(
    header: ForwardedHeader,
    headers: &HeaderMap,
) -> impl Iterator<Item = Option<IpAddr>> {
    let (name, quoting) = match header {
        ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, Quoting::None),
        ForwardedHeader::Forwarded => (header::FORWARDED, Quoting::Strings),
    };
    let read = match header {
        ForwardedHeader::XForwardedFor => address,
        ForwardedHeader::Forwarded => forwarded_for,
    };
    headers
        .get_all(name)
        .iter()
        .rev()
        .flat_map(move |line| SplitRight::new(line.as_bytes(), b',', quoting))
        .map(move |hop| read(trim(hop)))
}

/// Whether separators inside of `"…"` separate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    None,
    Strings,
}

/// Splits from the right, because only the right end was written by a trusted proxy. Quotes are
/// matched from the right too, so an open quote further left cannot hide the proxy's part.
struct SplitRight<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
    quoting: Quoting,
}

impl<'a> SplitRight<'a> {
    fn new(text: &'a [u8], separator: u8, quoting: Quoting) -> Self {
        Self {
            rest: Some(text),
            separator,
            quoting,
        }
    }

    /// The index of the last separator outside of quotes.
    fn last_separator(&self, text: &[u8]) -> Option<usize> {
        let mut is_quoted = false;
        for (place, byte) in text.iter().enumerate().rev() {
            if *byte == b'"' && self.quoting == Quoting::Strings {
                let is_escaped = is_quoted && is_escaped(text, place);
                is_quoted ^= !is_escaped;
            } else if *byte == self.separator && !is_quoted {
                return Some(place);
            }
        }
        None
    }
}

impl<'a> Iterator for SplitRight<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest?;
        let Some(place) = self.last_separator(text) else {
            self.rest = None;
            return Some(text);
        };
        let (left, right) = text.split_at_checked(place)?;
        self.rest = Some(left);
        Some(right.get(1..).unwrap_or_default())
    }
}

/// Whether an odd number of backslashes precedes the byte at `place`.
fn is_escaped(text: &[u8], place: usize) -> bool {
    let before = text.get(..place).unwrap_or_default();
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}

/// Trims optional whitespace as HTTP defines it: spaces and tabs only.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// `203.0.113.7`, `203.0.113.7:443`, `2001:db8::1`, `[2001:db8::1]:443` or `fe80::1%eth0`.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return is_whole.then(|| ipv6(inside)).flatten();
    }
    if let Some((host, port)) = text.split_once(':')
        && !port.contains(':')
    {
        let host = host.parse().ok().map(IpAddr::V4);
        return host.filter(|_| is_port(port));
    }
    text.parse().ok().map(IpAddr::V4).or_else(|| ipv6(text))
}

/// The zone of a link-local address names an interface of the proxy, so it is ignored.
fn ipv6(text: &str) -> Option<IpAddr> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let address: Ipv6Addr = address.parse().ok()?;
    let is_whole = zone.is_none_or(|zone| address.is_unicast_link_local() && !zone.is_empty());
    is_whole.then(|| IpAddr::V6(address).to_canonical())
}

/// One to five digits, or an obfuscated port of RFC 7239, section 6.3.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => {
            let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            !name.is_empty() && name.bytes().all(is_of_name)
        }
        None => text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok(),
    }
}

/// Returns the `for` parameter of one element of `Forwarded` (RFC 7239, section 4). An element with
/// two of them is malformed.
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let mut found = SplitRight::new(element, b';', Quoting::Strings).filter_map(|pair| {
        let (name, value) = trim(pair).split_at_checked(b"for=".len())?;
        name.eq_ignore_ascii_case(b"for=").then_some(value)
    });
    let (value, None) = (found.next()?, found.next()) else {
        return None;
    };
    match value {
        [b'"', inside @ .., b'"'] => address(inside),
        bare => address(bare),
    }
}
