use std::sync::Arc;

use seaworthy::{
    axum::{
        body::{Body, Bytes, to_bytes},
        extract::{Request, State},
        http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
        response::Response,
    },
    client::{ClientError, HttpClient},
    http::{PublicErrorBody, cookie::HostCookie},
    prelude::*,
};
use tutoring_contract::{Role, error_response};

use crate::{
    limits::RoleLimits,
    route_table::{self, Upstream},
};

/// The maximum size of a request body, in bytes. It is also the limit of the listener.
const MAX_BODY: usize = 1024 * 1024;
/// Hop-by-hop and framing headers (RFC 9110, section 7.6.1).
const HOP_BY_HOP_HEADERS: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// Further headers that callers may not set. The gateway removes or replaces them.
const RESERVED_HEADERS: [&str; 15] = [
    "keep-alive",
    "x-actor-id",
    "x-tenant-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "true-client-ip",
    "forwarded",
    "x-request-id",
    "x-correlation-id",
    "correlation-id",
    "traceparent",
    "tracestate",
    // The gateway has already rejected requests from other sites.
    "sec-fetch-site",
];
/// The prefixes of headers that only services may set.
const RESERVED_PREFIXES: [&str; 2] = ["x-user-", "x-internal-"];
/// Headers of responses that the gateway sets itself.
const OWN_RESPONSE_HEADERS: [&str; 3] = ["x-request-id", "x-correlation-id", "traceresponse"];
/// The header with the number of allowed requests.
const LIMIT_HEADER: &str = "x-ratelimit-limit";
/// Headers with the limit of the gateway, or with that of the service that rejected the request.
const LIMIT_HEADERS: [&str; 5] = [
    "ratelimit",
    "ratelimit-policy",
    LIMIT_HEADER,
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];
/// The cookie with the refresh token.
const REFRESH_COOKIE: &str = "refreshToken";

/// The clients of the services, and the limits of the gateway.
pub(crate) struct Proxy {
    pub(crate) clients: Vec<(Upstream, HttpClient)>,
    pub(crate) limits: RoleLimits,
}

/// Returns the client of a service.
pub(crate) fn client_of(
    clients: &[(Upstream, HttpClient)],
    upstream: Upstream,
) -> Option<&HttpClient> {
    let found = clients.iter().find(|(name, _)| *name == upstream);
    found.map(|(_, client)| client)
}

/// Counts and forwards a request.
pub(crate) async fn forward(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    // The payment service limits the webhooks of each provider.
    let counted = match route_table::is_webhook(request.uri().path()) {
        true => Ok(None),
        false => proxy.limits.count().await,
    };
    let counted = match counted {
        Ok(headers) => headers,
        Err(limited) => {
            let mut response = error_response(limited.error);
            if let Some(headers) = limited.headers {
                headers.apply(response.headers_mut());
            }
            return response;
        }
    };
    let mut response = match send(&proxy, request).await {
        Ok(response) => response,
        Err(error) => error_response(error),
    };
    // A service that rejected the request by its own limit has set the headers of that limit.
    let has_own = response.headers().contains_key(LIMIT_HEADER);
    if let Some(headers) = counted.filter(|_| !has_own) {
        headers.apply(response.headers_mut());
    }
    response
}

async fn send(proxy: &Proxy, request: Request) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    let found = route_table::find(parts.uri.path());
    let (upstream, path) = found.ok_or_else(not_found)?;
    require_origin(&path, &parts.headers)?;
    let client = client_of(&proxy.clients, upstream).ok_or_else(not_found)?;
    let target = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let body = read(body).await?;
    let is_head = parts.method == Method::HEAD;
    let mut forwarded = client
        .request(parts.method.clone(), &target)
        .without_redirects();
    for (name, value) in from_client(&parts.headers) {
        forwarded = forwarded.header(name.clone(), value);
    }
    for (name, value) in user_of_request() {
        forwarded = forwarded.header(name, value);
    }
    if !(body.is_empty() && matches!(parts.method, Method::GET | Method::HEAD)) {
        forwarded = forwarded.body(body);
    }
    let response = forwarded.send().await.map_err(proxy_error)?.into_http();
    let (head, body) = response.into_parts();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = head.status;
    response.extensions_mut().insert(PublicErrorBody);
    for (name, value) in to_client(head.status, &head.headers) {
        response.headers_mut().append(name.clone(), value.clone());
    }
    if let Some(length) = length_of_head(is_head, &head.headers) {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.clone());
    }
    Ok(response)
}

seaworthy::errors! {
    not_found: NotFound "ROUTE_NOT_FOUND" => "no route matches this path";
}

/// Rejects a refresh by cookie without `Origin`. The listener compares an `Origin` with the
/// allowed origins. The services read the cookie in the same way.
fn require_origin(path: &str, headers: &HeaderMap) -> Result<(), Error> {
    let cookie = HostCookie::without_prefix(REFRESH_COOKIE).read(headers);
    if !path.ends_with("/auth/refresh") || cookie.is_none() || headers.contains_key(header::ORIGIN)
    {
        return Ok(());
    }
    let message = "a refresh by cookie requires the Origin header of an allowed page";
    Err(Error::new(Code::Forbidden, "ORIGIN_MISSING", message))
}

fn is_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP_HEADERS.contains(name)
}

/// Returns the headers for the service, one of each name, because the HTTP client sends one value
/// of a name. HTTP/2 splits cookies.
fn from_client(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, HeaderValue)> {
    let forwarded = headers.keys().filter(|name| {
        let text = name.as_str();
        let is_reserved = RESERVED_HEADERS.contains(&text)
            || RESERVED_PREFIXES
                .iter()
                .any(|prefix| text.starts_with(prefix));
        // Remove `Origin`: services would compare it with their host name, which is not public.
        !(is_hop(name) || is_reserved || **name == header::ORIGIN)
    });
    forwarded.filter_map(move |name| Some((name, joined(headers, name)?)))
}

/// Joins the values of a header (RFC 9110, section 5.3, and RFC 9113, section 8.2.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    // Most headers have one value, and a clone shares its bytes.
    if values.next().is_none() {
        return Some(first.clone());
    }
    let separator: &[u8] = match *name == header::COOKIE {
        true => b"; ",
        false => b", ",
    };
    let values = headers.get_all(name).iter();
    let values: Vec<_> = values.map(HeaderValue::as_bytes).collect();
    let mut value = HeaderValue::from_bytes(&values.join(separator)).ok()?;
    value.set_sensitive(first.is_sensitive());
    Some(value)
}

fn to_client(
    status: StatusCode,
    headers: &HeaderMap,
) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    headers.iter().filter(move |(name, _)| {
        let text = name.as_str();
        let is_cors = text.starts_with("access-control-");
        let is_limit = status != StatusCode::TOO_MANY_REQUESTS && LIMIT_HEADERS.contains(&text);
        !(is_hop(name) || is_cors || is_limit || OWN_RESPONSE_HEADERS.contains(&text))
    })
}

/// Returns the length of a response to `HEAD`, which has no body to count.
fn length_of_head(is_head: bool, headers: &HeaderMap) -> Option<&HeaderValue> {
    let length = headers.get(header::CONTENT_LENGTH);
    length.filter(|_| is_head)
}

/// Returns the user of the verified access token, as headers for the service.
fn user_of_request() -> Vec<(&'static str, String)> {
    context::with_current(|context| {
        let mut headers = Vec::new();
        if let Some((actor, grants)) = context.and_then(|own| Some((own.actor()?, own.grants()))) {
            headers.push(("x-user-id", actor.as_str().to_owned()));
            let role = Role::of(&grants).map(Role::as_str);
            headers.extend(role.map(|role| ("x-user-role", role.to_owned())));
        }
        headers
    })
}

async fn read(body: Body) -> Result<Bytes, Error> {
    let message = "the body cannot be read or is larger than 1 MiB";
    let too_large = |_| Error::new(Code::TooLarge, "BODY_TOO_LARGE", message);
    to_bytes(body, MAX_BODY).await.map_err(too_large)
}

fn proxy_error(error: ClientError) -> Error {
    let (code, reason, message) = match &error {
        ClientError::TimedOut { .. } => (
            Code::DeadlineExceeded,
            "REQUEST_TIMEOUT",
            "the service did not respond in time: try again",
        ),
        ClientError::Rejected { .. } => return Error::from(error),
        _ => (
            Code::Unavailable,
            "SERVICE_UNAVAILABLE",
            "the service cannot be reached: try again later",
        ),
    };
    Error::new(code, reason, message).with_cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    #[test]
    fn headers_of_services_are_not_forwarded_sec_4() {
        let given = headers(&[
            ("x-user-id", "7"),
            ("x-user-role", "admin"),
            ("x-internal-token", "x"),
            ("x-forwarded-for", "10.0.0.1"),
            ("connection", "close"),
            ("origin", "https://app.example.org"),
            ("authorization", "Bearer x"),
            ("x-client-type", "mobile"),
        ]);
        let mut names: Vec<_> = from_client(&given).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "x-client-type"]);
    }

    #[test]
    fn repeated_headers_are_forwarded_as_one_sec_4() {
        let mut given = HeaderMap::new();
        for (name, value) in [
            ("cookie", "refreshToken=x"),
            ("cookie", "sessionId=y"),
            ("accept", "text/html"),
            ("accept", "*/*"),
        ] {
            given.append(name, HeaderValue::from_static(value));
        }
        let found: Vec<_> = from_client(&given).collect();
        assert_eq!(found.len(), 2);
        let value = |name: HeaderName| joined(&given, &name);
        let cookies = HeaderValue::from_static("refreshToken=x; sessionId=y");
        assert_eq!(value(header::COOKIE), Some(cookies));
        let accept = HeaderValue::from_static("text/html, */*");
        assert_eq!(value(header::ACCEPT), Some(accept));
    }

    #[test]
    fn only_the_limit_that_rejected_a_request_is_shown_res_6() {
        let given = headers(&[
            ("x-ratelimit-remaining", "0"),
            ("content-type", "text/plain"),
        ]);
        let names = |status| {
            let kept = to_client(status, &given);
            kept.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(names(StatusCode::OK), ["content-type"]);
        let both = names(StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(both, ["x-ratelimit-remaining", "content-type"]);
    }

    #[test]
    fn response_to_head_keeps_its_length_api_3() {
        let given = headers(&[("content-length", "42")]);
        let length = |is_head| length_of_head(is_head, &given).cloned();
        assert_eq!(length(true), Some(HeaderValue::from_static("42")));
        assert_eq!(length(false), None);
        assert_eq!(to_client(StatusCode::OK, &given).count(), 0);
    }

    #[test]
    fn refresh_by_cookie_needs_an_origin_auth_3() {
        let refresh = "/api/v1/students/auth/refresh";
        let cookie = ("cookie", "a=b; refreshToken=x");
        let reason = |path, pairs: &[(&'static str, &'static str)]| {
            let checked = require_origin(path, &headers(pairs));
            checked.err().map(|error| error.reason().to_owned())
        };
        assert_eq!(
            reason(refresh, &[cookie]).as_deref(),
            Some("ORIGIN_MISSING")
        );
        assert_eq!(
            reason(refresh, &[cookie, ("origin", "https://a.example")]),
            None
        );
        assert_eq!(reason(refresh, &[]), None);
        assert_eq!(reason("/api/v1/students/auth/login", &[cookie]), None);
    }

    #[test]
    fn cookie_beside_other_bytes_needs_an_origin_auth_3() {
        let mut given = HeaderMap::new();
        let line = HeaderValue::from_bytes(b"a=\xff; refreshToken=x").unwrap();
        given.insert(header::COOKIE, line);
        let refused = require_origin("/api/v1/students/auth/refresh", &given);
        assert_eq!(refused.unwrap_err().reason(), "ORIGIN_MISSING");
    }
}
