use std::{fmt, sync::Arc};

use http::{Extensions, HeaderValue, request::Parts};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext};
use seaworthy_http::{
    Access, Authenticate, Authentication, Identity, RouteOptions, server::ConnectionInfo,
    tls::PeerCertificate,
};

/// A service that shows a certificate, and what it may do here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    name: String,
    grants: Grants,
}

impl Peer {
    /// The service of this name: a URI (such as `spiffe://example.org/orders`) or a DNS name among the alternative names of its certificate, compared whole. The subject
    /// is not looked at: it is a text for people.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            grants: Grants::default(),
        }
    }

    /// What it may do.
    #[must_use]
    pub fn grants(mut self, grants: Grants) -> Self {
        self.grants = grants;
        self
    }
}

/// Knows services by the certificates of their connections (AUTH-6), which the listener has verified against `client_ca`. Where a connection shows none, or one of nobody
/// in the list, `next` decides: a service that also serves people gives it the authentication of their tokens.
#[derive(Clone)]
pub struct PeerAuthentication {
    peers: Arc<[Peer]>,
    next: Option<Arc<dyn Authenticate>>,
}

impl PeerAuthentication {
    /// Knows these services and nobody else.
    #[must_use]
    pub fn new(peers: impl IntoIterator<Item = Peer>) -> Self {
        Self {
            peers: peers.into_iter().collect(),
            next: None,
        }
    }

    /// Asks this one about callers who are none of the services.
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
            return Authentication::Known(Identity {
                actor: Actor::new(peer.name.as_str()),
                tenant: None,
                grants: peer.grants.clone(),
                extensions: Extensions::new(),
            });
        }
        match (&self.next, certificate) {
            (Some(next), _) => next.authenticate(request, context, route),
            (None, None) => Authentication::Anonymous,
            (None, Some(_)) if route.declared_access() == Access::Optional => {
                Authentication::Anonymous
            }
            (None, Some(_)) => Authentication::Refused(Error::new(
                Code::Forbidden,
                "PEER_UNKNOWN",
                "the certificate is of no service that may call",
            )),
        }
    }

    fn challenge(&self, refusal: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        self.next.as_ref()?.challenge(refusal, route)
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
