//! Recognizes hosts that are the machine of this process.

use std::net::IpAddr;

/// Names of the machine itself, alone or as the last label (RFC 6761, section 6.3).
const LOCALHOST: &str = "localhost";

/// Returns whether a host, with or without a port, is the machine of this process.
///
/// That is true for `localhost`, its subdomains and every loopback address: `127.0.0.0/8`, `::1`
/// and their IPv4-mapped form. An IPv6 address may be in brackets, and must be if a port follows.
/// The unspecified addresses `0.0.0.0` and `::` are not loopback, because a listener on them is
/// reachable from other machines.
///
/// ```
/// use seaworthy_core::host::is_loopback;
///
/// assert!(is_loopback("localhost:6379"));
/// assert!(is_loopback("[::1]:8080"));
/// assert!(!is_loopback("db.internal"));
/// ```
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    match parse(host) {
        Host::Ip(ip) => is_loopback_ip(ip),
        Host::Name(name) => is_localhost(name),
    }
}

/// Returns whether an address is loopback. An IPv4 address written as IPv6 counts as IPv4.
#[must_use]
pub fn is_loopback_ip(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

enum Host<'a> {
    Ip(IpAddr),
    Name(&'a str),
}

fn parse(text: &str) -> Host<'_> {
    let ip = match text.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .filter(|(_, rest)| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
            .and_then(|(ip, _)| ip.parse().ok().map(IpAddr::V6)),
        None => text.parse().ok(),
    };
    if let Some(ip) = ip {
        return Host::Ip(ip);
    }
    let name = match text.split_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => text,
    };
    match name.parse() {
        Ok(ip) => Host::Ip(ip),
        Err(_) => Host::Name(name),
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut labels = name.rsplit('.');
    labels
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case(LOCALHOST))
        && labels.all(|label| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            !label.is_empty() && label.bytes().all(is_allowed)
        })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn recognizes_loopback_in_every_notation_conf_7() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "localhost:8080",
            "app.localhost",
            "a.b.localhost:1",
            "127.0.0.1",
            "127.1.2.3:80",
            "::1",
            "[::1]",
            "[::1]:8080",
            "::ffff:127.0.0.1",
            "[::ffff:127.9.9.9]:1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
    }

    #[test]
    fn hosts_that_only_look_local_are_remote_conf_7() {
        for host in [
            "",
            ".localhost",
            "localhost.example.org",
            "notlocalhost",
            "127.0.0.1.example.org",
            "[::1].example.org",
            "[::1]@example.org",
            "[::1",
            "[127.0.0.1]",
            "[localhost]",
            "localhost:80:80",
            "localhost@example.org",
            "example.org/.localhost",
            "user@app.localhost",
            "::1:8080",
            "0.0.0.0",
            "::",
            "128.0.0.1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    proptest! {
        #[test]
        fn every_notation_of_an_address_agrees_conf_7(
            bits in any::<u32>(),
            is_local in any::<bool>(),
            port in any::<u16>(),
        ) {
            let bits = if is_local { 127 << 24 | bits >> 8 } else { bits };
            let ip = Ipv4Addr::from_bits(bits);
            let mapped = ip.to_ipv6_mapped();
            for text in [
                format!("{ip}"),
                format!("{ip}:{port}"),
                format!("{mapped}"),
                format!("[{mapped}]"),
                format!("[{mapped}]:{port}"),
            ] {
                prop_assert_eq!(is_loopback(&text), ip.is_loopback(), "{}", text);
            }
        }

        #[test]
        fn only_one_ipv6_address_is_loopback_conf_7(bits in any::<u128>(), port in any::<u16>()) {
            let ip = Ipv6Addr::from_bits(bits);
            prop_assume!(ip.to_ipv4_mapped().is_none());
            prop_assert_eq!(is_loopback(&format!("[{ip}]:{port}")), ip.is_loopback());
        }

        #[test]
        fn subdomains_of_localhost_are_local_conf_7(name in "[a-z0-9-]{1,20}", port in any::<u16>()) {
            let subdomain = format!("{name}.localhost:{port}");
            let domain = format!("localhost.{name}:{port}");
            prop_assert!(is_loopback(&subdomain));
            prop_assert!(name == "localhost" || !is_loopback(&domain));
        }

        #[test]
        fn arbitrary_text_is_decided_without_panic_conf_7(text in "\\PC{0,40}") {
            let _ = is_loopback(&text);
        }
    }
}
