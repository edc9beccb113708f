//! Sends any byte that HTTP admits in every header that the stack reads: alone, repeated, and
//! next to a valid value.

use std::sync::LazyLock;

use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::*;

const GOOD: &str = "Bearer good";
const ALLOWED_ORIGIN: &str = "https://app.example";
const OWN_ORIGIN: &str = "https://events.example";
const HOST: &str = "events.example";
const TIMEOUT: &str = "x-request-timeout-ms";

/// Every header that the stack reads, and some that handlers read.
const READ: [&str; 23] = [
    "authorization",
    "traceparent",
    "tracestate",
    "baggage",
    "x-request-id",
    TIMEOUT,
    "grpc-timeout",
    "x-forwarded-for",
    "forwarded",
    "cookie",
    "origin",
    "sec-fetch-site",
    "access-control-request-method",
    "access-control-request-headers",
    "content-type",
    "accept",
    "accept-encoding",
    "user-agent",
    "idempotency-key",
    "range",
    "if-none-match",
    "retry-after",
    "x-unknown",
];

/// Values that are valid in some header.
const VALID: [&str; 16] = [
    GOOD,
    ALLOWED_ORIGIN,
    OWN_ORIGIN,
    "same-origin",
    "none",
    "application/json",
    "application/grpc",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "0",
    "100000",
    "99999999H",
    "18446744073709551616",
    "203.0.113.7, 10.0.0.1",
    "for=\"[2001:db8::1]:80\"",
    "0192d3a4-5b6c-7d8e-9f00-112233445566",
    "a=b; c=d",
];

/// Counts the requests that reached a handler with side effects.
static CHANGES: AtomicBool = AtomicBool::new(false);

/// Authenticates one caller, by exactly one header value.
struct OneCaller;

impl Authenticate for OneCaller {
    fn authenticate(
        &self,
        request: &Parts,
        _: &Arc<RequestContext>,
        _: &RouteOptions,
    ) -> Authentication {
        let mut values = request.headers.get_all("authorization").iter();
        match (values.next(), values.next()) {
            (None, _) => Authentication::Anonymous,
            (Some(value), None) if value == GOOD => Authentication::Authenticated(Identity {
                actor: Actor::new("one"),
                tenant: None,
                grants: Grants::default(),
                attachment: None,
            }),
            _ => Authentication::Rejected(Error::new(
                Code::Unauthenticated,
                "INVALID_CREDENTIALS",
                "the credentials are wrong",
            )),
        }
    }
}

static STACK: LazyLock<Stack> = LazyLock::new(|| {
    let mut config = HttpConfig::default();
    config.rate_limit.enabled = false;
    config.cors.enabled = true;
    config.cors.allow_credentials = true;
    config.cors.allowed_origins = vec![ALLOWED_ORIGIN.to_owned()];
    config.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    let with = |access| RouteOptions::new().access(access);
    let routes = Routes::new()
        .route_with(
            "/open",
            axum::routing::get(async || "open"),
            with(Access::Public),
        )
        .route_with(
            "/guarded",
            axum::routing::get(async || "guarded"),
            with(Access::Authenticated),
        )
        .route_with(
            "/change",
            axum::routing::post(async || CHANGES.store(true, Ordering::SeqCst)),
            with(Access::Public),
        )
        .route_with(
            "/json",
            axum::routing::post(async |Json(value): Json<Value>| Json(value)),
            with(Access::Public),
        );
    builder(config)
        .authenticate(OneCaller)
        .build(routes)
        .unwrap()
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
});

fn value() -> impl Strategy<Value = HeaderValue> {
    let byte = prop_oneof![
        4 => (b' '..=u8::MAX).prop_filter("DEL is not allowed", |byte| *byte != 0x7f),
        1 => prop::sample::select(b"\t,;=\"\\%:[]-_. ".to_vec()),
    ];
    let bytes = prop_oneof![
        6 => prop::collection::vec(byte.clone(), 0..40),
        1 => prop::collection::vec(byte.clone(), 8_000..9_000),
        4 => prop::sample::select(&VALID[..]).prop_map(|text| text.as_bytes().to_vec()),
        // A valid value with other bytes next to it.
        2 => (prop::sample::select(&VALID[..]), byte.clone(), any::<bool>()).prop_map(
            |(text, byte, before)| match before {
                true => [&[byte], text.as_bytes()].concat(),
                false => [text.as_bytes(), &[byte]].concat(),
            }
        ),
    ];
    bytes.prop_map(|bytes| HeaderValue::from_bytes(&bytes).unwrap())
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, HeaderValue)>> {
    prop::collection::vec((prop::sample::select(&READ[..]), value()), 0..12)
}

fn with_headers(
    method: Method,
    path: &str,
    headers: &[(&'static str, HeaderValue)],
) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .body(Body::empty())
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.clone());
    }
    request
}

fn all<'a>(headers: &'a [(&'static str, HeaderValue)], name: &str) -> Vec<&'a HeaderValue> {
    headers
        .iter()
        .filter(|(other, _)| *other == name)
        .map(|(_, value)| value)
        .collect()
}

/// No header causes a 5xx response except a deadline, and every response is complete.
fn check(
    response: &TestResponse,
    headers: &[(&'static str, HeaderValue)],
) -> Result<(), TestCaseError> {
    let is_late =
        response.status == StatusCode::GATEWAY_TIMEOUT && !all(headers, TIMEOUT).is_empty();
    prop_assert!(
        !response.status.is_server_error() || is_late,
        "{}",
        response.status
    );
    let ids: Vec<_> = response.headers.get_all("x-request-id").iter().collect();
    prop_assert_eq!(ids.len(), 1);
    prop_assert!(RequestId::parse(ids[0].as_bytes()).is_ok());
    let given = all(headers, "x-request-id");
    if given.len() > 1 {
        prop_assert!(!given.contains(&ids[0]));
    }
    let origins = all(headers, "origin");
    let is_allowed = matches!(origins[..], [only] if only == ALLOWED_ORIGIN);
    let admitted = response.headers.get("access-control-allow-origin");
    prop_assert_eq!(admitted.is_some(), is_allowed);
    Ok(())
}

proptest! {
    #[test]
    fn hostile_headers_cause_no_5xx_and_no_access_sec_3(headers in headers()) {
        for path in ["/open", "/guarded", "/missing"] {
            let request = with_headers(Method::GET, path, &headers);
            let response = RUNTIME.block_on(send(&STACK, request));
            check(&response, &headers)?;
            let is_known = matches!(all(&headers, "authorization")[..], [only] if only == GOOD);
            if path == "/guarded" && !is_known {
                prop_assert!(
                    [401, 504].contains(&response.status.as_u16()),
                    "{}", response.status
                );
            }
        }
        let request = with_headers(Method::POST, "/json", &headers);
        let response = RUNTIME.block_on(send(&STACK, request));
        check(&response, &headers)?;
        prop_assert!(!response.status.is_success());
    }

    #[test]
    fn hostile_headers_forge_no_same_site_request_auth_3(
        cookie in value(),
        headers in headers(),
    ) {
        let mut headers = headers;
        headers.push(("cookie", cookie));
        CHANGES.store(false, Ordering::SeqCst);
        let request = with_headers(Method::POST, "/change", &headers);
        let response = RUNTIME.block_on(send(&STACK, request));
        check(&response, &headers)?;
        let sites = all(&headers, "sec-fetch-site");
        let origins = all(&headers, "origin");
        let is_let_in = matches!(origins[..], [only] if only == ALLOWED_ORIGIN);
        let is_own = match (&sites[..], &origins[..]) {
            ([], []) => true,
            ([], [origin]) => *origin == OWN_ORIGIN,
            ([], _) => false,
            (sites, _) => sites.iter().all(|site| *site == "same-origin" || *site == "none"),
        };
        if !is_let_in && !is_own {
            prop_assert!(!CHANGES.load(Ordering::SeqCst));
        }
    }
}
