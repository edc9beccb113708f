//! Addresses that servers listen on, as their settings write them.

use crate::model::Resolution;
use crate::model::facts::Listener;

/// Returns a listener at `host:port`. An address that is not a literal is a setting.
pub(super) fn listener(address: Resolution<String>) -> Listener {
    let unknown = |reason: &str| Listener {
        host: Resolution::Unknown(reason.to_owned()),
        port: Resolution::Unknown(reason.to_owned()),
    };
    let Resolution::Known(address) = address else {
        return unknown("the address is a setting");
    };
    match address.rsplit_once(':') {
        Some((host, number)) => Listener {
            host: host_part(host),
            port: port(number),
        },
        None => unknown("the address has no port"),
    }
}

/// A listener with its host and port.
pub(super) fn listener_of(host: Resolution<String>, number: Resolution<String>) -> Listener {
    Listener {
        host: match host {
            Resolution::Known(host) => host_part(&host),
            Resolution::Absent => Resolution::Known(String::new()),
            Resolution::Unknown(reason) => Resolution::Unknown(reason),
        },
        port: match number {
            Resolution::Known(number) => port(&number),
            _ => Resolution::Unknown("the port is a setting".to_owned()),
        },
    }
}

fn host_part(host: &str) -> Resolution<String> {
    if is_placeholder(host) {
        return Resolution::Unknown("the host is a setting".to_owned());
    }
    Resolution::Known(host.trim_matches(['[', ']']).to_owned())
}

fn port(text: &str) -> Resolution<u16> {
    text.parse().map_or_else(
        |_| Resolution::Unknown("the port is a setting".to_owned()),
        Resolution::Known,
    )
}

fn is_placeholder(text: &str) -> bool {
    text.contains(['$', '{', '%'])
}

#[cfg(test)]
mod tests {
    use super::listener;
    use crate::model::Resolution;

    #[test]
    fn distinguishes_addresses_and_placeholders() {
        let read = |text: &str| {
            let found = listener(Resolution::Known(text.to_owned()));
            (found.host.known().cloned(), found.port.known().copied())
        };
        assert_eq!(read(":8080"), (Some(String::new()), Some(8080)));
        assert_eq!(read("0.0.0.0:80"), (Some("0.0.0.0".to_owned()), Some(80)));
        assert_eq!(read("[::1]:50051"), (Some("::1".to_owned()), Some(50051)));
        assert_eq!(read("${HOST}:${PORT}"), (None, None));
        assert_eq!(read("localhost:http"), (Some("localhost".to_owned()), None));
        assert_eq!(read("unix"), (None, None));
    }
}
