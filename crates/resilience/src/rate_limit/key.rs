use std::{fmt, net::IpAddr, sync::Arc};

use seaworthy_core::{Actor, Tenant, network_of};
use sha2::{Digest as _, Sha256};

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RateLimitKey {
    /// All requests of a route, by its template.
    Route(Arc<str>),
    /// An authenticated user or service.
    Actor(Actor),
    /// A client's address as it was read through trusted proxies: of IPv4 all of it, of IPv6 the /64, which one subscriber owns whole.
    Address(IpAddr),
    /// An API key, by its digest: the key itself is in no memory and no store.
    ApiKey([u8; 16]),
    /// A tenant.
    Tenant(Tenant),
    /// A key of one route alone.
    OnRoute(Arc<str>, Box<RateLimitKey>),
}

impl RateLimitKey {
    /// The key of a client's address.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        Self::Address(network_of(address))
    }

    /// The key of an API key.
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

    /// This key on one route.
    #[must_use]
    pub fn on_route(self, route: impl Into<Arc<str>>) -> Self {
        Self::OnRoute(route.into(), Box::new(self))
    }
}

/// The text under which a shared store counts the key. Lengths go before what others choose, so that no two keys have the same text.
impl fmt::Display for RateLimitKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sized = |formatter: &mut fmt::Formatter<'_>, kind: &str, text: &str| {
            write!(formatter, "{kind}:{}:{text}", text.len())
        };
        match self {
            Self::Route(route) => sized(formatter, "route", route),
            Self::Actor(actor) => sized(formatter, "actor", actor.as_str()),
            Self::Address(address) => write!(formatter, "address:{address}"),
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
