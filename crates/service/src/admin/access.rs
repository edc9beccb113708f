use std::{hash::BuildHasher as _, net::IpAddr, sync::Arc};

use http::{header, request::Parts, uri::Authority};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext, Secret, host::is_loopback};
use seaworthy_http::{Access, Authenticate, Authentication, Identity, RouteOptions};
use seaworthy_telemetry::metrics::{Counter, Metrics};

/// The header in which browsers describe the page that caused a request.
const SEC_FETCH_SITE: &str = "sec-fetch-site";
const NO_TOKEN: &str = "ADMIN_TOKEN_REQUIRED";

/// Requires the admin token on guarded routes, if one is set. Without a token the listener is on
/// loopback, or preflight has rejected it.
///
/// A web page can make the browser of an operator send requests to this listener:
/// - A change needs the header `x-admin-request`. Browsers send it across origins only after a CORS
///   preflight, which this listener never allows.
/// - Requests from pages of other sites (`Sec-Fetch-Site`) are rejected with every method, because
///   reading costs the service and its brokers work.
/// - A page with a name that resolves to this machine (DNS rebinding) has the same origin. So
///   without a token, the host of a request must be an IP address or `localhost`.
pub(crate) struct TokenAccess {
    token: Option<Secret<String>>,
    rejected: Counter,
}

impl TokenAccess {
    pub(crate) fn new(token: Option<Secret<String>>, metrics: &Metrics) -> Self {
        let rejected = metrics.counter(
            "auth_failures_total",
            "Requests whose credentials were rejected.",
            &[("reason", NO_TOKEN)],
        );
        Self { token, rejected }
    }

    fn holds(&self, request: &Parts) -> bool {
        let Some(expected) = &self.token else {
            return true;
        };
        let mut values = request.headers.get_all(header::AUTHORIZATION).iter();
        // Two headers with credentials are ambiguous, so reject both.
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let header = value.to_str().unwrap_or_default();
        let (scheme, given) = header.split_once(' ').unwrap_or_default();
        scheme.eq_ignore_ascii_case("bearer") && is_same(given.trim(), expected.current().expose())
    }
}

/// Returns whether the host of the request is an IP address or `localhost`. No page of an attacker
/// has such an origin.
fn has_local_host(request: &Parts) -> bool {
    let header = request.headers.get(header::HOST);
    let authority = request.uri.authority().map(Authority::as_str);
    let named = authority.or_else(|| header.and_then(|host| host.to_str().ok()));
    let Some(authority) = named.and_then(|named| named.parse::<Authority>().ok()) else {
        return false;
    };
    let host = authority.host();
    is_loopback(host) || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// Returns whether a page of another site or another subdomain caused the request.
fn is_from_other_site(request: &Parts) -> bool {
    let mut sites = request.headers.get_all(SEC_FETCH_SITE).iter();
    sites.any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// Compares hashes with a random key first, so that the time does not reveal a part of the expected
/// text.
fn is_same(given: &str, expected: &str) -> bool {
    let keyed = std::hash::RandomState::new();
    keyed.hash_one(given) == keyed.hash_one(expected) && given == expected
}

impl Authenticate for TokenAccess {
    fn authenticate(
        &self,
        request: &Parts,
        _context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        // A page that uses DNS rebinding must not read metrics or the list of endpoints.
        if self.token.is_none() && !has_local_host(request) {
            let message = "without an admin token, the host of the request must be an IP address or localhost";
            return Authentication::Rejected(Error::new(
                Code::Forbidden,
                "ADMIN_HOST_FORBIDDEN",
                message,
            ));
        }
        if route.declared_access() != Access::Authenticated {
            return Authentication::Anonymous;
        }
        if is_from_other_site(request) {
            let message = "the admin listener rejects requests from web pages of other sites";
            return Authentication::Rejected(Error::new(
                Code::Forbidden,
                "ADMIN_SITE_FORBIDDEN",
                message,
            ));
        }
        if !self.holds(request) {
            self.rejected.increment();
            let error = Error::new(
                Code::Unauthenticated,
                NO_TOKEN,
                "the admin token is required",
            );
            return Authentication::Rejected(error);
        }
        if !request.method.is_safe() && !request.headers.contains_key("x-admin-request") {
            let message = "a change needs the header x-admin-request";
            return Authentication::Rejected(Error::new(
                Code::Forbidden,
                "ADMIN_HEADER_REQUIRED",
                message,
            ));
        }
        let identity = Identity {
            actor: Actor::new("admin"),
            tenant: None,
            grants: Grants::default(),
            attachment: None,
        };
        Authentication::Authenticated(identity)
    }
}
