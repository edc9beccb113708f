use std::{fmt, net::IpAddr, sync::Arc};

use seaworthy_core::{Actor, Tenant, network_of};
use sha2::{Digest as _, Sha256};

/// The key by which requests are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RateLimitKey {
    /// A route, by its template.
    Route(Arc<str>),
    /// An authenticated user or service.
    Actor(Actor),
    /// A client's address, read through trusted proxies. Of IPv6 only the /64, which belongs to one
    /// subscriber.
    Address(IpAddr),
    /// An API key, by its digest, so that neither memory nor the store contains the key.
    ApiKey([u8; 16]),
    /// A tenant.
    Tenant(Tenant),
    /// All requests.
    All,
    /// Failed credentials from an IP address.
    FailedCredentials(IpAddr),
    /// A key on one route.
    OnRoute(Arc<str>, Box<RateLimitKey>),
}

impl RateLimitKey {
    /// Returns the key of a client's address.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        Self::Address(network_of(address))
    }

    /// Returns the key of failed credentials from a client's address.
    #[must_use]
    pub fn failed_credentials(address: IpAddr) -> Self {
        Self::FailedCredentials(network_of(address))
    }

    /// Returns the key of an API key.
    #[must_use]
    pub fn api_key(key: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let mut short = [0; 16];
        short
            .iter_mut()
            .zip(digest)
            .for_each(|(short, byte)| *short = byte);
        Self::ApiKey(short)
    }

    /// Restricts the key to one route.
    #[must_use]
    pub fn on_route(self, route: impl Into<Arc<str>>) -> Self {
        Self::OnRoute(route.into(), Box::new(self))
    }
}

/// The key in a shared store. Values of clients have a length prefix, so that all keys are unique.
impl fmt::Display for RateLimitKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sized = |formatter: &mut fmt::Formatter<'_>, kind: &str, text: &str| {
            write!(formatter, "{kind}:{}:{text}", text.len())
        };
        match self {
            Self::Route(route) => sized(formatter, "route", route),
            Self::Actor(actor) => sized(formatter, "actor", actor.as_str()),
            Self::Address(address) => write!(formatter, "address:{address}"),
            Self::FailedCredentials(address) => write!(formatter, "failed:{address}"),
            Self::All => formatter.write_str("all"),
            Self::Tenant(tenant) => sized(formatter, "tenant", tenant.as_str()),
            Self::ApiKey(digest) => {
                formatter.write_str("key:")?;
                digest
                    .iter()
                    .try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
            Self::OnRoute(route, key) => {
                sized(formatter, "on", route)?;
                write!(formatter, ":{key}")
            }
        }
    }
}
