//! Whose address a request comes from, read through trusted proxies only (SEC-6).

use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How many hops are read before the rest of the header is ignored: more proxies in a row than any deployment has.
const MAXIMUM_HOPS: usize = 32;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// An address range in CIDR form, such as `10.0.0.0/8`; a bare address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange(IpNet);

/// The text is not an address range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address range such as 10.0.0.0/8 or an address")]
pub struct InvalidAddressRange(String);

impl AddressRange {
    /// Whether the range holds an address. An IPv4 address written as IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// One IPv6 client commands a whole /64 network, so that is what counts as its address.
pub(crate) fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
    }
}

impl FromStr for AddressRange {
    type Err = InvalidAddressRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_| InvalidAddressRange(text.to_owned()))
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for AddressRange {
    fn schema_name() -> Cow<'static, str> {
        "AddressRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["10.0.0.0/8"] })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// The header in which the trusted proxies write the client's address.
///
/// It is one by setting and never "whichever is there": a proxy rewrites the header it knows and passes the other one on as the client wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, which nearly every proxy writes.
    #[default]
    XForwardedFor,
    /// `Forwarded` of RFC 7239.
    Forwarded,
}

/// Finds the client's address.
#[derive(Debug, Clone)]
pub(crate) struct ClientAddress {
    trusted: Box<[AddressRange]>,
    header: ForwardedHeader,
}

impl ClientAddress {
    pub(crate) fn new(trusted: &[AddressRange], header: ForwardedHeader) -> Self {
        Self {
            trusted: trusted.into(),
            header,
        }
    }

    /// The address of the nearest hop that is not a trusted proxy, read from right to left.
    ///
    /// What stands to the left of an unreadable or untrusted hop was written by someone unknown and is never looked at.
    pub(crate) fn resolve(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if self.trusted.is_empty() || !self.trusts(peer) {
            return peer;
        }
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, address),
            ForwardedHeader::Forwarded => (header::FORWARDED, forwarded_for),
        };
        let mut nearest = peer;
        let lines = headers.get_all(name);
        let hops = lines
            .iter()
            .rev()
            .flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for hop in hops.take(MAXIMUM_HOPS) {
            let Some(address) = read(hop.trim()) else {
                break;
            };
            nearest = address;
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|range| range.contains(address))
    }
}

/// `203.0.113.7`, `203.0.113.7:443`, `2001:db8::1` or `[2001:db8::1]:443`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(inside)?
    } else if let Some((host, port)) = text.split_once(':')
        && !port.contains(':')
    {
        is_port(port).then_some(host)?
    } else {
        text
    };
    bare.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// The `for` parameter of one element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let value = element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    })?;
    address(
        value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .unwrap_or(value),
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

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
    fn an_untrusted_peer_is_itself_whatever_it_claims_sec_6() {
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.7"));
        let resolver = ClientAddress::new(
            &["10.0.0.0/8".parse().unwrap()],
            ForwardedHeader::XForwardedFor,
        );
        let peer = "198.51.100.4".parse().unwrap();
        assert_eq!(resolver.resolve(peer, &headers), peer);
        let nobody = ClientAddress::new(&[], ForwardedHeader::XForwardedFor);
        assert_eq!(nobody.resolve(peer, &headers), peer);
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

    proptest! {
        #[test]
        fn a_client_behind_a_proxy_cannot_choose_its_address_sec_6(claimed in "[ -~]{0,80}") {
            let line = format!("{claimed}, 203.0.113.7");
            prop_assert_eq!(resolve(ForwardedHeader::XForwardedFor, &[&line]), "203.0.113.7");
        }
    }
}
