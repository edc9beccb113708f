use std::{borrow::Cow, fmt, net::IpAddr, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{AddressRange, InvalidAddressRange};

/// The text for all addresses.
const ALL: &str = "*";

/// Client IPs that may read the document: a range such as `10.0.0.0/8`, or `*` for all.
///
/// ```
/// use seaworthy_http::AllowedAddress;
///
/// let all: AllowedAddress = "*".parse()?;
/// assert!(all.contains([192, 0, 2, 1].into()));
/// # Ok::<_, seaworthy_http::InvalidAddressRange>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedAddress(Option<AddressRange>);

impl AllowedAddress {
    /// Returns whether an address may read the document.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.is_none_or(|range| range.contains(address))
    }
}

impl FromStr for AllowedAddress {
    type Err = InvalidAddressRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            ALL => Ok(Self(None)),
            text => text.parse().map(Some).map(Self),
        }
    }
}

impl fmt::Display for AllowedAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(range) => range.fmt(formatter),
            None => formatter.write_str(ALL),
        }
    }
}

impl Serialize for AllowedAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AllowedAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for AllowedAddress {
    fn schema_name() -> Cow<'static, str> {
        "AllowedAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["10.0.0.0/8", "*"] })
    }

    fn inline_schema() -> bool {
        true
    }
}
