use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::Range,
};

use super::bytes::{end_of, is_word, start_of};

/// Maximum prefix length of a network in logs. A longer prefix identifies a household.
const MAX_PREFIX_4: u8 = 24;
const MAX_PREFIX_6: u8 = 48;
/// Maximum length of an IPv6 address, in bytes: six groups and an IPv4 address (RFC 4291, 2.2).
const MAX_IPV6_LENGTH: usize = 45;
/// Maximum groups after an IPv6 address that may be a port or a word, as in `2001:db8::7:443`.
const MAX_TRAILING_GROUPS: usize = 2;

/// Whether an address is reachable over the internet and so may identify a person.
///
/// Private, shared, loopback, link-local, unique-local, multicast and reserved addresses identify
/// the operator's own machines.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            let is_reserved = first == 0 || first >= 224;
            !(address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || is_shared
                || is_reserved)
        }
        IpAddr::V6(address) => match address.segments() {
            // An IPv4 address that NAT64 translates (RFC 6052).
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let bits = u32::from(high) << 16 | u32::from(low);
                is_public(Ipv4Addr::from_bits(bits).into())
            }
            // Global unicast (IANA).
            [first, ..] => first & 0xe000 == 0x2000,
        },
    }
}

/// Returns the network of an address that may be shown, a /24 or a /48, and its prefix length.
pub(crate) fn network_of(address: IpAddr) -> (IpAddr, u8) {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let network = address.to_bits() & (u32::MAX << 8);
            (Ipv4Addr::from_bits(network).into(), MAX_PREFIX_4)
        }
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 80);
            (Ipv6Addr::from_bits(network).into(), MAX_PREFIX_6)
        }
    }
}

/// A public IPv4 address that begins at `at`, the first of a group of digits.
///
/// Addresses that end with `.0.0` are networks or versions, such as the `Chrome/131.0.0.0` of a
/// user agent, and are not masked.
pub(super) fn ipv4(text: &[u8], at: usize) -> Option<Range<usize>> {
    if matches!(text.get(..at), Some([.., digit, b'.']) if digit.is_ascii_digit()) {
        return None;
    }
    let mut octets = [0_u8; 4];
    let mut end = at;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            (text.get(end) == Some(&b'.')).then_some(())?;
            end += 1;
        }
        let begin = end;
        end = end_of(text, begin, |byte| byte.is_ascii_digit());
        *octet = str::from_utf8(text.get(begin..end)?).ok()?.parse().ok()?;
    }
    // A longer list of numbers is an object identifier or a version.
    let is_longer = match text.get(end..).unwrap_or_default() {
        [b'.', digit, ..] => digit.is_ascii_digit(),
        [next, ..] => next.is_ascii_alphanumeric(),
        [] => false,
    };
    let address = Ipv4Addr::from(octets);
    let is_network = || {
        matches!(octets, [_, _, 0, 0])
            || prefix_length(text, end, MAX_PREFIX_4)
                .is_some_and(|prefix| address.to_bits() & (u32::MAX >> prefix) == 0)
    };
    (!is_longer && is_public(address.into()) && !is_network()).then_some(at..end)
}

/// A public IPv6 address around the colon at `at`.
pub(super) fn ipv6(text: &[u8], at: usize, floor: usize) -> Option<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
    // Most colons are followed by a blank or a quote.
    text.get(at + 1).filter(|byte| is_part(**byte))?;
    let floor = floor.max(at.saturating_sub(MAX_IPV6_LENGTH));
    let mut start = start_of(text, floor, at, is_part);
    let limit = text.len().min(start + 2 * MAX_IPV6_LENGTH);
    let mut end = end_of(text.get(..limit)?, at, is_part);
    let colons = |range: Range<usize>| {
        let run = text.get(range).unwrap_or_default();
        run.iter().filter(|byte| **byte == b':').count()
    };
    let is_compressed = text.get(start..end)?.windows(2).any(|pair| pair == b"::");
    if !is_compressed && colons(start..end) < 6 {
        return None;
    }
    match text.get(start..)? {
        [b':', b':', ..] => {}
        [b':', ..] => start += 1,
        _ if start > 0 && text.get(start - 1).is_some_and(|byte| is_word(*byte)) => return None,
        _ => {}
    }
    for _ in 0..=MAX_TRAILING_GROUPS {
        let run = str::from_utf8(text.get(start..end)?).ok()?;
        let is_whole = !text.get(end).is_some_and(u8::is_ascii_alphanumeric);
        if is_whole && let Ok(address) = run.parse::<Ipv6Addr>() {
            let is_network = prefix_length(text, end, MAX_PREFIX_6)
                .is_some_and(|prefix| address.to_bits() & (u128::MAX >> prefix) == 0);
            return (!is_network && is_public(address.into())).then_some(start..end);
        }
        end = start + run.rfind([':', '.'])?;
    }
    None
}

/// The prefix length after an address, as in `/24`, from 8 to `max`.
fn prefix_length(text: &[u8], at: usize, max: u8) -> Option<u8> {
    let digits = text.get(at..)?.strip_prefix(b"/")?;
    let end = end_of(digits, 0, |byte| byte.is_ascii_digit());
    let prefix = str::from_utf8(digits.get(..end)?).ok()?.parse().ok()?;
    (8..=max).contains(&prefix).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::{
        super::{MASK, redact},
        *,
    };

    #[test]
    fn masks_public_addresses_and_keeps_their_surroundings_obs_3() {
        for (text, masked) in [
            ("203.0.113.7", "***"),
            ("from 203.0.113.7:5432 refused", "from ***:5432 refused"),
            ("from 198.51.100.4, 192.0.2.9.", "from ***, ***."),
            ("client=8.8.8.8;", "client=***;"),
            ("/lookup/203.0.113.7/32", "/lookup/***/32"),
            ("?q=%20203.0.113.7%20x", "?q= *** x"),
            ("203.0.113.0 and 203.0.113.7/24", "*** and ***/24"),
            ("for=\"[2001:db8::7]:443\"", "for=\"[***]:443\""),
            ("2001:DB8:0:0:0:0:0:7", "***"),
            ("2001:db8:0:0:0:0:0:7:443", "***:443"),
            ("2001:db8::7: refused", "***: refused"),
            ("2001:db8::7:refused", "***:refused"),
            ("at 2001:db8:: and 2a00:1450::200e.", "at *** and ***."),
            ("2001:db8::7%eth0 left", "***%eth0 left"),
            ("?a=2001%3Adb8%3A%3A7&b=1", "?a=***&b=1"),
            ("::ffff:203.0.113.7", "***"),
            ("::ffff:cb00:7107", "***"),
            ("64:ff9b::203.0.113.7", "***"),
            ("peer:2001:db8::7", "peer:***"),
            ("2001:db8::1/48", "***/48"),
            ("2001:db8::/64", "***/64"),
        ] {
            assert_eq!(redact(text), masked, "{text}");
        }
    }

    #[test]
    fn keeps_addresses_of_the_operator_obs_3() {
        for text in [
            "127.0.0.1:8000",
            "listening on 0.0.0.0:8080 and [::]:8080",
            "10.1.2.3 172.16.0.1 172.31.255.254 192.168.1.1",
            "100.64.0.1 100.127.255.254 169.254.169.254",
            "255.255.255.255 224.0.0.1 240.0.0.1",
            "[::1]:8000 fe80::1%eth0 fd00::1 fc00:1::2 ff02::1",
            "fd00:2001:db8::1 fe80::2001:db8:1:2 FE80:0:2001:db8::7",
            "::ffff:10.0.0.1 ::ffff:0a00:0001 64:ff9b::10.0.0.1",
            "203.0.113.0/24, 198.51.0.0/16, 2001:db8::/32, 2001:db8:1::/48",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{}", redact(text));
        }
        for text in ["100.63.255.255", "100.128.0.1", "172.32.0.1", "11.0.0.1"] {
            assert_eq!(redact(text), MASK, "{text}");
        }
    }

    #[test]
    fn keeps_text_that_resembles_an_address_obs_3() {
        for text in [
            "1.2.3.4.5 and 1.3.6.1.4.1.311.21.20",
            "v1.2.3.4 1.2.3.4x x1.2.3.4",
            "1.2.3 256.1.2.3 1.2.3.1000 1..2.3.4",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "at 12:30:45 and 2026-11-22T12:30:45.123456Z and 20:26:11:22",
            "crate::store::Error dead::beef seaworthy::cafe std::io::Error::2::x",
            "mac 02:00:5e:10:00:00 guid 20:01:0d:b8:00:00:00:01",
            "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01",
            "2001:db8 is half an address",
            "2:3:4:5:6:7:8:9",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{}", redact(text));
        }
    }

    #[test]
    fn networks_keep_24_or_48_bits_and_are_not_masked_obs_3() {
        for (address, network) in [
            ("203.0.113.7", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            let (shown, prefix) = network_of(address.parse().unwrap());
            let shown = format!("{shown}/{prefix}");
            assert_eq!(shown, network);
            assert!(matches!(redact(&shown), Cow::Borrowed(_)), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn masks_public_and_keeps_other_addresses_obs_3(
            bits in any::<(u128, u128)>(), short in any::<u32>(), is_global in any::<bool>(),
        ) {
            let long = match is_global {
                true => (bits.0 & bits.1) >> 3 | 1 << 125,
                false => bits.0,
            };
            for address in [IpAddr::from(Ipv6Addr::from_bits(long)), Ipv4Addr::from_bits(short).into()] {
                let is_network = address.to_string().ends_with(".0.0");
                let text = format!("at {address}, [{address}]:443");
                let masked = redact(&text);
                let is_masked = !masked.contains(&address.to_string());
                prop_assert_eq!(is_masked, is_public(address) && !is_network, "{}", masked);
            }
        }
    }
}
