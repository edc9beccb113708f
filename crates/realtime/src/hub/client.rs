use std::{net::IpAddr, sync::Arc};

use seaworthy_core::{Actor, RequestContext, network_of};

/// The owner of connections: a user or an IP address. Limits count connections per owner.
///
/// ```
/// use std::net::IpAddr;
///
/// use seaworthy_realtime::Client;
///
/// let user = Client::user("u-1");
/// let address = Client::address(IpAddr::from([203, 0, 113, 7]));
/// assert_ne!(user, address);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client(Arc<str>);

impl Client {
    /// Creates the client of a user.
    #[must_use]
    pub fn user(id: &str) -> Self {
        Self(format!("user:{id}").into())
    }

    /// Creates the client of an IP address. An IPv6 /64 counts as one address.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        Self(format!("address:{}", network_of(address)).into())
    }

    /// Returns the user of a request, or its IP address if it has no user. Requests without both
    /// share the default client.
    #[must_use]
    pub fn from_context(context: &RequestContext) -> Self {
        let user = context.actor().map(Actor::as_str).map(Self::user);
        user.or_else(|| context.client_address().map(Self::address))
            .unwrap_or_default()
    }

    pub(crate) fn key(&self) -> &Arc<str> {
        &self.0
    }
}

impl Default for Client {
    /// A client without a user and without an address.
    fn default() -> Self {
        Self("unknown".into())
    }
}
