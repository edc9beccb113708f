use std::{hash::BuildHasher as _, net::IpAddr, sync::Arc};

use http::{header, request::Parts, uri::Authority};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext, Secret, host::is_loopback};
use seaworthy_http::{Access, Authenticate, Authentication, Identity, RouteOptions};
use seaworthy_telemetry::metrics::{Counter, Metrics};

/// What browsers say about the page on whose behalf they send a request.
const SEC_FETCH_SITE: &str = "sec-fetch-site";
const NO_TOKEN: &str = "ADMIN_TOKEN_REQUIRED";

/// Asks for the token on guarded routes, where there is one. Without a token the listener is on loopback, or preflight has refused it.
///
/// A browser on this machine could be led here by any page. It cannot send `x-admin-request` across origins without a preflight that this listener never
/// grants, so every change asks for it. A request that a browser sends on behalf of a page of another site (`Sec-Fetch-Site`) is refused whatever its
/// method, because reading makes the service and its brokers work. A page whose name was made to point here (DNS rebinding) is of the same origin and could; so without a token only requests
/// that name this machine by address or as `localhost` are answered.
pub(crate) struct TokenAccess {
    token: Option<Secret<String>>,
    refused: Counter,
}

impl TokenAccess {
    pub(crate) fn new(token: Option<Secret<String>>, metrics: &Metrics) -> Self {
        let refused = metrics.counter(
            "auth_failures_total",
            "Requests whose credentials were refused.",
            &[("reason", NO_TOKEN)],
        );
        Self { token, refused }
    }

    fn holds(&self, request: &Parts) -> bool {
        let Some(expected) = &self.token else {
            return true;
        };
        let mut values = request.headers.get_all(header::AUTHORIZATION).iter();
        // With two headers it is ambiguous who calls.
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let header = value.to_str().unwrap_or_default();
        let (scheme, given) = header.split_once(' ').unwrap_or_default();
        scheme.eq_ignore_ascii_case("bearer") && is_same(given.trim(), expected.expose())
    }
}

/// Whether the request asks for an IP address or `localhost`, which no foreign page can be served under.
fn names_an_address(request: &Parts) -> bool {
    let header = request.headers.get(header::HOST);
    let authority = request.uri.authority().map(Authority::as_str);
    let named = authority.or_else(|| header.and_then(|host| host.to_str().ok()));
    let Some(authority) = named.and_then(|named| named.parse::<Authority>().ok()) else {
        return false;
    };
    let host = authority.host();
    is_loopback(host) || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// Whether a browser sent the request on behalf of a page of another site or of another subdomain.
fn is_from_other_site(request: &Parts) -> bool {
    let mut sites = request.headers.get_all(SEC_FETCH_SITE).iter();
    sites.any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// Compares without telling by its duration how much was right: keyed hashes of both are compared, under a key that is new each time.
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
        // A page under DNS rebinding must not read the metrics or the list of endpoints.
        if self.token.is_none() && !names_an_address(request) {
            let message = "without a token the admin listener answers requests to an IP address or localhost only";
            return Authentication::Refused(Error::new(
                Code::Forbidden,
                "ADMIN_HOST_REFUSED",
                message,
            ));
        }
        if route.declared_access() != Access::Authenticated {
            return Authentication::Anonymous;
        }
        if is_from_other_site(request) {
            let message = "the admin listener answers no requests of web pages of other sites";
            return Authentication::Refused(Error::new(
                Code::Forbidden,
                "ADMIN_SITE_REFUSED",
                message,
            ));
        }
        if !self.holds(request) {
            self.refused.increment();
            let error = Error::new(
                Code::Unauthenticated,
                NO_TOKEN,
                "the admin token is required",
            );
            return Authentication::Refused(error);
        }
        if !request.method.is_safe() && !request.headers.contains_key("x-admin-request") {
            let message =
                "a change must carry the header x-admin-request, which no web page can send here";
            return Authentication::Refused(Error::new(
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
        Authentication::Known(identity)
    }
}
