use std::{
    net::{Ipv4Addr, SocketAddr},
    num::ParseIntError,
};

use serde::{Deserialize as _, Deserializer, de::Error as _};

/// Deserializes the address of a listener, for the `deserialize_with` attribute of serde. `:8080`
/// is port 8080 of every IPv4 address, as in Go programs.
///
/// # Errors
/// The text is not an IP address with a port, and not `:` with a port.
pub fn deserialize_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = match text.strip_prefix(':') {
        Some(port) => every_address(port).ok(),
        None => text.parse().ok(),
    };
    parsed.ok_or_else(|| {
        D::Error::custom("expected an IP address and a port, such as 127.0.0.1:8080")
    })
}

fn every_address(port: &str) -> Result<SocketAddr, ParseIntError> {
    Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port.parse()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_port_alone_as_every_ipv4_address_conf_1() {
        for (text, expected) in [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("[::1]:0", Some("[::1]:0")),
            (":8080", Some("0.0.0.0:8080")),
            ("8080", None),
            (":", None),
            (":80800", None),
            ("::8080", None),
            ("localhost:8080", None),
        ] {
            let read = deserialize_address(json!(text)).ok();
            let read = read.map(|address| address.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
