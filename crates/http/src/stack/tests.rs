use std::{
    future::pending,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, Method, Request, StatusCode, request::Parts};
use http_body_util::BodyExt as _;
use seaworthy_core::{
    Actor, ByteSize, Code, Error, RequestContext, RequestId, ServiceIdentity, Timeout, context,
};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, MemorySink},
    metrics::Format,
    tracer::TracingConfig,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};
use tower::ServiceExt as _;

use super::*;
use crate::{
    Authenticate, Authentication, HealthSource, HttpConfig, Identity, Json, RouteOptions, Routes,
    server::{Listener, ListenerConfig},
};

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.body
        );
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert_eq!(problem["status"], self.status.as_u16());
        problem
    }
}

fn identity() -> ServiceIdentity {
    ServiceIdentity::new("orders-service", "1.0.0")
}

fn telemetry() -> (Telemetry, MemorySink) {
    let sink = MemorySink::default();
    let telemetry = Telemetry::start_with_sink(
        &identity(),
        &LogConfig::default(),
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(sink.clone()),
    );
    (telemetry.unwrap(), sink)
}

fn builder(config: HttpConfig) -> StackBuilder {
    Stack::builder(identity(), config, &telemetry().0)
}

fn stack_with(config: HttpConfig, routes: Routes) -> Stack {
    builder(config).build(routes).unwrap()
}

fn stack(routes: Routes) -> Stack {
    stack_with(HttpConfig::default(), routes)
}

async fn send(stack: &Stack, request: Request<Body>) -> Answer {
    let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
    let response = stack
        .connection(peer, false)
        .oneshot(request)
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(stack: &Stack, path: &str) -> Answer {
    send(stack, request(Method::GET, path)).await
}

fn request(method: Method, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn an_answer_carries_its_request_id_and_trace_obs_7() {
    let stack = stack(Routes::new().get("/", async || {
        context::current().unwrap().request_id().to_string()
    }));
    let made = get(&stack, "/").await;
    assert_eq!(made.header("x-request-id"), made.body);
    assert!(RequestId::parse(made.body.as_bytes()).is_ok());
    assert_eq!(made.header("traceparent").len(), 55);

    let mut kept = request(Method::GET, "/");
    kept.headers_mut()
        .insert("x-request-id", "order-17".parse().unwrap());
    assert_eq!(send(&stack, kept).await.header("x-request-id"), "order-17");

    let mut replaced = request(Method::GET, "/");
    replaced
        .headers_mut()
        .insert("x-request-id", "a b".parse().unwrap());
    assert_ne!(send(&stack, replaced).await.header("x-request-id"), "a b");

    let mut doubled = request(Method::GET, "/");
    doubled
        .headers_mut()
        .append("x-request-id", "a".parse().unwrap());
    doubled
        .headers_mut()
        .append("x-request-id", "b".parse().unwrap());
    assert_eq!(send(&stack, doubled).await.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problem_documents_api_2() {
    let stack = stack(Routes::new().get("/things/{id}", async || "thing"));
    let missing = get(&stack, "/nothing").await;
    assert_eq!(missing.problem()["reason"], "ROUTE_NOT_FOUND");
    assert_eq!(missing.status, StatusCode::NOT_FOUND);

    let refused = send(&stack, request(Method::PUT, "/things/7")).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
    assert_eq!(refused.problem()["reason"], "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn head_and_options_are_answered_without_a_handler_api_2() {
    let stack = stack(Routes::new().get("/", async || "hello"));
    let head = send(&stack, request(Method::HEAD, "/")).await;
    assert_eq!(
        (head.status, head.header("content-length"), &*head.body),
        (StatusCode::OK, "5", "")
    );
    let options = send(&stack, request(Method::OPTIONS, "/")).await;
    assert_eq!(options.status, StatusCode::NO_CONTENT);
    assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
    let missing = send(&stack, request(Method::HEAD, "/nothing")).await;
    assert_eq!(
        (missing.status, &*missing.body),
        (StatusCode::NOT_FOUND, "")
    );
    assert_ne!(missing.header("content-length"), "0");
}

#[tokio::test]
async fn a_handler_returns_the_one_error_type_and_its_cause_stays_inside_sec_4() {
    let stack = stack(Routes::new().get("/", async || -> Result<Json<u8>, Error> {
        Err(Error::internal("password of db is hunter2"))
    }));
    let answer = get(&stack, "/").await;
    assert_eq!(answer.problem()["code"], "INTERNAL");
    assert!(!answer.body.contains("hunter2"));
}

#[tokio::test]
async fn a_panic_is_a_plain_500_with_the_request_id_obs_8() {
    let stack = stack(Routes::new().get("/", async || -> &'static str { panic!("secret detail") }));
    let answer = get(&stack, "/").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.problem()["reason"], "INTERNAL");
    assert!(!answer.body.contains("secret"));
    assert_eq!(
        get(&stack, "/").await.status,
        answer.status,
        "the stack goes on"
    );
}

#[tokio::test]
async fn a_panic_in_a_streamed_body_ends_the_answer_as_broken_obs_8() {
    let stack = stack(Routes::new().get("/", async || {
        Body::from_stream(futures::stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<&'static str, std::io::Error>>> {
                panic!("in the body")
            },
        ))
    }));
    let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
    let response = stack
        .connection(peer, false)
        .oneshot(request(Method::GET, "/"))
        .await
        .unwrap();
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn plain_texts_of_faults_are_replaced_and_bare_statuses_explained_sec_4() {
    let stack = stack(
        Routes::new()
            .get("/leaks", async || {
                (StatusCode::INTERNAL_SERVER_ERROR, "SELECT * FROM users")
            })
            .get("/bare", async || StatusCode::CONFLICT)
            .get("/teapot", async || StatusCode::IM_A_TEAPOT)
            .get("/own", async || {
                (StatusCode::BAD_REQUEST, "in my own words")
            }),
    );
    let leaks = get(&stack, "/leaks").await;
    assert!(!leaks.body.contains("SELECT"));
    assert_eq!(leaks.problem()["code"], "INTERNAL");
    assert_eq!(get(&stack, "/bare").await.problem()["status"], 409);
    assert_eq!(get(&stack, "/teapot").await.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(get(&stack, "/own").await.body, "in my own words");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_cancelled_res_3() {
    struct Cancelled(Arc<AtomicBool>);
    impl Drop for Cancelled {
        fn drop(&mut self) {
            self.0.store(context::current().is_some(), Ordering::SeqCst);
        }
    }
    let cancelled = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&cancelled);
    let slow = async move || {
        let _guard = Cancelled(seen);
        pending::<()>().await;
    };
    let quick = RouteOptions::new().timeout(Timeout::from_millis(50));
    let stack = stack(Routes::new().get("/slow", slow).route_with(
        "/quick",
        axum::routing::get(async || pending::<()>().await),
        quick,
    ));
    let begin = tokio::time::Instant::now();
    let answer = get(&stack, "/slow").await;
    assert_eq!(answer.problem()["reason"], "DEADLINE_EXCEEDED");
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(
        begin.elapsed() >= Duration::from_secs(29) && begin.elapsed() <= Duration::from_secs(31)
    );
    assert!(
        cancelled.load(Ordering::SeqCst),
        "the handler was dropped, in its context"
    );

    let begin = tokio::time::Instant::now();
    get(&stack, "/quick").await.problem();
    assert!(begin.elapsed() <= Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_client_shortens_its_timeout_and_late_work_is_refused_life_6() {
    let begun = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&begun);
    let stack = stack(Routes::new().get("/", async move || {
        seen.store(true, Ordering::SeqCst);
        pending::<()>().await;
    }));
    let with = |wish: &str| {
        let mut request = request(Method::GET, "/");
        request
            .headers_mut()
            .insert("x-request-timeout-ms", wish.parse().unwrap());
        request
    };
    let late = send(&stack, with("0")).await;
    assert_eq!(late.problem()["reason"], "DEADLINE_EXCEEDED");
    assert!(
        !begun.load(Ordering::SeqCst),
        "work that is late already is not begun"
    );

    let begin = tokio::time::Instant::now();
    send(&stack, with("100")).await.problem();
    assert!(begin.elapsed() <= Duration::from_millis(200));
    let begin = tokio::time::Instant::now();
    send(&stack, with("99999999999999999999999"))
        .await
        .problem();
    assert!(begin.elapsed() <= Duration::from_secs(31));
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_handler_life_6() {
    let (dropped, was_dropped) = oneshot::channel::<()>();
    let dropped = Arc::new(std::sync::Mutex::new(Some(dropped)));
    let stack = stack(Routes::new().get("/", async move || {
        let _held_until_dropped = dropped.lock().unwrap().take();
        pending::<()>().await;
    }));
    let mut future = send(&stack, request(Method::GET, "/")).boxed();
    assert!(futures::poll!(&mut future).is_pending());
    drop(future);
    assert!(was_dropped.await.is_err());
    assert_eq!(stack.in_flight(), 0);
}

#[tokio::test]
async fn bodies_are_bounded_declared_or_streamed_sec_3() {
    let config = HttpConfig {
        body_limit: ByteSize::bytes(8),
        ..HttpConfig::default()
    };
    let wide = RouteOptions::new().body_limit(ByteSize::bytes(64));
    let echo = || axum::routing::post(async |body: axum::body::Bytes| body);
    let read = axum::routing::post(async |Json(value): Json<Value>| Json(value));
    let stack = stack_with(
        config,
        Routes::new()
            .route("/echo", echo())
            .route("/json", read)
            .route_with("/wide", echo(), wide),
    );
    let post = |path: &str, body: Body, length: Option<u64>| {
        let mut request = Request::post(path)
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        if let Some(length) = length {
            request
                .headers_mut()
                .insert("content-length", length.into());
        }
        request
    };
    let streamed = || {
        Body::from_stream(futures::stream::iter([
            Ok::<_, std::io::Error>("[\"1234\","),
            Ok("5]"),
        ]))
    };
    let declared = send(&stack, post("/echo", Body::from("123456789"), Some(9))).await;
    assert_eq!(declared.problem()["reason"], "BODY_TOO_LARGE");
    let grown = send(&stack, post("/json", streamed(), None)).await;
    assert_eq!(grown.problem()["reason"], "BODY_TOO_LARGE");
    assert_eq!(grown.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        send(&stack, post("/echo", Body::from("12345678"), Some(8)))
            .await
            .body,
        "12345678"
    );
    assert_eq!(
        send(&stack, post("/wide", Body::from("123456789"), Some(9)))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn beyond_the_requests_in_flight_the_answer_is_503_at_once_res_7() {
    let mut config = HttpConfig::default();
    config.load_shed.max_in_flight = NonZeroU32::MIN;
    let stack = stack_with(
        config,
        Routes::new().get("/", async || pending::<()>().await),
    );
    let mut first = send(&stack, request(Method::GET, "/")).boxed();
    assert!(futures::poll!(&mut first).is_pending());
    let second = get(&stack, "/").await;
    assert_eq!(second.problem()["reason"], "OVERLOADED");
    assert_eq!(
        (second.status, second.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, "1")
    );
    drop(first);
    assert_eq!(stack.in_flight(), 0);
}

fn limited(burst: u32) -> HttpConfig {
    let mut config = HttpConfig::default();
    config.rate_limit.burst = NonZeroU32::new(burst).unwrap();
    config.rate_limit.requests_per_second = NonZeroU32::MIN;
    config
}

#[tokio::test]
async fn a_caller_beyond_its_rate_is_told_when_to_come_back_res_6() {
    let free = RouteOptions::new().without_rate_limit();
    let stack = stack_with(
        limited(2),
        Routes::new().get("/", async || "hello").route_with(
            "/free",
            axum::routing::get(async || "free"),
            free,
        ),
    );
    let first = get(&stack, "/").await;
    assert_eq!(first.header("ratelimit"), "\"default\";r=1;t=1");
    assert_eq!(first.header("ratelimit-policy"), "\"default\";q=2;w=2");
    get(&stack, "/missing").await;
    let refused = get(&stack, "/").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.problem()["reason"], "RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit"), "\"default\";r=0;t=2");
    assert_eq!(get(&stack, "/free").await.status, StatusCode::OK);
}

struct Tokens;

impl Authenticate for Tokens {
    fn authenticate(
        &self,
        request: &Parts,
        _: &Arc<RequestContext>,
        _: &RouteOptions,
    ) -> Authentication {
        let identity = |name: &str| Identity {
            actor: Actor::new(name),
            tenant: None,
            extensions: http::Extensions::new(),
        };
        match request
            .headers
            .get("authorization")
            .map(|value| value.to_str().unwrap())
        {
            None => Authentication::Anonymous,
            Some("wrong") => {
                Authentication::Refused(Error::new(Code::Unauthenticated, "BAD_TOKEN", "no"))
            }
            Some("panic") => panic!("in the authenticator"),
            Some(name) if name.starts_with("slow") => {
                let identity = identity(name);
                let later: BoxFuture<'static, _> = Box::pin(async move {
                    tokio::task::yield_now().await;
                    Ok(Some(identity))
                });
                Authentication::Later(later)
            }
            Some(name) => Authentication::Known(identity(name)),
        }
    }
}

fn with_token(token: &str) -> Request<Body> {
    let mut request = request(Method::GET, "/");
    request
        .headers_mut()
        .insert("authorization", token.parse().unwrap());
    request
}

fn authenticated(config: HttpConfig) -> Stack {
    let who = async || {
        let context = context::current().unwrap();
        context
            .actor()
            .map_or("nobody".to_owned(), |actor| actor.as_str().to_owned())
    };
    builder(config)
        .authenticate(Tokens)
        .build(Routes::new().get("/", who))
        .unwrap()
}

#[tokio::test]
async fn the_authentication_slot_names_the_actor_core_2() {
    let stack = authenticated(HttpConfig::default());
    assert_eq!(send(&stack, with_token("ada")).await.body, "ada");
    assert_eq!(send(&stack, with_token("slow-ada")).await.body, "slow-ada");
    assert_eq!(get(&stack, "/").await.body, "nobody");
    assert_eq!(
        send(&stack, with_token("wrong")).await.problem()["reason"],
        "BAD_TOKEN"
    );
    assert_eq!(
        send(&stack, with_token("panic")).await.status,
        StatusCode::INTERNAL_SERVER_ERROR
    );
}

#[tokio::test]
async fn users_behind_one_address_have_budgets_of_their_own_res_6() {
    let stack = authenticated(limited(2));
    for name in ["ada", "slow-bob"] {
        assert_eq!(send(&stack, with_token(name)).await.status, StatusCode::OK);
        assert_eq!(send(&stack, with_token(name)).await.status, StatusCode::OK);
        assert_eq!(
            send(&stack, with_token(name)).await.status,
            StatusCode::TOO_MANY_REQUESTS
        );
    }
    assert_eq!(get(&stack, "/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn guessing_credentials_is_limited_by_address_before_they_are_checked_auth_2() {
    let stack = authenticated(limited(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(send(&stack, with_token("wrong")).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
}

#[tokio::test]
async fn preflights_are_answered_whatever_the_routes_know_sec_2() {
    let mut config = HttpConfig::default();
    config.cors.enabled = true;
    config.cors.allowed_origins = vec!["https://app.example".to_owned()];
    let stack = stack_with(config, Routes::new().get("/", async || "hello"));
    for path in ["/", "/nothing"] {
        let mut preflight = request(Method::OPTIONS, path);
        let headers = preflight.headers_mut();
        headers.insert("origin", "https://app.example".parse().unwrap());
        headers.insert("access-control-request-method", "PUT".parse().unwrap());
        let answer = send(&stack, preflight).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://app.example"
        );
    }
    let mut refused = request(Method::PUT, "/");
    refused
        .headers_mut()
        .insert("origin", "https://app.example".parse().unwrap());
    let answer = send(&stack, refused).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://app.example"
    );
}

#[tokio::test]
async fn every_answer_has_security_headers_and_no_banner_sec_4() {
    let stack = stack(Routes::new().get("/", async || "hello"));
    for path in ["/", "/nothing"] {
        let answer = get(&stack, path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.headers.contains_key("server"));
    }
}

struct Probes {
    ready: bool,
}

impl HealthSource for Probes {
    fn is_ready(&self) -> bool {
        self.ready
    }

    fn has_started(&self) -> bool {
        true
    }

    fn report(&self) -> String {
        "{}".to_owned()
    }
}

#[tokio::test]
async fn probes_pass_by_everything_else_hlth_5() {
    let stack = builder(limited(1))
        .health(Probes { ready: false })
        .build(Routes::new().get("/healthz", async || "my own words"))
        .unwrap();
    for _ in 0..5 {
        for path in [
            "/livez",
            "/health",
            "/startupz",
            "/orders-service/v1/health",
            "/orders/v1/health",
        ] {
            let answer = get(&stack, path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(!answer.headers.contains_key("x-request-id"));
        }
        for path in ["/readyz", "/ready"] {
            assert_eq!(
                get(&stack, path).await.status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{path}"
            );
        }
    }
    assert_eq!(
        get(&stack, "/healthz").await.body,
        "my own words",
        "a route of the service replaces a probe"
    );
}

#[tokio::test]
async fn the_client_address_comes_through_trusted_proxies_only_sec_6() {
    let config = HttpConfig {
        trusted_proxies: vec!["192.0.2.0/24".parse().unwrap()],
        ..HttpConfig::default()
    };
    let who = async || {
        context::current()
            .unwrap()
            .client_address()
            .unwrap()
            .to_string()
    };
    let stack = stack_with(config, Routes::new().get("/", who));
    let mut request = request(Method::GET, "/");
    request
        .headers_mut()
        .insert("x-forwarded-for", "6.6.6.6, 203.0.113.9".parse().unwrap());
    assert_eq!(send(&stack, request).await.body, "203.0.113.9");
}

#[test]
fn the_order_is_printed_with_its_settings_obs_1() {
    let text = stack(Routes::new()).describe();
    let steps: Vec<_> = text.lines().collect();
    assert_eq!(steps.len(), ORDER.len());
    assert!(steps[9].contains("deadline and timeout [30s]"), "{text}");
    assert!(text.contains("body limit [2MiB]"), "{text}");
    let order = stack(Routes::new()).order();
    assert!(order.starts_with("probes > panic recovery > request ID > trace > metrics"));
    assert!(!order.contains('\n'));
}

#[tokio::test]
async fn ten_thousand_random_paths_add_one_label_value_obs_4() {
    let (telemetry, _) = telemetry();
    let mut config = HttpConfig::default();
    config.rate_limit.enabled = false;
    let stack = Stack::builder(identity(), config, &telemetry)
        .build(Routes::new().get("/things/{id}", async || "thing"))
        .unwrap();
    get(&stack, "/things/1").await;
    for number in 0..10_000 {
        let method = Method::from_bytes(format!("M{}", number % 7).as_bytes()).unwrap();
        send(&stack, request(method, &format!("/random/{number}"))).await;
    }
    let text = telemetry.metrics().render(Format::PrometheusText);
    let series: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("http_requests_total{"))
        .collect();
    assert_eq!(
        series,
        [
            r#"http_requests_total{method="GET",path="/things/{id}",status="200"} 1"#,
            r#"http_requests_total{method="other",path="unmatched",status="404"} 10000"#,
        ]
    );
    assert!(text.contains("http_requests_in_flight 0"), "{text}");
    assert!(
        text.contains(r#"http_request_duration_seconds_count{method="GET",path="/things/{id}"} 1"#)
    );
}

#[tokio::test]
async fn each_request_is_one_line_with_its_context_obs_2() {
    let (telemetry, sink) = telemetry();
    let fails = async || -> Result<(), Error> { Err(Error::internal("disk full")) };
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry)
        .health(Probes { ready: true })
        .build(
            Routes::new()
                .get("/things/{id}", async || "thing")
                .get("/fails", fails),
        )
        .unwrap();
    let mut request = request(Method::GET, "/things/7?token=abc");
    request
        .headers_mut()
        .insert("x-request-id", "r-1".parse().unwrap());
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request
        .headers_mut()
        .insert("traceparent", trace.parse().unwrap());
    let answer = send(&stack, request).await;
    assert!(
        answer
            .header("traceparent")
            .starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    );
    assert_ne!(
        answer.header("traceparent"),
        trace,
        "it is the service's own span"
    );
    get(&stack, "/livez").await;
    get(&stack, "/fails").await;

    let lines: Vec<Value> = sink
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["target"] == "seaworthy::access")
        .collect();
    assert_eq!(lines.len(), 2, "probes write no line");
    let line = &lines[0];
    assert_eq!(line["request_id"], "r-1");
    assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(line["route"], "/things/{id}");
    assert_eq!(line["path"], "/things/7");
    assert_eq!(
        (line["status"].as_u64(), line["bytes"].as_u64()),
        (Some(200), Some(5))
    );
    assert!(line.get("query").is_none(), "queries may carry tokens");
    assert_eq!(
        (&lines[1]["level"], &lines[1]["cause"]),
        (&"ERROR".into(), &"disk full".into())
    );
}

#[tokio::test]
async fn a_panic_is_counted_and_reported_obs_8() {
    let (telemetry, _) = telemetry();
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry)
        .build(Routes::new().get("/", async || -> () { panic!("boom") }))
        .unwrap();
    get(&stack, "/").await;
    assert_eq!(telemetry.errors().panics(), 1);
    let text = telemetry.metrics().render(Format::PrometheusText);
    assert!(
        text.contains(r#"http_requests_total{method="GET",path="/",status="500"} 1"#),
        "{text}"
    );
}

#[tokio::test]
async fn a_cancelled_request_is_counted_as_such_life_6() {
    let (telemetry, sink) = telemetry();
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry)
        .build(Routes::new().get("/", async || pending::<()>().await))
        .unwrap();
    let mut future = send(&stack, request(Method::GET, "/")).boxed();
    assert!(futures::poll!(&mut future).is_pending());
    drop(future);
    let text = telemetry.metrics().render(Format::PrometheusText);
    assert!(
        text.contains(r#"status="499"} 1"#) && text.contains("http_requests_in_flight 0"),
        "{text}"
    );
    assert!(sink.lines()[0].contains(r#""ended":"cancelled""#));
}

#[tokio::test]
async fn a_real_connection_meets_the_same_stack_obs_7() {
    let stack = stack(
        Routes::new()
            .get("/", async || "hello")
            .post("/echo", async |Json(value): Json<Value>| Json(value)),
    );
    let config = ListenerConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..ListenerConfig::default()
    };
    let listener = Listener::bind(&config).await.unwrap();
    let address = listener.local_addr();
    let server = listener.serve_with(move |connection| stack.connection(connection.peer(), false));

    let mut socket = TcpStream::connect(address).await.unwrap();
    let requests = "GET / HTTP/1.1\r\nhost: a\r\nx-request-id: r-9\r\n\r\n\
        POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
        3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n\
        DELETE /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    socket.write_all(requests.as_bytes()).await.unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    let answers: Vec<_> = text.split("HTTP/1.1 ").skip(1).collect();
    assert_eq!(answers.len(), 3, "{text}");
    assert!(
        answers[0].starts_with("200") && answers[0].contains("x-request-id: r-9"),
        "{text}"
    );
    assert!(answers[0].ends_with("hello"), "{text}");
    assert!(
        answers[1].starts_with("200") && answers[1].ends_with("[1,2]"),
        "{text}"
    );
    assert!(
        answers[2].starts_with("405") && answers[2].contains("allow: POST, OPTIONS"),
        "{text}"
    );
    server.drain();
    server.finished().await;
}

#[tokio::test]
async fn what_is_refused_before_a_handler_is_counted_obs_5() {
    let (telemetry, _) = telemetry();
    let mut config = limited(2);
    config.load_shed.max_in_flight = NonZeroU32::MIN;
    let stack = Stack::builder(identity(), config, &telemetry)
        .authenticate(Tokens)
        .build(Routes::new().get("/", async || pending::<()>().await))
        .unwrap();
    let mut held = send(&stack, request(Method::GET, "/")).boxed();
    assert!(futures::poll!(&mut held).is_pending());
    get(&stack, "/").await;
    drop(held);
    for _ in 0..3 {
        send(&stack, with_token("wrong")).await;
    }
    let text = telemetry.metrics().render(Format::PrometheusText);
    for expected in [
        "load_shed_total 1",
        "rate_limit_blocked_total 1",
        "auth_failures_total{reason=\"BAD_TOKEN\"} 2",
    ] {
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
}
