//! Requests that a page of another site makes with the user's cookies (cross-site request forgery).
//!
//! A cookie says who the user is and not who asks. Browsers say that themselves: in `Sec-Fetch-Site`, and in `Origin` those that do not know it. So no token has to be woven into forms: a request that may change
//! something, has cookies and comes from elsewhere is refused. Clients that are no browsers send neither header and have no cookies that somebody else's page could use. `SameSite` cookies alone are
//! not enough, because a sibling host is the same site (F. Valsorda, "Cross-Site Request Forgery", 2025, of which Go 1.25 has the same check).

use http::{HeaderMap, Method, Uri, header};

use crate::cors::CrossOrigin;

const FETCH_SITE: &str = "sec-fetch-site";

/// Whether a page that is not of this origin, and is not one that CORS lets in with credentials, makes a request with cookies that may change something.
pub(crate) fn is_forged(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    cross_origin: &CrossOrigin,
) -> bool {
    if method.is_safe() || !headers.contains_key(header::COOKIE) {
        return false;
    }
    let is_let_in = matches!(
        cross_origin,
        CrossOrigin::Allowed {
            credentials: true,
            ..
        }
    );
    if is_let_in {
        return false;
    }
    if let Some(site) = headers.get(FETCH_SITE) {
        // `none` is the user: a typed address, a bookmark.
        return site != "same-origin" && site != "none";
    }
    headers
        .get(header::ORIGIN)
        .is_some_and(|origin| !is_own(origin.as_bytes(), uri, headers))
}

/// Whether an origin is that of the request itself. Its scheme is not looked at, because a proxy may have taken TLS off.
fn is_own(origin: &[u8], uri: &Uri, headers: &HeaderMap) -> bool {
    let own = match uri.authority() {
        Some(authority) => Some(authority.as_str().as_bytes()),
        None => headers.get(header::HOST).map(|host| host.as_bytes()),
    };
    let host = origin
        .windows(3)
        .position(|window| window == b"://")
        .and_then(|scheme| origin.get(scheme + 3..));
    matches!((host, own), (Some(host), Some(own)) if host.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        map.insert(header::HOST, "events.example:8080".parse().unwrap());
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let uri = Uri::from_static("/logout");
        is_forged(&method, &uri, &map, &CrossOrigin::Indifferent)
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
        ] {
            assert!(asks(Method::POST, &[cookie, forged]), "{forged:?}");
            assert!(asks(Method::DELETE, &[cookie, forged]), "{forged:?}");
            assert!(!asks(Method::GET, &[cookie, forged]), "{forged:?}");
            assert!(!asks(Method::POST, &[forged]), "{forged:?}");
        }
    }

    #[test]
    fn the_own_page_a_bookmark_and_a_program_may_auth_3() {
        let cookie = ("cookie", "__Host-refresh_token=x");
        for own in [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("origin", "https://events.example:8080"),
            ("origin", "http://EVENTS.example:8080"),
            ("accept", "*/*"),
        ] {
            assert!(!asks(Method::POST, &[cookie, own]), "{own:?}");
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
        assert!(!is_forged(&Method::POST, &uri, &headers, &allowed(true)));
        assert!(is_forged(&Method::POST, &uri, &headers, &allowed(false)));
        assert!(is_forged(
            &Method::POST,
            &uri,
            &headers,
            &CrossOrigin::NotAllowed
        ));
    }
}
