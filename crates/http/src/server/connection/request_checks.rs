//! Checks of a request as a whole, independent of its route.

use http::{
    Method, Version,
    header::{CONTENT_LENGTH, HOST},
    request::Parts,
};

use super::rejection::Rejection;
use crate::server::config::LimitsConfig;

/// Returns the reason to reject a request before the service, if there is one.
pub(super) fn rejection_of(parts: &Parts, limits: &LimitsConfig) -> Option<Rejection> {
    if has_more_headers(parts, limits.head.max_headers) {
        return Some(Rejection::ManyHeaders);
    }
    if !names_one_host(parts) {
        return Some(Rejection::Host);
    }
    if is_longer(parts, limits.head.max_uri_length.get()) {
        return Some(Rejection::LongTarget);
    }
    let length = parts.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limits.body.max_size.get()) {
        return Some(Rejection::LargeBody);
    }
    None
}

/// Returns whether a request has more header lines than allowed. The HTTP/2 library does not count
/// them.
fn has_more_headers(parts: &Parts, max_headers: u32) -> bool {
    u32::try_from(parts.headers.len()).map_or(true, |headers| headers > max_headers)
}

fn is_longer(parts: &Parts, max_uri_length: u64) -> bool {
    let authority = parts
        .uri
        .authority()
        .map_or(0, |authority| authority.as_str().len());
    let path = parts
        .uri
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    u64::try_from(authority + path).is_ok_and(|length| length > max_uri_length)
}

/// Returns whether a request names exactly one valid host (RFC 9112, section 3.2, and RFC 9113,
/// section 8.3.1). Otherwise one component could route by one name, and another could
/// authorize by the other one.
fn names_one_host(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts.next().map(http::HeaderValue::as_bytes);
    if hosts.next().is_some() || host.is_some_and(|host| !is_host(host)) {
        return false;
    }
    let authority = parts
        .uri
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    match (authority, host) {
        (Some(authority), Some(host)) => is_host(authority) && authority.eq_ignore_ascii_case(host),
        (Some(authority), None) => is_host(authority) && parts.version != Version::HTTP_11,
        (None, Some(_)) => true,
        // Clients of HTTP/1.0 send no `Host`, and CONNECT names the authority as its target.
        (None, None) => parts.version < Version::HTTP_11 && parts.method != Method::CONNECT,
    }
}

/// Returns whether the bytes are a non-empty `uri-host [ ":" port ]` (RFC 3986).
fn is_host(host: &[u8]) -> bool {
    let (name, port) = if let Some(rest) = host.strip_prefix(b"[") {
        let Some(end) = rest.iter().position(|byte| *byte == b']') else {
            return false;
        };
        let (address, rest) = rest.split_at(end);
        let is_address = std::str::from_utf8(address)
            .is_ok_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
        if !is_address {
            return false;
        }
        (None, rest.get(1..).unwrap_or_default())
    } else {
        let end = host
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(host.len());
        let (name, port) = host.split_at(end);
        (Some(name), port)
    };
    let is_name = |name: &[u8]| !name.is_empty() && name.iter().all(is_name_byte);
    let is_port = match port.split_first() {
        None => true,
        Some((colon, digits)) => {
            *colon == b':' && digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit)
        }
    };
    is_port && name.is_none_or(is_name)
}

/// Returns whether a byte is of `unreserved`, `sub-delims` or `%` (RFC 3986, section 3.2.2).
fn is_name_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_of(version: Version, uri: &str, hosts: &[&[u8]]) -> Option<u16> {
        let mut request = http::Request::builder().version(version).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        rejection_of(&parts, &LimitsConfig::default()).map(|rejection| rejection.status().as_u16())
    }

    #[test]
    fn one_valid_host_passes_sec_3() {
        for host in [
            "a",
            "a.b-c.example:8080",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:8000",
            "a:",
        ] {
            assert_eq!(
                status_of(Version::HTTP_11, "/", &[host.as_bytes()]),
                None,
                "{host}"
            );
        }
        assert_eq!(status_of(Version::HTTP_11, "http://a/", &[b"A"]), None);
        assert_eq!(status_of(Version::HTTP_10, "/", &[]), None);
        assert_eq!(status_of(Version::HTTP_2, "http://a:1/", &[]), None);
        assert_eq!(status_of(Version::HTTP_2, "http://a:1/", &[b"a:1"]), None);
    }

    #[test]
    fn no_host_two_hosts_and_invalid_ones_are_a_400_sec_3() {
        assert_eq!(status_of(Version::HTTP_11, "/", &[]), Some(400));
        assert_eq!(status_of(Version::HTTP_11, "http://a/", &[]), Some(400));
        assert_eq!(status_of(Version::HTTP_11, "/", &[b"a", b"a"]), Some(400));
        assert_eq!(status_of(Version::HTTP_10, "/", &[b"a", b"b"]), Some(400));
        assert_eq!(status_of(Version::HTTP_11, "http://a/", &[b"b"]), Some(400));
        assert_eq!(status_of(Version::HTTP_2, "http://a/", &[b"b"]), Some(400));
        assert_eq!(status_of(Version::HTTP_2, "/", &[]), Some(400));
        let invalid: [&[u8]; 9] = [
            b"", b"a b", b"a/b", b"user@a", b"a:b", b"[::1", b"[x]", b"a:1:2", b"\xff",
        ];
        for host in invalid {
            assert_eq!(
                status_of(Version::HTTP_11, "/", &[host]),
                Some(400),
                "{host:?}"
            );
        }
    }

    #[test]
    fn a_long_target_is_a_414_sec_3() {
        let uri = format!("/{}", "a".repeat(9000));
        assert_eq!(status_of(Version::HTTP_11, &uri, &[b"a"]), Some(414));
    }
}
