//! Parses the URL of a link: its encryption and its hosts.

use seaworthy_core::host::is_loopback;

use super::transport::{Encryption, transport};

/// Options that replace the host of the URL.
const HOST_OPTIONS: [&str; 2] = ["host", "hostaddr"];
/// The prefix of the address in a Go DSN for MySQL, `user:password@tcp(host:port)/name?tls=true`.
const GO_ADDRESS: &str = "@tcp(";

/// The URL of a link in a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    scheme: String,
    hosts: Vec<String>,
    options: Vec<(String, String)>,
}

/// Why a link is not safe on a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exposure {
    /// The engine supports TLS. The value explains how to enable it.
    Plain { fix: &'static str },
    /// The scheme is unknown.
    Unknown,
}

impl Link {
    /// Returns `None` for text that is not a URL, such as a path.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some((_, rest)) = text.rsplit_once(GO_ADDRESS) {
            let (host, rest) = rest.split_once(')')?;
            return Some(Self::new("go+mysql", host, rest));
        }
        let (scheme, rest) = text.split_once(':')?;
        if let Some(rest) = rest.strip_prefix("//") {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, rest) = rest.split_at(end);
            return Some(Self::new(scheme, authority, rest));
        }
        let link = Self::new(scheme, "", rest);
        link.is_embedded().then_some(link)
    }

    fn new(scheme: &str, authority: &str, rest: &str) -> Self {
        let hosts = authority
            .rsplit_once('@')
            .map_or(authority, |(_, hosts)| hosts);
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let options = url::form_urlencoded::parse(query.as_bytes());
        Self {
            scheme: scheme.to_ascii_lowercase(),
            hosts: hosts.split(',').map(host_of).collect(),
            options: options
                .map(|(name, value)| (name.into_owned(), value.to_ascii_lowercase()))
                .collect(),
        }
    }

    /// The scheme as it was written, in lower case.
    pub(super) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The hosts of the link, for messages.
    pub(super) fn hosts(&self) -> String {
        self.hosts.join(", ")
    }

    /// Whether the data stays inside this process or its directory.
    pub(super) fn is_embedded(&self) -> bool {
        matches!(transport(&self.scheme), Some(Encryption::Embedded))
    }

    /// The first host of the link that is this machine. A sidecar may be there.
    pub(super) fn local_host(&self) -> Option<&str> {
        if matches!(transport(&self.scheme), Some(Encryption::Sidecar { .. })) {
            return None;
        }
        self.all_hosts().find(|host| is_loopback(host))
    }

    /// Why the link must not cross a network. `None` if every host is this machine.
    pub(super) fn exposure(&self) -> Option<Exposure> {
        if self.all_hosts().all(is_loopback) {
            return None;
        }
        self.weakness()
    }

    /// Why the link would be exposed with hosts on a network.
    pub(super) fn weakness(&self) -> Option<Exposure> {
        match transport(&self.scheme) {
            Some(Encryption::Embedded | Encryption::Always) => None,
            Some(Encryption::Never { fix } | Encryption::Sidecar { fix }) => {
                Some(Exposure::Plain { fix })
            }
            Some(Encryption::ByOption { names, values, fix }) => {
                let mut said = self
                    .options
                    .iter()
                    .filter(|(name, _)| names.contains(&name.as_str()))
                    .peekable();
                // Engines differ in which repeated option applies, so every occurrence must require
                // TLS.
                let is_encrypted = said.peek().is_some()
                    && said.all(|(_, value)| values.contains(&value.as_str()));
                (!is_encrypted).then_some(Exposure::Plain { fix })
            }
            None => Some(Exposure::Unknown),
        }
    }

    fn all_hosts(&self) -> impl Iterator<Item = &str> {
        let named = self
            .options
            .iter()
            .filter(|(name, _)| HOST_OPTIONS.contains(&name.as_str()));
        let named = named.flat_map(|(_, value)| value.split(','));
        self.hosts.iter().map(String::as_str).chain(named)
    }
}

/// Returns a host without its port.
fn host_of(text: &str) -> String {
    text.rsplit_once(':')
        .filter(|(host, port)| {
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
            is_port && (!host.contains(':') || host.ends_with(']'))
        })
        .map_or(text, |(host, _)| host)
        .to_owned()
}
