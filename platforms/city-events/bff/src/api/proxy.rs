//! Proxied routes. The response is forwarded unchanged. Only the gateway sets the identity of the
//! caller.

use seaworthy::{
    axum::{
        body::{Body, Bytes},
        extract::{Request, State},
        http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header},
        response::Response,
    },
    client::{ClientError, HttpClient},
    http::PublicErrorBody,
    prelude::Error,
};

use crate::{
    api_error::ApiError,
    caller::Caller,
    upstream::{Upstreams, forward_address},
};

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
/// Headers that callers may not set. The gateway removes or replaces them.
const RESERVED_HEADERS: [&str; 14] = [
    "x-user-id",
    "x-actor-id",
    "x-tenant-id",
    "x-internal-secret",
    "x-forwarded-for",
    "x-real-ip",
    "true-client-ip",
    "forwarded",
    "x-request-id",
    "traceparent",
    "tracestate",
    "keep-alive",
    // The gateway has already rejected requests from other sites.
    "origin",
    "sec-fetch-site",
];

/// Forwards requests under `/api/auth`.
pub(super) async fn auth(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    forward(
        &upstreams.auth_http,
        "/api/auth",
        "/auth/v1",
        &caller,
        request,
    )
    .await
}

/// Forwards requests under `/api/feed/recommended`.
pub(super) async fn feed(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    mut request: Request,
) -> Result<Response, ApiError> {
    // A revoked or invalid token makes the request anonymous there too.
    if caller.user.is_none() {
        request.headers_mut().remove(header::AUTHORIZATION);
    }
    let (from, to) = ("/api/feed/recommended", "/api/feed");
    forward(&upstreams.feed_http, from, to, &caller, request).await
}

async fn forward(
    client: &HttpClient,
    from: &str,
    to: &str,
    caller: &Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let target = target(request.uri(), from, to)?;
    forward_to(client, &target, caller, request).await
}

/// Forwards a request to this path and query of a service.
pub(super) async fn forward_to(
    client: &HttpClient,
    target: &str,
    caller: &Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    // The browser follows redirects of an OAuth login. The client must not.
    let mut forwarded = client
        .request(parts.method.clone(), target)
        .without_redirects();
    for (name, value) in forwardable(&parts.headers) {
        forwarded = forwarded.header(name.clone(), value.clone());
    }
    if let Some(user) = &caller.user {
        forwarded = forwarded.header("x-user-id", user);
    }
    forwarded = forward_address(forwarded);
    if !(body.is_empty() && matches!(parts.method, Method::GET | Method::HEAD)) {
        forwarded = forwarded.body(body);
    }
    let response = forwarded.send().await.map_err(unreachable)?.into_http();
    let (head, body) = response.into_parts();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = head.status;
    response.extensions_mut().insert(PublicErrorBody);
    for (name, value) in forwardable(&head.headers) {
        response.headers_mut().append(name.clone(), value.clone());
    }
    Ok(response)
}

/// Returns the same path at the service. Rejects `..` segments, which could lead to internal
/// routes. Escaped separators count as separators, because a proxy between the services may decode
/// them.
fn target(uri: &Uri, from: &str, to: &str) -> Result<String, ApiError> {
    let rest = uri.path().strip_prefix(from).unwrap_or_default();
    let decoded = rest
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    let is_dot_segment = |segment: &str| segment == "." || segment == "..";
    if decoded.split(['/', '\\']).any(is_dot_segment) {
        return Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "no route matches this path",
        ));
    }
    Ok(match uri.query() {
        Some(query) => format!("{to}{rest}?{query}"),
        None => format!("{to}{rest}"),
    })
}

fn forwardable(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &header::HeaderValue)> {
    headers.iter().filter(|(name, _)| {
        !HOP_BY_HOP_HEADERS.contains(name) && !RESERVED_HEADERS.contains(&name.as_str())
    })
}

/// The maximum size of a forwarded body, in bytes. It is the default of the gateway's listener.
const MAX_FORWARDED_BODY: usize = 64 * 1024;

async fn read(body: Body) -> Result<Bytes, ApiError> {
    seaworthy::axum::body::to_bytes(body, MAX_FORWARDED_BODY)
        .await
        .map_err(|_| ApiError::invalid("the body cannot be read or is larger than 64 KiB"))
}

fn unreachable(error: ClientError) -> ApiError {
    let converted = match &error {
        ClientError::TimedOut { .. } => ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "upstream_timeout",
            "the service did not respond in time",
        ),
        _ => ApiError::new(
            StatusCode::BAD_GATEWAY,
            "upstream_unavailable",
            "the service cannot be reached",
        ),
    };
    converted.with_cause(Error::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(path: &str) -> Option<String> {
        let uri: Uri = path.parse().unwrap();
        target(&uri, "/api/auth", "/auth/v1").ok()
    }

    #[test]
    fn forwards_paths_without_dot_segments_sec_4() {
        assert_eq!(proxied("/api/auth/me").unwrap(), "/auth/v1/me");
        assert_eq!(
            proxied("/api/auth/password/reset/validate?token=a%2Bb").unwrap(),
            "/auth/v1/password/reset/validate?token=a%2Bb"
        );
        for path in [
            "/api/auth/../../internal/users/1",
            "/api/auth/%2e%2e/%2E%2e/internal",
            "/api/auth/a/./b",
            "/api/auth/.%2e/x",
            "/api/auth/..%2f..%2finternal/users/1",
            "/api/auth/a%2F%2e%2E%2Fb",
            "/api/auth/..%5Cinternal",
        ] {
            assert_eq!(proxied(path), None, "{path}");
        }
    }
}
