//! The well-known formats of text and bytes.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::Pattern;

/// Returns whether the text is an e-mail address of HTML forms, as both dialects prescribe. RFC
/// 5322 allows more.
#[must_use]
pub fn is_email(text: &str) -> bool {
    static EMAIL: Pattern = Pattern::new(
        r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
    );
    // RFC 5321, section 4.5.3.1.
    text.len() <= 254 && EMAIL.matches(text)
}

/// Returns whether the text is a host name (RFC 1034). A label has at most 63 characters, and the
/// name at most 253. The last label must not consist of digits only.
#[must_use]
pub fn is_hostname(text: &str) -> bool {
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

/// Returns whether the text is an IP address of either version.
#[must_use]
pub fn is_ip(text: &str) -> bool {
    is_ipv4(text) || is_ipv6(text)
}

/// Returns whether the text is an IPv4 address.
#[must_use]
pub fn is_ipv4(text: &str) -> bool {
    Ipv4Addr::from_str(text).is_ok()
}

/// Returns whether the text is an IPv6 address.
#[must_use]
pub fn is_ipv6(text: &str) -> bool {
    Ipv6Addr::from_str(text).is_ok()
}

/// Returns whether the text is a host name or an IP address.
#[must_use]
pub fn is_address(text: &str) -> bool {
    is_hostname(text) || is_ip(text)
}

/// Returns whether the text is a URI with a scheme (RFC 3986).
#[must_use]
pub fn is_uri(text: &str) -> bool {
    static SCHEME: Pattern = Pattern::new("^[A-Za-z][A-Za-z0-9+.-]*:");
    SCHEME.matches(text) && has_uri_characters(text)
}

/// Returns whether the text is a URI or a relative reference (RFC 3986).
#[must_use]
pub fn is_uri_reference(text: &str) -> bool {
    has_uri_characters(text)
}

fn has_uri_characters(text: &str) -> bool {
    static CHARACTERS: Pattern = Pattern::new(
        r"^([A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*(#([A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?$",
    );
    CHARACTERS.matches(text)
}

/// Returns whether the text is a UUID with hyphens.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    static UUID: Pattern = Pattern::new(
        "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    );
    UUID.matches(text)
}

/// Returns whether the text is a UUID without hyphens.
#[must_use]
pub fn is_trimmed_uuid(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns whether the text is a ULID.
#[must_use]
pub fn is_ulid(text: &str) -> bool {
    static ULID: Pattern = Pattern::new("^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$");
    ULID.matches(text)
}

/// Returns whether the text is `host:port`, with an IPv6 address in brackets.
#[must_use]
pub fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let decimal =
        port == "0" || (!port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()));
    let host_is_good = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => is_ipv6(address),
        None => is_hostname(host) || is_ipv4(host),
    };
    host_is_good && decimal && port.parse::<u16>().is_ok()
}

/// Returns whether the text is an IP address with a prefix length.
#[must_use]
pub fn is_ip_with_prefix(text: &str) -> bool {
    prefix(text).is_some()
}

/// Returns whether the text is an IPv4 address with a prefix length.
#[must_use]
pub fn is_ipv4_with_prefix(text: &str) -> bool {
    matches!(prefix(text), Some((IpAddr::V4(_), _)))
}

/// Returns whether the text is an IPv6 address with a prefix length.
#[must_use]
pub fn is_ipv6_with_prefix(text: &str) -> bool {
    matches!(prefix(text), Some((IpAddr::V6(_), _)))
}

/// Returns whether the text is an IP network. No bits are set after its prefix.
#[must_use]
pub fn is_ip_prefix(text: &str) -> bool {
    prefix(text).is_some_and(is_network)
}

/// Returns whether the text is an IPv4 network.
#[must_use]
pub fn is_ipv4_prefix(text: &str) -> bool {
    is_ipv4_with_prefix(text) && is_ip_prefix(text)
}

/// Returns whether the text is an IPv6 network.
#[must_use]
pub fn is_ipv6_prefix(text: &str) -> bool {
    is_ipv6_with_prefix(text) && is_ip_prefix(text)
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

/// Returns whether the text is the name of an HTTP header.
#[must_use]
pub fn is_header_name(text: &str) -> bool {
    static NAME: Pattern = Pattern::new(r"^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$");
    NAME.matches(text)
}

/// Returns whether the text is the value of an HTTP header.
#[must_use]
pub fn is_header_value(text: &str) -> bool {
    !text
        .chars()
        .any(|c| (c < ' ' && c != '\t') || c == '\u{7f}')
}

/// Returns whether the bytes are those of an IP address of either version.
#[must_use]
pub fn is_ip_bytes(bytes: &[u8]) -> bool {
    is_ipv4_bytes(bytes) || is_ipv6_bytes(bytes)
}

/// Returns whether the bytes are those of an IPv4 address.
#[must_use]
pub fn is_ipv4_bytes(bytes: &[u8]) -> bool {
    bytes.len() == 4
}

/// Returns whether the bytes are those of an IPv6 address.
#[must_use]
pub fn is_ipv6_bytes(bytes: &[u8]) -> bool {
    bytes.len() == 16
}

/// Returns whether the bytes are those of a UUID.
#[must_use]
pub fn is_uuid_bytes(bytes: &[u8]) -> bool {
    bytes.len() == 16
}
