//! Reads the client IP of a request through trusted proxies only (SEC-6).

mod hops;

use std::{borrow::Cow, fmt, net::IpAddr, str::FromStr};

use hops::hops;
use http::HeaderMap;
use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Maximum hops that are read, more than the proxies of any deployment.
const MAX_HOPS: usize = 32;

/// An IP address range in CIDR notation, such as `10.0.0.0/8`. A single address is a range too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange(IpNet);

/// The text is not a valid address range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an IP address or a range such as 10.0.0.0/8")]
pub struct InvalidAddressRange(String);

impl AddressRange {
    /// Returns whether the range contains an address. An IPv4 address written as IPv6 counts as
    /// IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
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
/// The setting selects exactly one header. A proxy rewrites the header that it knows, and passes
/// the other one on as the client wrote it.
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

    /// Returns the address of the nearest hop that is not a trusted proxy, read from right to left.
    ///
    /// A malformed hop ends the search at the hop to its right. An unknown sender wrote everything
    /// further left, so no byte of it can change the result.
    pub(crate) fn resolve(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if self.trusted.is_empty() || !self.trusts(peer) {
            return peer;
        }
        let mut nearest = peer;
        for address in hops(self.header, headers).take(MAX_HOPS) {
            let Some(address) = address else {
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

#[cfg(test)]
mod tests;
