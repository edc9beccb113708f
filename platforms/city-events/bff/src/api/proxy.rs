//! Routes that other services answer: what they say goes on as it is. Who asks is told by this service alone.

use seaworthy::{
    axum::{
        body::{Body, Bytes},
        extract::{Request, State},
        http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header},
        response::Response,
    },
    client::{ClientError, HttpClient},
    core::context,
    prelude::Error,
};

use crate::{caller::Caller, refusal::Refusal, upstream::Upstreams};

/// Headers that belong to one connection (RFC 9110, section 7.6.1) or to its message.
const FRAMING: [HeaderName; 9] = [
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
/// What callers may not say of themselves, and what this service says anew.
const OURS: [&str; 14] = [
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
    // Whether a page of another site asks was looked at here, where it is known what the own site is.
    "origin",
    "sec-fetch-site",
];

/// Everything below `/api/auth`.
pub(super) async fn auth(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    forward(
        &upstreams.auth_http,
        "/api/auth",
        "/auth/v1",
        &caller,
        request,
    )
    .await
}

/// Everything below `/api/feed/recommended`.
pub(super) async fn feed(
    State(upstreams): State<Upstreams>,
    caller: Caller,
    mut request: Request,
) -> Result<Response, Refusal> {
    // Whose token counts no more is nobody there too.
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
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let target = target(&parts.uri, from, to)?;
    let body = read(body).await?;
    // A redirect of a sign-in elsewhere is for the browser, whatever the settings of the client are.
    let mut sent = client
        .request(parts.method.clone(), target.as_str())
        .without_redirects();
    for (name, value) in kept(&parts.headers) {
        sent = sent.header(name.clone(), value.clone());
    }
    if let Some(user) = &caller.user {
        sent = sent.header("x-user-id", user);
    }
    let address =
        context::with_current(|context| context.and_then(|context| context.client_address()));
    if let Some(address) = address {
        sent = sent.header("x-forwarded-for", address.to_string());
    }
    if !(body.is_empty() && matches!(parts.method, Method::GET | Method::HEAD)) {
        sent = sent.body(body);
    }
    let answer = sent.send().await.map_err(unreachable)?.into_http();
    let (head, body) = answer.into_parts();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = head.status;
    for (name, value) in kept(&head.headers) {
        response.headers_mut().append(name.clone(), value.clone());
    }
    Ok(response)
}

/// Returns the same path at the service. Refuses `..` segments, which could lead to internal
/// routes. Escaped separators count as separators, because a proxy between the services may decode
/// them.
fn target(uri: &Uri, from: &str, to: &str) -> Result<String, Refusal> {
    let rest = uri.path().strip_prefix(from).unwrap_or_default();
    let plain = rest
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    let is_step = |segment: &str| segment == "." || segment == "..";
    if plain.split(['/', '\\']).any(is_step) {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "no route has this path",
        ));
    }
    Ok(match uri.query() {
        Some(query) => format!("{to}{rest}?{query}"),
        None => format!("{to}{rest}"),
    })
}

fn kept(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &header::HeaderValue)> {
    headers
        .iter()
        .filter(|(name, _)| !FRAMING.contains(name) && !OURS.contains(&name.as_str()))
}

/// The longest body that is forwarded, in bytes. Sign-in forms and tracked views are far shorter, and
/// it is the default limit of the gateway's listener.
const MAX_FORWARDED_BODY: usize = 64 * 1024;

async fn read(body: Body) -> Result<Bytes, Refusal> {
    seaworthy::axum::body::to_bytes(body, MAX_FORWARDED_BODY)
        .await
        .map_err(|_| Refusal::invalid("the body cannot be read"))
}

fn unreachable(error: ClientError) -> Refusal {
    let refusal = match &error {
        ClientError::TimedOut { .. } => Refusal::new(
            StatusCode::GATEWAY_TIMEOUT,
            "upstream_timeout",
            "the service did not answer in time",
        ),
        _ => Refusal::new(
            StatusCode::BAD_GATEWAY,
            "upstream_unavailable",
            "the service cannot be reached",
        ),
    };
    refusal.because(Error::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(path: &str) -> Option<String> {
        let uri: Uri = path.parse().unwrap();
        target(&uri, "/api/auth", "/auth/v1").ok()
    }

    #[test]
    fn a_path_goes_on_as_it_is_and_never_upwards_sec() {
        assert_eq!(leads("/api/auth/me").unwrap(), "/auth/v1/me");
        assert_eq!(
            leads("/api/auth/password/reset/validate?token=a%2Bb").unwrap(),
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
            assert_eq!(leads(path), None, "{path}");
        }
    }
}
