use std::{borrow::Cow, net::IpAddr};

use seaworthy_core::{RequestContext, Tenant};

use super::{super::RateLimitKey, config::LimitBy};

/// The caller of a request, as the limits count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitedCaller {
    key: RateLimitKey,
    address: Option<IpAddr>,
    tenant: Option<Tenant>,
    has_failed: bool,
}

impl LimitedCaller {
    /// Returns the caller of a request: its user, or its IP address if it is anonymous. `None` if
    /// the request has neither.
    #[must_use]
    pub fn from_context(context: &RequestContext) -> Option<Self> {
        let address = context.client_address();
        let actor = context.actor().cloned().map(RateLimitKey::Actor);
        Some(Self {
            key: actor.or_else(|| address.map(RateLimitKey::address))?,
            address,
            tenant: context.tenant().cloned(),
            has_failed: false,
        })
    }

    /// Returns an anonymous caller.
    #[must_use]
    pub fn anonymous(address: IpAddr) -> Self {
        Self {
            key: RateLimitKey::address(address),
            address: Some(address),
            tenant: None,
            has_failed: false,
        }
    }

    /// Returns a caller whose credentials are invalid. Its requests are counted by IP address,
    /// apart from other requests of that address, so that they do not lock out other users.
    #[must_use]
    pub fn failed(address: IpAddr) -> Self {
        Self {
            key: RateLimitKey::failed_credentials(address),
            address: Some(address),
            tenant: None,
            has_failed: true,
        }
    }

    /// Returns the key by which a limit counts the request, if it does.
    pub(super) fn key(&self, by: LimitBy) -> Option<Cow<'_, RateLimitKey>> {
        match by {
            LimitBy::Caller => Some(Cow::Borrowed(&self.key)),
            LimitBy::Ip if self.has_failed => Some(Cow::Borrowed(&self.key)),
            LimitBy::Ip => Some(Cow::Owned(RateLimitKey::address(self.address?))),
            LimitBy::Tenant => Some(Cow::Owned(RateLimitKey::Tenant(self.tenant.clone()?))),
            LimitBy::All => Some(Cow::Owned(RateLimitKey::All)),
        }
    }
}
