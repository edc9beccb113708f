use futures::StreamExt as _;

use seaworthy_resilience::rate_limit::RateLimits;

use super::*;
use crate::BodyBudget;

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
    let response = get(&stack, "/slow").await;
    assert_eq!(response.problem()["reason"], "DEADLINE_EXCEEDED");
    assert_eq!(response.status, StatusCode::GATEWAY_TIMEOUT);
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
async fn a_client_shortens_its_timeout_and_late_work_is_rejected_life_6() {
    let begun = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&begun);
    let stack = stack(Routes::new().get("/", async move || {
        seen.store(true, Ordering::SeqCst);
        pending::<()>().await;
    }));
    let with = |timeout: &str| {
        let mut request = request(Method::GET, "/");
        request
            .headers_mut()
            .insert("x-request-timeout-ms", timeout.parse().unwrap());
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
async fn disconnected_client_cancels_its_handler_life_6() {
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
        max_body_size: ByteSize::bytes(8),
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
async fn request_above_max_in_flight_gets_503_at_once_res_7() {
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

#[tokio::test]
async fn limited_caller_gets_retry_after_res_6() {
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

#[tokio::test]
async fn route_has_own_limit_with_headers_res_6() {
    let own = crate::RateLimitsConfig {
        requests: NonZeroU32::MIN,
        window: Timeout::from_secs(60),
        ..crate::RateLimitsConfig::default()
    };
    let metrics = seaworthy_telemetry::metrics::Metrics::new();
    let own = RateLimits::new("orders-service", "reports", &own, &metrics).unwrap();
    let get_ok = || axum::routing::get(async || "report");
    let routes = Routes::new()
        .get("/", async || "hello")
        .route_with(
            "/reports",
            get_ok(),
            RouteOptions::new().rate_limits(own.clone()),
        )
        .route_with(
            "/alone",
            get_ok(),
            RouteOptions::new().without_rate_limit().rate_limits(own),
        );
    let stack = stack_with(limited(5), routes);
    let first = get(&stack, "/reports").await;
    assert_eq!(
        first.header("ratelimit-policy"),
        "\"default\";q=5;w=5, \"reports\";q=1;w=60"
    );
    let refused = get(&stack, "/reports").await;
    assert_eq!(refused.problem()["reason"], "RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(
        refused.header("ratelimit"),
        "\"default\";r=3;t=2, \"reports\";r=0;t=60"
    );
    let alone = get(&stack, "/alone").await;
    assert_eq!(alone.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(alone.header("ratelimit"), "\"reports\";r=0;t=60");
    assert_eq!(get(&stack, "/").await.status, StatusCode::OK);
}

/// A body whose first chunk is `held` bytes and whose client sends no more.
fn unfinished(held: usize) -> Body {
    let piece = Ok::<_, std::io::Error>(axum::body::Bytes::from(vec![b' '; held]));
    Body::from_stream(futures::stream::iter([piece]).chain(futures::stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn rejects_bodies_over_budget_with_retry_after_sec_3() {
    let budget = BodyBudget::new(
        ByteSize::mebibytes(2),
        &seaworthy_telemetry::metrics::Metrics::new(),
    );
    let read = async |Json(value): Json<Value>| Json(value);
    let raw = async |body: axum::body::Bytes| body;
    let stack = builder(HttpConfig::default())
        .body_budget(budget.clone())
        .build(Routes::new().post("/json", read).post("/raw", raw))
        .unwrap();
    let post = |path: &str, body: Body| {
        Request::post(path)
            .header("content-type", "application/json")
            .body(body)
            .unwrap()
    };
    let mut slow = Box::pin(send(&stack, post("/raw", unfinished(2_000_000))));
    assert!(futures::poll!(&mut slow).is_pending());
    assert_eq!(budget.used().get(), 2_000_000);
    tokio::time::advance(Duration::from_millis(10)).await;
    let mut late = Box::pin(send(&stack, post("/json", unfinished(1_000_000))));
    assert!(futures::poll!(&mut late).is_pending());
    // The budget ends the first body in favor of the second.
    let refused = slow.await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.problem()["reason"], "OVERLOADED");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(futures::poll!(&mut late).is_pending());
    assert_eq!(budget.used().get(), 1_000_000);
    let small = send(
        &stack,
        post(
            "/json",
            Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>("[1]")])),
        ),
    )
    .await;
    assert_eq!(small.status, StatusCode::OK);
    drop(late);
    assert_eq!(budget.used().get(), 0);
}

#[tokio::test]
async fn keeps_charge_of_call_after_its_client_left_sec_3() {
    let budget = BodyBudget::new(
        ByteSize::mebibytes(2),
        &seaworthy_telemetry::metrics::Metrics::new(),
    );
    let (sender, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let detach = async move |request: Request<Body>| {
        let extensions = request.extensions().clone();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        sender.send((extensions, body)).unwrap();
        pending::<()>().await;
    };
    let stack = builder(HttpConfig::default())
        .body_budget(budget.clone())
        .build(Routes::new().post("/", detach))
        .unwrap();
    let request = Request::post("/").body(Body::from("12345678")).unwrap();
    let mut client = Box::pin(send(&stack, request));
    assert!(futures::poll!(&mut client).is_pending());
    let call = calls.recv().await.unwrap();
    drop(client);
    assert_eq!(budget.used().get(), 8);
    drop(call);
    assert_eq!(budget.used().get(), 0);
}

#[tokio::test]
async fn charges_decoded_request_to_body_budget_sec_3() {
    let budget = BodyBudget::new(
        ByteSize::mebibytes(2),
        &seaworthy_telemetry::metrics::Metrics::new(),
    );
    let held = budget.clone();
    let decode = async move |body: axum::body::Bytes| {
        let charge = |bytes| context::with_current(|request| request.unwrap().charge_memory(bytes));
        assert!(charge(1_000_000));
        assert_eq!(held.used().get(), 1_000_000 + body.len() as u64);
        assert!(!charge(2_000_000));
        "decoded"
    };
    let stack = builder(HttpConfig::default())
        .body_budget(budget.clone())
        .build(Routes::new().post("/", decode))
        .unwrap();
    let body = Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>("1234")]));
    let response = send(&stack, Request::post("/").body(body).unwrap()).await;
    assert_eq!(response.body, "decoded");
    assert_eq!(budget.used().get(), 0);
}

#[tokio::test]
async fn counts_call_in_flight_after_its_client_left_res_7() {
    let mut config = HttpConfig::default();
    config.load_shed.max_in_flight = NonZeroU32::MIN;
    let (sender, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let detach = async move |request: Request<Body>| {
        sender.send(request.extensions().clone()).unwrap();
        pending::<()>().await;
    };
    let stack = stack_with(config, Routes::new().post("/", detach));
    let mut client = Box::pin(send(&stack, request(Method::POST, "/")));
    assert!(futures::poll!(&mut client).is_pending());
    let call = calls.recv().await.unwrap();
    drop(client);
    assert_eq!(stack.in_flight(), 1);
    let refused = send(&stack, request(Method::POST, "/")).await;
    assert_eq!(refused.problem()["reason"], "OVERLOADED");
    drop(call);
    assert_eq!(stack.in_flight(), 0);
}

#[tokio::test]
async fn task_keeps_its_request_in_flight_res_7() {
    let mut config = HttpConfig::default();
    config.load_shed.max_in_flight = NonZeroU32::MIN;
    let (sender, mut tasks) = tokio::sync::mpsc::unbounded_channel();
    let start = async move || {
        let task = context::with_current(|context| context?.keep_in_flight());
        sender.send(task.unwrap()).unwrap();
        pending::<()>().await;
    };
    let stack = stack_with(config, Routes::new().get("/", start));
    let mut client = Box::pin(get(&stack, "/"));
    assert!(futures::poll!(&mut client).is_pending());
    let task = tasks.recv().await.unwrap();
    drop(client);
    assert_eq!(stack.in_flight(), 1);
    assert_eq!(get(&stack, "/").await.problem()["reason"], "OVERLOADED");
    drop(task);
    assert_eq!(stack.in_flight(), 0);
}

#[tokio::test]
async fn rejects_route_with_body_limit_over_budget_sec_3() {
    let budget = BodyBudget::new(
        ByteSize::mebibytes(2),
        &seaworthy_telemetry::metrics::Metrics::new(),
    );
    let upload = RouteOptions::new().body_limit(ByteSize::mebibytes(3));
    let build = |options: RouteOptions| {
        let methods = axum::routing::post(async || "");
        builder(HttpConfig::default())
            .body_budget(budget.clone())
            .build(Routes::new().route_with("/upload", methods, options))
    };
    let error = build(upload.clone()).unwrap_err().to_string();
    assert!(
        error.contains("/upload") && error.contains("server.max_body_memory"),
        "{error}"
    );
    build(upload.streams_body()).unwrap();
}
