//! The well-known formats of text and bytes.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::Pattern;

/// An e-mail address of HTML forms, as both dialects prescribe. RFC 5322 allows more.
#[must_use]
pub fn email(text: &str) -> bool {
    static EMAIL: Pattern = Pattern::new(
        r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
    );
    // RFC 5321, section 4.5.3.1.
    text.len() <= 254 && EMAIL.matches(text)
}

/// A host name (RFC 1034): labels of 63, 253 in all, the last not all digits.
#[must_use]
pub fn hostname(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last_is_number = name
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    name.len() <= 253 && name.split('.').all(label) && !last_is_number
}

/// An IP address of either version.
#[must_use]
pub fn ip(text: &str) -> bool {
    ipv4(text) || ipv6(text)
}

/// An IPv4 address.
#[must_use]
pub fn ipv4(text: &str) -> bool {
    Ipv4Addr::from_str(text).is_ok()
}

/// An IPv6 address.
#[must_use]
pub fn ipv6(text: &str) -> bool {
    Ipv6Addr::from_str(text).is_ok()
}

/// A host name or an IP address.
#[must_use]
pub fn address(text: &str) -> bool {
    hostname(text) || ip(text)
}

/// A URI with a scheme (RFC 3986).
#[must_use]
pub fn uri(text: &str) -> bool {
    static SCHEME: Pattern = Pattern::new("^[A-Za-z][A-Za-z0-9+.-]*:");
    SCHEME.matches(text) && has_uri_characters(text)
}

/// A URI or a relative reference (RFC 3986).
#[must_use]
pub fn uri_reference(text: &str) -> bool {
    has_uri_characters(text)
}

fn has_uri_characters(text: &str) -> bool {
    static CHARACTERS: Pattern = Pattern::new(
        r"^([A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*(#([A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?$",
    );
    CHARACTERS.matches(text)
}

/// A UUID with hyphens.
#[must_use]
pub fn uuid(text: &str) -> bool {
    static UUID: Pattern = Pattern::new(
        "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    );
    UUID.matches(text)
}

/// A UUID without hyphens.
#[must_use]
pub fn trimmed_uuid(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A ULID.
#[must_use]
pub fn ulid(text: &str) -> bool {
    static ULID: Pattern = Pattern::new("^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$");
    ULID.matches(text)
}

/// `host:port`, with an IPv6 address in brackets.
#[must_use]
pub fn host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let decimal =
        port == "0" || (!port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()));
    let host_is_good = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => ipv6(address),
        None => hostname(host) || ipv4(host),
    };
    host_is_good && decimal && port.parse::<u16>().is_ok()
}

/// An IP address with a prefix length.
#[must_use]
pub fn ip_with_prefix(text: &str) -> bool {
    prefix(text).is_some()
}

/// An IPv4 address with a prefix length.
#[must_use]
pub fn ipv4_with_prefix(text: &str) -> bool {
    matches!(prefix(text), Some((IpAddr::V4(_), _)))
}

/// An IPv6 address with a prefix length.
#[must_use]
pub fn ipv6_with_prefix(text: &str) -> bool {
    matches!(prefix(text), Some((IpAddr::V6(_), _)))
}

/// An IP network: no bits are set after the prefix.
#[must_use]
pub fn ip_prefix(text: &str) -> bool {
    prefix(text).is_some_and(is_network)
}

/// An IPv4 network.
#[must_use]
pub fn ipv4_prefix(text: &str) -> bool {
    ipv4_with_prefix(text) && ip_prefix(text)
}

/// An IPv6 network.
#[must_use]
pub fn ipv6_prefix(text: &str) -> bool {
    ipv6_with_prefix(text) && ip_prefix(text)
}

fn prefix(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let max_length = if address.is_ipv4() { 32 } else { 128 };
    let decimal = length == "0"
        || (!length.starts_with('0') && length.bytes().all(|byte| byte.is_ascii_digit()));
    let length: u32 = length.parse().ok()?;
    (decimal && length <= max_length).then_some((address, length))
}

fn is_network((address, length): (IpAddr, u32)) -> bool {
    match address {
        IpAddr::V4(address) => address.to_bits().checked_shl(length).unwrap_or(0) == 0,
        IpAddr::V6(address) => address.to_bits().checked_shl(length).unwrap_or(0) == 0,
    }
}

/// The name of an HTTP header.
#[must_use]
pub fn header_name(text: &str) -> bool {
    static NAME: Pattern = Pattern::new(r"^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$");
    NAME.matches(text)
}

/// The value of an HTTP header.
#[must_use]
pub fn header_value(text: &str) -> bool {
    !text
        .chars()
        .any(|c| (c < ' ' && c != '\t') || c == '\u{7f}')
}

/// The bytes of an IP address of either version.
#[must_use]
pub fn ip_bytes(bytes: &[u8]) -> bool {
    ipv4_bytes(bytes) || ipv6_bytes(bytes)
}

/// The bytes of an IPv4 address.
#[must_use]
pub fn ipv4_bytes(bytes: &[u8]) -> bool {
    bytes.len() == 4
}

/// The bytes of an IPv6 address.
#[must_use]
pub fn ipv6_bytes(bytes: &[u8]) -> bool {
    bytes.len() == 16
}

/// The bytes of a UUID.
#[must_use]
pub fn uuid_bytes(bytes: &[u8]) -> bool {
    bytes.len() == 16
}
