use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::redact::{MASK, redact, shape};

#[test]
fn an_address_of_a_person_is_masked_and_what_stands_around_it_is_kept_obs_3() {
    for (text, masked) in [
        ("203.0.113.7", "***"),
        ("from 203.0.113.7:5432 refused", "from ***:5432 refused"),
        ("from 198.51.100.4, 192.0.2.9.", "from ***, ***."),
        ("client=8.8.8.8;", "client=***;"),
        ("/lookup/203.0.113.7/24", "/lookup/***/24"),
        ("host/203.0.113.7:80", "host/***:80"),
        ("in eu_203.0.113.7_x", "in eu_***_x"),
        ("?q=%20203.0.113.7%20x", "?q=%20***%20x"),
        ("203.000.113.007", "***"),
        ("12 203.0.113.7 4111 1111 1111 1111", "12 *** ***"),
        ("for=\"[2001:db8::7]:443\"", "for=\"[***]:443\""),
        ("2001:DB8:0:0:0:0:0:7", "***"),
        ("2001:db8:0:0:0:0:0:7:443", "***:443"),
        ("2001:db8::7: refused", "***: refused"),
        ("2001:db8::7:refused", "***:refused"),
        ("at 2001:db8:: and 2a00:1450::200e.", "at *** and ***."),
        ("2001:db8::7%eth0 left", "*** left"),
        ("[2001:db8::7%25eth0]:80", "[***]:80"),
        ("?a=2001%3Adb8%3A%3A7&b=1", "?a=***&b=1"),
        ("?a=%5B2001%3Adb8%3A%3A7%5D", "?a=%5B***%5D"),
        ("2001:db8::7%20left", "***%20left"),
        ("::ffff:203.0.113.7", "***"),
        ("::ffff:cb00:7107", "***"),
        ("%3A%3Affff%3A203.0.113.7", "***"),
        ("0:0:0:0:0:ffff:cb00:7107", "***"),
        ("64:ff9b::203.0.113.7", "***"),
        ("64:ff9b::cb00:7107", "***"),
        ("2001:db8::203.0.113.7", "***"),
        ("peer:2001:db8::7", "peer:***"),
        ("feed:2001:db8:0:0:0:0:0:7", "feed:***"),
        ("203.0.113.0 and 203.0.113.7/24", "*** and ***/24"),
        ("2001:db8::1/48", "***/48"),
        ("2001:db8::/64", "***/64"),
    ] {
        assert_eq!(redact(text), masked, "{text}");
    }
}

#[test]
fn the_machines_of_the_operator_stay_readable_obs_3() {
    for text in [
        "127.0.0.1:8000",
        "listening on 0.0.0.0:8080 and [::]:8080",
        "10.1.2.3 172.16.0.1 172.31.255.254 192.168.1.1",
        "100.64.0.1 100.127.255.254",
        "169.254.169.254",
        "255.255.255.255 224.0.0.1 240.0.0.1",
        "[::1]:8000",
        "fe80::1%eth0 fd00::1 fc00:1::2 ff02::1",
        "fd00:2001:db8::1 fd00:2001:db8:1:2:3:4:5 fe80::2001:db8:1:2 FE80:0:2001:db8::7",
        "::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:0a00:0001",
        "64:ff9b::10.0.0.1",
        "trusted 203.0.113.0/24, 198.51.0.0/16, 2001:db8::/32 and 2001:db8:1::/48",
    ] {
        assert!(matches!(redact(text), Cow::Borrowed(_)), "{}", redact(text));
    }
    for text in ["100.63.255.255", "100.128.0.1", "172.32.0.1", "11.0.0.1"] {
        assert_eq!(redact(text), MASK, "{text}");
    }
}

#[test]
fn what_only_looks_like_an_address_is_left_alone_obs_3() {
    for text in [
        "1.2.3.4.5",
        "oid 1.3.6.1.4.1.311.21.20",
        "v1.2.3.4 1.2.3.4x x1.2.3.4",
        "1.2.3 256.1.2.3 1.2.3.1000 1..2.3.4",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
        "at 12:30:45 and 2026-11-22T12:30:45.123456Z and 20:26:11:22",
        "2026:11:22 12:30:45",
        "crate::store::Error dead::beef seaworthy::cafe std::io::Error::2::x",
        "mac 02:00:5e:10:00:00 guid 20:01:0d:b8:00:00:00:01",
        "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01",
        "2001:db8 is half an address",
        "ratio 0:0 or 3:2, took 1.5s",
        "2:3:4:5:6:7:8:9",
    ] {
        assert!(matches!(redact(text), Cow::Borrowed(_)), "{}", redact(text));
    }
}

#[test]
fn a_network_shows_neither_the_last_octet_nor_what_is_behind_the_48_obs_3() {
    for (address, network) in [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
    ] {
        let (shown, prefix) = network_of(address.parse().unwrap());
        let shown = format!("{shown}/{prefix}");
        assert_eq!(shown, network);
        assert!(
            matches!(redact(&shown), Cow::Borrowed(_)),
            "what may be shown passes the filter"
        );
    }
}

/// Addresses of persons, of both versions.
fn of_a_person() -> impl Strategy<Value = IpAddr> {
    let version_4 = any::<u32>().prop_map(|bits| IpAddr::from(Ipv4Addr::from_bits(bits)));
    let zeros = any::<(u128, u128)>().prop_map(|(bits, gaps)| bits & gaps);
    let version_6 = zeros.prop_map(|bits| IpAddr::from(Ipv6Addr::from_bits(bits >> 3 | 1 << 125)));
    prop_oneof![version_4, version_6].prop_filter("a machine's", |address| is_of_a_person(*address))
}

proptest! {
    #[test]
    fn an_address_is_masked_wherever_it_stands_obs_3(
        before in "[^a-zA-Z0-9:.%/\\\\]{0,12}", address in of_a_person(), after in "([^a-zA-Z0-9:.%/]\\PC{0,12})?",
        written in 0..4,
    ) {
        let address = match (address, written) {
            (IpAddr::V4(address), 1) => address.to_ipv6_mapped().to_string(),
            (IpAddr::V6(address), 1) => {
                address.segments().map(|group| format!("{group:04X}")).join(":")
            }
            (IpAddr::V6(address), 2) => address.to_string().replace(':', "%3A"),
            (address, 3) => std::net::SocketAddr::new(address, 443).to_string(),
            (address, _) => address.to_string(),
        };
        let bare = address.trim_start_matches('[').trim_end_matches(":443").trim_end_matches(']');
        let masked = redact(&format!("{before}{address}{after}")).into_owned();
        prop_assert!(!masked.contains(bare), "{}", masked);
        prop_assert!(masked.contains(MASK));
        prop_assert_eq!(redact(&masked), masked.as_str());
    }

    #[test]
    fn an_address_of_a_machine_is_never_masked_obs_3(bits in any::<u128>(), short in any::<u32>()) {
        for address in [IpAddr::from(Ipv6Addr::from_bits(bits)), Ipv4Addr::from_bits(short).into()] {
            let text = format!("at {address}, up");
            let is_shown = matches!(redact(&text), Cow::Borrowed(_));
            prop_assert_eq!(is_shown, !is_of_a_person(address), "{}", text);
        }
    }

    #[test]
    fn nothing_that_resembles_an_address_breaks_the_filter_obs_3(text in "(2001|3fff|::|:|%3A|%|\\.|[0-9]{1,4}|db8|ffff|fd00|/48|/|é|\\PC){0,30}") {
        let once = redact(&text).into_owned();
        prop_assert!(redact(&once).matches(MASK).count() >= usize::from(once.contains(MASK)));
        prop_assert_eq!(shape::mask(&text), once);
    }
}
