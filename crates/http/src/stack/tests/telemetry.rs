use std::convert::Infallible;

use bytes::Bytes;

use super::{
    callers::Probes,
    identity::{Tokens, with_token},
    *,
};

#[test]
fn the_order_is_printed_with_its_settings_obs_1() {
    let text = stack(Routes::new()).describe();
    let steps: Vec<_> = text.lines().collect();
    assert_eq!(steps.len(), Step::ORDER.len());
    assert!(steps[10].contains("deadline and timeout [30s]"), "{text}");
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
async fn requests_of_probe_routes_are_not_counted_obs_4() {
    let (telemetry, _) = telemetry();
    let probe = Routes::new()
        .get("/health", async || "ok")
        .with_options(|options| options.access(Access::Public).probe());
    let routes = Routes::new().get("/things", async || "thing").merge(probe);
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry);
    let stack = stack.build(routes).unwrap();
    for path in ["/health", "/things"] {
        assert_eq!(get(&stack, path).await.status, StatusCode::OK);
    }
    let text = telemetry.metrics().render(Format::PrometheusText);
    let lines = text.lines();
    let counted = |name: &str, path: &str| {
        let (start, path) = (format!("{name}{{"), format!("path=\"{path}\""));
        let mut lines = lines.clone();
        lines.any(|line| line.starts_with(&start) && line.contains(&path) && !line.ends_with(" 0"))
    };
    for name in ["http_requests_total", "http_request_duration_seconds_count"] {
        assert!(counted(name, "/things"), "{text}");
        assert!(!counted(name, "/health"), "{text}");
    }
    assert!(text.contains("http_requests_in_flight 0"), "{text}");
}

#[tokio::test]
async fn open_ended_response_is_not_slow_obs_4() {
    // Durations are real time, which a paused clock does not change.
    const LISTENED: Duration = Duration::from_millis(300);
    let (telemetry, _) = telemetry();
    let open = async |mark: bool| {
        let bytes = futures::stream::once(async {
            tokio::time::sleep(LISTENED).await;
            Ok::<_, Infallible>(Bytes::from_static(b"end"))
        });
        let mut response = http::Response::new(Body::from_stream(bytes));
        if mark {
            response.extensions_mut().insert(crate::OpenEnded);
        }
        response
    };
    let routes = Routes::new()
        .get("/events", async move || open(true).await)
        .get("/report", async move || open(false).await);
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry);
    let stack = stack.build(routes).unwrap();
    for path in ["/events", "/report"] {
        assert_eq!(get(&stack, path).await.body, "end");
    }
    let text = telemetry.metrics().render(Format::PrometheusText);
    let name = "http_request_duration_seconds_bucket";
    for (path, fast) in [("/events", 1), ("/report", 0)] {
        let line = format!("{name}{{method=\"GET\",path=\"{path}\",le=\"0.25\"}} {fast}");
        assert!(text.contains(&line), "{line}: {text}");
    }
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
    let response = send(&stack, request).await;
    assert!(
        response
            .header("traceparent")
            .starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    );
    assert_ne!(
        response.header("traceparent"),
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
async fn personal_parts_of_a_path_are_not_logged_obs_3() {
    let (telemetry, sink) = telemetry();
    let stack = Stack::builder(identity(), HttpConfig::default(), &telemetry)
        .build(Routes::new().get("/teams/{id}/users/{username}", async || "user"))
        .unwrap();
    // The letters of the name are not hexadecimal, so no ID in a line contains it.
    get(&stack, "/teams/7/users/grace").await;
    // A rejected method has the same template.
    send(&stack, request(Method::DELETE, "/teams/7/users/grace")).await;
    let lines = sink.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in lines {
        assert!(!line.contains("grace"), "{line}");
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["path"], "/teams/7/users/{username}");
    }
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
async fn real_connection_uses_the_same_stack_obs_7() {
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
    let responses: Vec<_> = text.split("HTTP/1.1 ").skip(1).collect();
    assert_eq!(responses.len(), 3, "{text}");
    assert!(
        responses[0].starts_with("200") && responses[0].contains("x-request-id: r-9"),
        "{text}"
    );
    assert!(responses[0].ends_with("hello"), "{text}");
    assert!(
        responses[1].starts_with("200") && responses[1].ends_with("[1,2]"),
        "{text}"
    );
    assert!(
        responses[2].starts_with("405") && responses[2].contains("allow: POST, OPTIONS"),
        "{text}"
    );
    server.drain();
    server.finished().await;
}

#[tokio::test]
async fn requests_rejected_before_the_handler_are_counted_obs_5() {
    let (telemetry, _) = telemetry();
    let mut config = limited(2);
    config.load_shed.max_in_flight = NonZeroU32::MIN;
    let stack = Stack::builder(identity(), config, &telemetry)
        .authenticate(Tokens)
        .build(
            Routes::new()
                .get("/", async || pending::<()>().await)
                .with_options(|options| options.access(Access::Optional)),
        )
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
        "load_shed_total{name=\"http\",priority=\"normal\"} 1",
        "rate_limit_blocked_total{name=\"server\"} 1",
        "auth_failures_total{reason=\"BAD_TOKEN\"} 3",
    ] {
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
}
