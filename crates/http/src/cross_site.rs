//! Protection against cross-site request forgery.
//!
//! A cookie identifies the user and not the page that sends the request. Browsers send the origin
//! of the page in `Sec-Fetch-Site`, older ones in `Origin`. The listener rejects an unsafe request
//! with cookies from another origin, so forms need no CSRF token. Clients that are not browsers
//! send neither header, and no page can use their cookies. `SameSite` cookies alone are not enough,
//! because another subdomain is the same site (F. Valsorda, "Cross-Site Request Forgery", 2025,
//! implemented in Go 1.25).
//!
//! An upgrade counts as unsafe, because CORS does not protect WebSockets.
//!
//! A route that starts or ends a session needs the check without cookies too. Otherwise a page
//! could log the user into an account of the attacker.

use http::{HeaderMap, Method, Uri, header, request::Parts};

use crate::{RouteOptions, cors::CrossOrigin, server::ConnectionInfo};

const FETCH_SITE: &str = "sec-fetch-site";

/// Returns whether a page of another origin sends an unsafe request with cookies, or to a route
/// that sets a session. Requests from origins that CORS allows with credentials are not forged.
pub(crate) fn is_forged(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    cross_origin: &CrossOrigin,
    route: Option<&RouteOptions>,
) -> bool {
    let sets_session = route.is_some_and(RouteOptions::is_setting_session);
    let is_safe = method.is_safe() && !headers.contains_key(header::UPGRADE);
    if is_safe || !(sets_session || headers.contains_key(header::COOKIE)) {
        return false;
    }
    let is_allowed = matches!(
        cross_origin,
        CrossOrigin::Allowed {
            credentials: true,
            ..
        }
    );
    !is_allowed && !is_own_page(uri, headers)
}

/// Returns whether a page of an origin that CORS does not allow sends a request to a route for
/// allowed origins only.
pub(crate) fn is_foreign(
    uri: &Uri,
    headers: &HeaderMap,
    cross_origin: &CrossOrigin,
    route: Option<&RouteOptions>,
) -> bool {
    let is_restricted = route.is_some_and(RouteOptions::is_for_allowed_origins_only);
    let is_allowed = matches!(cross_origin, CrossOrigin::Allowed { .. });
    is_restricted && !is_allowed && !is_own_page(uri, headers)
}

/// Returns true if the browser headers name the origin of the service, or are absent.
fn is_own_page(uri: &Uri, headers: &HeaderMap) -> bool {
    // A browser sends each of these headers once. If one is repeated, each value must pass.
    if headers.contains_key(FETCH_SITE) {
        let mut sites = headers.get_all(FETCH_SITE).iter();
        // `none` means that the user entered the URL or opened a bookmark.
        return sites.all(|site| site == "same-origin" || site == "none");
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    origins.all(|origin| is_own(origin.as_bytes(), uri, headers))
}

/// Returns whether a request comes from a page of this origin or from the user. A client that is
/// not a browser has no credentials that browsers send by themselves, so its requests pass too.
///
/// Older browsers do not send `Sec-Fetch-Site`. Without it, a request with such credentials may
/// come from any page: cookies, a password or ticket in `Authorization`, or a client certificate.
pub(crate) fn is_own_request(request: &Parts) -> bool {
    let headers = &request.headers;
    if headers.contains_key(FETCH_SITE) {
        let mut sites = headers.get_all(FETCH_SITE).iter();
        return sites.all(|site| site == "same-origin" || site == "none");
    }
    let session = request.extensions.get::<ConnectionInfo>();
    let session = session.and_then(ConnectionInfo::tls);
    let has_client_certificate = session.is_some_and(|session| session.peer().is_some());
    let is_page = headers.contains_key(header::COOKIE) || headers.contains_key(header::ORIGIN);
    !(is_page || has_client_certificate || has_ambient_authorization(headers))
}

/// Returns whether a request has an `Authorization` that browsers store. Only scripts send the
/// scheme `Bearer`, and scripts of other sites do not have the token.
fn has_ambient_authorization(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    values.any(|value| {
        let scheme = value.as_bytes().split(|byte| *byte == b' ').next();
        !scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
    })
}

/// Returns whether an origin is that of the request. Accepts both `http` and `https`, because a
/// proxy may have terminated TLS.
fn is_own(origin: &[u8], uri: &Uri, headers: &HeaderMap) -> bool {
    let own = match uri.authority() {
        Some(authority) => Some(authority.as_str().as_bytes()),
        None => headers.get(header::HOST).map(|host| host.as_bytes()),
    };
    let host = origin
        .strip_prefix(b"https://")
        .or_else(|| origin.strip_prefix(b"http://"));
    matches!((host, own), (Some(host), Some(own)) if host.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{PeerCertificate, TlsSession, TlsVersion};

    type Headers = [(&'static str, &'static str)];

    fn is_guarded(method: Method, headers: &Headers) -> bool {
        is_guarded_on(&RouteOptions::new(), method, headers)
    }

    fn is_guarded_on(route: &RouteOptions, method: Method, headers: &Headers) -> bool {
        let mut map = HeaderMap::new();
        map.insert(header::HOST, "events.example:8080".parse().unwrap());
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let uri = Uri::from_static("/logout");
        is_forged(&method, &uri, &map, &CrossOrigin::Unrestricted, Some(route))
    }

    #[test]
    fn another_site_changes_nothing_with_the_users_cookies_auth_3() {
        let cookie = ("cookie", "__Host-refresh_token=x");
        for forged in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "SAME-ORIGIN"),
            ("origin", "https://evil.example"),
            ("origin", "https://events.example:8080.evil.example"),
            ("origin", "https://events.example"),
            ("origin", "null"),
            ("origin", "xhttps://events.example:8080"),
            ("origin", "ftp://events.example:8080"),
        ] {
            assert!(is_guarded(Method::POST, &[cookie, forged]), "{forged:?}");
            assert!(is_guarded(Method::DELETE, &[cookie, forged]), "{forged:?}");
            assert!(!is_guarded(Method::GET, &[cookie, forged]), "{forged:?}");
            assert!(!is_guarded(Method::POST, &[forged]), "{forged:?}");
        }
    }

    #[test]
    fn credentials_that_browsers_send_are_not_those_of_programs_sec_2() {
        let is_own = |headers: &Headers| {
            let mut request = http::Request::new(());
            for (name, value) in headers {
                request.headers_mut().append(*name, value.parse().unwrap());
            }
            is_own_request(&request.into_parts().0)
        };
        let site = ("sec-fetch-site", "same-origin");
        for ambient in [
            ("cookie", "session=x"),
            ("origin", "https://events.example"),
            ("authorization", "Basic YTpi"),
            ("authorization", "negotiate YIIZ"),
            ("authorization", "NTLM TlRM"),
        ] {
            assert!(!is_own(&[ambient]), "{ambient:?}");
            assert!(is_own(&[ambient, site]), "{ambient:?}");
        }
        for program in [("authorization", "bearer eyJ"), ("x-api-key", "sk_1")] {
            assert!(is_own(&[program]), "{program:?}");
        }
        assert!(is_own(&[]));

        let certificate = rcgen::generate_simple_self_signed(["ada".to_owned()]).unwrap();
        let peer = PeerCertificate::read(&[certificate.cert.der().clone()]).unwrap();
        let session = TlsSession::new(TlsVersion::Tls13, Some(peer));
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let mut request = http::Request::new(()).into_parts().0;
        let info = ConnectionInfo::new(address, address, Some(session));
        request.extensions.insert(info);
        assert!(!is_own_request(&request));
    }

    #[test]
    fn page_of_other_origin_opens_no_websocket_with_cookies_auth_3() {
        let (cookie, upgrade) = (("cookie", "session=x"), ("upgrade", "websocket"));
        let other = ("origin", "https://evil.example");
        let own = ("origin", "https://events.example:8080");
        assert!(is_guarded(Method::GET, &[cookie, upgrade, other]));
        assert!(!is_guarded(Method::GET, &[cookie, upgrade, own]));
        assert!(!is_guarded(Method::GET, &[upgrade, other]));
    }

    #[test]
    fn route_for_allowed_origins_rejects_other_pages_sec_2() {
        let restricted = RouteOptions::new().allowed_origins_only();
        let open = RouteOptions::new();
        let uri = Uri::from_static("https://events.example/socket.io");
        let refuses = |header: (&'static str, &str), found: &CrossOrigin, route| {
            let mut headers = HeaderMap::new();
            headers.insert(header.0, header.1.parse().unwrap());
            is_foreign(&uri, &headers, found, route)
        };
        let other = ("origin", "https://evil.example");
        let route = Some(&restricted);
        for unlisted in [CrossOrigin::NotAllowed, CrossOrigin::Unrestricted] {
            assert!(refuses(other, &unlisted, route));
            assert!(refuses(("sec-fetch-site", "cross-site"), &unlisted, route));
            assert!(!refuses(other, &unlisted, Some(&open)));
            assert!(!refuses(other, &unlisted, None));
            for own in [
                ("origin", "https://events.example"),
                ("sec-fetch-site", "same-origin"),
                ("accept", "*/*"),
            ] {
                assert!(!refuses(own, &unlisted, route), "{own:?}");
            }
        }
        let allowed = CrossOrigin::Allowed {
            origin: "https://evil.example".parse().unwrap(),
            exposed: None,
            credentials: false,
        };
        assert!(!refuses(other, &allowed, route));
    }

    #[test]
    fn same_origin_bookmarks_and_programs_are_allowed_auth_3() {
        let cookie = ("cookie", "__Host-refresh_token=x");
        for own in [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("origin", "https://events.example:8080"),
            ("origin", "http://EVENTS.example:8080"),
            ("accept", "*/*"),
        ] {
            assert!(!is_guarded(Method::POST, &[cookie, own]), "{own:?}");
        }
    }

    #[test]
    fn another_site_begins_no_session_though_it_has_no_cookie_auth_4() {
        let login = RouteOptions::new().sets_session();
        for forged in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            assert!(is_guarded_on(&login, Method::POST, &[forged]), "{forged:?}");
            assert!(!is_guarded_on(&login, Method::GET, &[forged]), "{forged:?}");
        }
        for own in [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("origin", "https://events.example:8080"),
            ("accept", "*/*"),
        ] {
            assert!(!is_guarded_on(&login, Method::POST, &[own]), "{own:?}");
        }
    }

    #[test]
    fn a_page_that_cors_lets_in_with_credentials_may_sec_2() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b".parse().unwrap());
        headers.insert(header::ORIGIN, "https://app.example".parse().unwrap());
        let uri = Uri::from_static("https://events.example/logout");
        let allowed = |credentials| CrossOrigin::Allowed {
            origin: "https://app.example".parse().unwrap(),
            exposed: None,
            credentials,
        };
        let login = RouteOptions::new().sets_session();
        for route in [None, Some(&login)] {
            let is_forged = |found| is_forged(&Method::POST, &uri, &headers, &found, route);
            assert!(!is_forged(allowed(true)));
            assert!(is_forged(allowed(false)));
            assert!(is_forged(CrossOrigin::NotAllowed));
        }
    }
}
