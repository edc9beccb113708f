use http::{HeaderValue, header};
use proptest::prelude::*;

use super::{hops::X_FORWARDED_FOR, *};

fn resolve(header: ForwardedHeader, lines: &[&str]) -> String {
    let trusted: Vec<AddressRange> = ["10.0.0.0/8", "fd00::/8"]
        .iter()
        .map(|range| range.parse().unwrap())
        .collect();
    let mut headers = HeaderMap::new();
    let name = match header {
        ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => header::FORWARDED,
    };
    for line in lines {
        headers.append(&name, HeaderValue::from_str(line).unwrap());
    }
    ClientAddress::new(&trusted, header)
        .resolve("10.0.0.1".parse().unwrap(), &headers)
        .to_string()
}

#[test]
fn forwarded_address_of_untrusted_peer_is_ignored_sec_6() {
    let mut headers = HeaderMap::new();
    headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.7"));
    let resolver = ClientAddress::new(
        &["10.0.0.0/8".parse().unwrap()],
        ForwardedHeader::XForwardedFor,
    );
    let peer = "198.51.100.4".parse().unwrap();
    assert_eq!(resolver.resolve(peer, &headers), peer);
    let no_proxy = ClientAddress::new(&[], ForwardedHeader::XForwardedFor);
    assert_eq!(no_proxy.resolve(peer, &headers), peer);
}

#[test]
fn the_rightmost_untrusted_hop_is_the_client_sec_6() {
    use ForwardedHeader::{Forwarded, XForwardedFor};
    for (header, lines, expected) in [
        (XForwardedFor, &["203.0.113.7"][..], "203.0.113.7"),
        (XForwardedFor, &["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (
            XForwardedFor,
            &["6.6.6.6, 203.0.113.7, 10.0.0.9"],
            "203.0.113.7",
        ),
        (
            XForwardedFor,
            &["6.6.6.6", "203.0.113.7", "10.0.0.9"],
            "203.0.113.7",
        ),
        (XForwardedFor, &["203.0.113.7:4711"], "203.0.113.7"),
        (XForwardedFor, &["[2001:db8::1]:443"], "2001:db8::1"),
        (XForwardedFor, &["2001:db8::1"], "2001:db8::1"),
        (XForwardedFor, &["::ffff:203.0.113.7"], "203.0.113.7"),
        (XForwardedFor, &["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
        (XForwardedFor, &["6.6.6.6, nonsense"], "10.0.0.1"),
        (XForwardedFor, &["6.6.6.6, nonsense, 10.0.0.9"], "10.0.0.9"),
        (XForwardedFor, &[""], "10.0.0.1"),
        (XForwardedFor, &[], "10.0.0.1"),
        (Forwarded, &["for=203.0.113.7;proto=https"], "203.0.113.7"),
        (
            Forwarded,
            &["for=6.6.6.6, For=\"[2001:db8::1]:80\""],
            "2001:db8::1",
        ),
        (Forwarded, &["for=6.6.6.6, for=unknown"], "10.0.0.1"),
        (
            Forwarded,
            &["for=203.0.113.7, proto=http;for=10.1.1.1"],
            "203.0.113.7",
        ),
    ] {
        assert_eq!(resolve(header, lines), expected, "{header:?} {lines:?}");
    }
}

#[test]
fn parses_hop_forms_or_ends_the_search_sec_6() {
    use ForwardedHeader::{Forwarded, XForwardedFor};
    const PROXY: &str = "10.0.0.1";
    for (header, line, expected) in [
        (XForwardedFor, "\t 203.0.113.7 \t", "203.0.113.7"),
        (XForwardedFor, "fe80::1%eth0", "fe80::1"),
        (XForwardedFor, "[fe80::1%25eth0]:80", "fe80::1"),
        (XForwardedFor, "2001:db8::1%eth0", PROXY),
        (XForwardedFor, "fe80::1%", PROXY),
        (XForwardedFor, "[203.0.113.7]:80", PROXY),
        (XForwardedFor, "[2001:db8::1", PROXY),
        (XForwardedFor, "[2001:db8::1]80", PROXY),
        (XForwardedFor, "203.0.113.7:", PROXY),
        (XForwardedFor, "203.0.113.7:+80", PROXY),
        (XForwardedFor, "203.0.113.7:65536", PROXY),
        (XForwardedFor, "203.0.113.07", PROXY),
        (XForwardedFor, "\u{a0}203.0.113.7", PROXY),
        (XForwardedFor, "6.6.6.6,", PROXY),
        (XForwardedFor, "6.6.6.6, , 10.0.0.9", "10.0.0.9"),
        (XForwardedFor, "6.6.6.6, _hidden", PROXY),
        (Forwarded, "for=6.6.6.6, for=_hidden", PROXY),
        (Forwarded, "for=\"203.0.113.7:_obfuscated\"", "203.0.113.7"),
        (Forwarded, "for=6.6.6.6, by=10.0.0.1", PROXY),
        (Forwarded, "for=6.6.6.6;for=203.0.113.7", PROXY),
        (
            Forwarded,
            "for=203.0.113.7;host=\"a,for=6.6.6.6;b\"",
            "203.0.113.7",
        ),
        (
            Forwarded,
            "for=203.0.113.7;host=\"\\\",for=6.6.6.6;b\"",
            "203.0.113.7",
        ),
        (Forwarded, "host=\"open, for=203.0.113.7", "203.0.113.7"),
    ] {
        assert_eq!(resolve(header, &[line]), expected, "{header:?} {line:?}");
    }
}

/// Any byte that a header may contain.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(b','),
        Just(b';'),
        Just(b'"'),
        Just(b'\\'),
        (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f),
        Just(b'\t'),
    ];
    prop::collection::vec(byte, 0..40)
}

fn resolve_bytes(header: ForwardedHeader, lines: &[Vec<u8>]) -> IpAddr {
    let mut headers = HeaderMap::new();
    let name = match header {
        ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => header::FORWARDED,
    };
    for line in lines {
        headers.append(&name, HeaderValue::from_bytes(line).unwrap());
    }
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    ClientAddress::new(&trusted, header).resolve("10.0.0.1".parse().unwrap(), &headers)
}

proptest! {
    #[test]
    fn client_bytes_neither_hide_nor_forge_address_sec_6(
        claimed in prop::collection::vec(hostile(), 0..40),
        last in hostile(),
        proxies in 0_usize..4,
    ) {
        let client: IpAddr = "203.0.113.7".parse().unwrap();
        for (header, hop, proxy) in [
            (ForwardedHeader::XForwardedFor, "203.0.113.7", "10.0.0.9"),
            (ForwardedHeader::Forwarded, "for=203.0.113.7;proto=http", "for=10.0.0.9"),
        ] {
            let written = [hop].into_iter().chain(std::iter::repeat_n(proxy, proxies));
            let written = written.collect::<Vec<_>>().join(", ");
            // The first proxy appends to the client's line, or adds its own line.
            let appended = [&last[..], b", ", written.as_bytes()].concat();
            let mut lines = claimed.clone();
            lines.push(appended);
            prop_assert_eq!(resolve_bytes(header, &lines), client);
            lines.push(written.into_bytes());
            prop_assert_eq!(resolve_bytes(header, &lines), client);
        }
    }

    #[test]
    fn quoted_host_forges_no_client_address_sec_6(host in hostile(), claimed in hostile()) {
        let escaped: Vec<u8> = host
            .into_iter()
            .flat_map(|byte| match byte {
                b'"' | b'\\' => vec![b'\\', byte],
                _ => vec![byte],
            })
            .collect();
        for (before, behind) in [("for=203.0.113.7;host=\"", "\""), ("host=\"", "\";for=203.0.113.7")] {
            let line = [&claimed[..], b",", before.as_bytes(), &escaped, behind.as_bytes()].concat();
            let found = resolve_bytes(ForwardedHeader::Forwarded, &[line]);
            prop_assert_eq!(found, "203.0.113.7".parse::<IpAddr>().unwrap());
        }
    }

    #[test]
    fn malformed_hop_yields_the_proxy_address_sec_6(claimed in hostile(), mut hop in hostile()) {
        // One hop, and no address.
        hop.retain(|byte| !b",\".:".contains(byte));
        let line = [&claimed[..], b",", &hop].concat();
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            prop_assert_eq!(resolve_bytes(header, std::slice::from_ref(&line)), proxy);
        }
    }
}
