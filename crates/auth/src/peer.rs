use std::{fmt, sync::Arc};

use http::{HeaderValue, request::Parts};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext, Tenant};
use seaworthy_http::{
    Access, Authenticate, Authentication, Identity, RouteOptions, server::ConnectionInfo,
    tls::PeerCertificate,
};

/// A service that authenticates by a client certificate, with its roles and scopes.
///
/// ```
/// use seaworthy_auth::Peer;
/// use seaworthy_core::Grants;
///
/// let orders = Peer::new("spiffe://example.org/orders")
///     .grants(Grants::new([""; 0], ["charges:write"]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    name: String,
    grants: Grants,
    forwards_callers: bool,
}

/// The header with the caller (MSG-8) of a peer that [forwards callers](Peer::forwards_callers).
const ACTOR: &str = "x-actor-id";
const TENANT: &str = "x-tenant-id";
/// Maximum length of an identifier, which appears in logs, in characters.
const MAX_IDENTIFIER_LENGTH: usize = 256;

impl Peer {
    /// Creates a peer with this name: a URI such as `spiffe://example.org/orders`, or a DNS name.
    /// It must equal a subject alternative name of the certificate. The subject is ignored.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            grants: Grants::default(),
            forwards_callers: false,
        }
    }

    /// Accepts `x-actor-id` and `x-tenant-id` of this peer. The request then has that actor, with
    /// the roles and scopes of the peer. These headers of other callers are ignored.
    #[must_use]
    pub fn forwards_callers(mut self) -> Self {
        self.forwards_callers = true;
        self
    }

    /// Sets the roles and scopes.
    #[must_use]
    pub fn grants(mut self, grants: Grants) -> Self {
        self.grants = grants;
        self
    }
}

/// Authenticates services by client certificates (AUTH-6), which the listener has verified against
/// `client_ca`. A connection without a certificate of a peer goes to the next authenticator, such
/// as [`BearerAuthentication`](crate::BearerAuthentication) for users.
///
/// ```
/// use seaworthy_auth::{BearerAuthentication, Peer, PeerAuthentication};
///
/// fn authentication(users: BearerAuthentication) -> PeerAuthentication {
///     PeerAuthentication::new([Peer::new("spiffe://example.org/orders")]).or(users)
/// }
/// ```
#[derive(Clone)]
pub struct PeerAuthentication {
    peers: Arc<[Peer]>,
    next: Option<Arc<dyn Authenticate>>,
}

impl PeerAuthentication {
    /// Creates an authenticator for these peers.
    #[must_use]
    pub fn new(peers: impl IntoIterator<Item = Peer>) -> Self {
        Self {
            peers: peers.into_iter().collect(),
            next: None,
        }
    }

    /// Sets the authenticator for all other callers.
    #[must_use]
    pub fn or(mut self, next: impl Authenticate) -> Self {
        self.next = Some(Arc::new(next));
        self
    }

    fn find(&self, certificate: &PeerCertificate) -> Option<&Peer> {
        let mut names = certificate.uris().iter().chain(certificate.dns_names());
        names.find_map(|name| self.peers.iter().find(|peer| peer.name == *name))
    }
}

impl Peer {
    fn identify(&self, request: &Parts) -> Authentication {
        let forwarded = |name| match self.forwards_callers {
            true => identifier(request, name),
            false => Ok(None),
        };
        let (Ok(actor), Ok(tenant)) = (forwarded(ACTOR), forwarded(TENANT)) else {
            return Authentication::Rejected(Error::new(
                Code::Unauthenticated,
                "IDENTITY_UNREADABLE",
                "x-actor-id and x-tenant-id must occur at most once and have 1 to 256 printable ASCII characters",
            ));
        };
        Authentication::Authenticated(Identity {
            actor: Actor::new(actor.unwrap_or(&self.name)),
            tenant: tenant.map(Tenant::new),
            grants: self.grants.clone(),
            attachment: None,
        })
    }
}

/// The error of a header without a valid identifier.
struct Unreadable;

fn identifier<'a>(request: &'a Parts, name: &str) -> Result<Option<&'a str>, Unreadable> {
    let mut values = request.headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Unreadable)?;
    let is_one = values.next().is_none() && !text.is_empty() && text.len() <= MAX_IDENTIFIER_LENGTH;
    is_one.then_some(Some(text)).ok_or(Unreadable)
}

impl Authenticate for PeerAuthentication {
    fn authenticate(
        &self,
        request: &Parts,
        context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        if route.declared_access() == Access::Public {
            return Authentication::Anonymous;
        }
        let connection = request.extensions.get::<ConnectionInfo>();
        let certificate = connection.and_then(|connection| connection.tls()?.peer());
        if let Some(peer) = certificate.and_then(|certificate| self.find(certificate)) {
            return peer.identify(request);
        }
        match (&self.next, certificate) {
            (Some(next), _) => next.authenticate(request, context, route),
            (None, None) => Authentication::Anonymous,
            (None, Some(_)) if route.declared_access() == Access::Optional => {
                Authentication::Anonymous
            }
            (None, Some(_)) => Authentication::Rejected(Error::new(
                Code::Forbidden,
                "PEER_UNKNOWN",
                "the client certificate does not belong to a permitted service",
            )),
        }
    }

    fn has_credentials(&self, request: &Parts) -> bool {
        let connection = request.extensions.get::<ConnectionInfo>();
        connection
            .is_some_and(|connection| connection.tls().is_some_and(|tls| tls.peer().is_some()))
            || self
                .next
                .as_ref()
                .is_some_and(|next| next.has_credentials(request))
    }

    fn challenge(&self, rejection: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        self.next.as_ref()?.challenge(rejection, route)
    }
}

impl fmt::Debug for PeerAuthentication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PeerAuthentication")
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
