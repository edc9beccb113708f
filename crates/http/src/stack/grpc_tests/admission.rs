use super::*;

#[tokio::test]
async fn probe_gets_response_under_overload_without_log_line_hlth_5() {
    let config = HttpConfig {
        load_shed: crate::LoadShedConfig {
            max_in_flight: std::num::NonZeroU32::MIN,
            ..crate::LoadShedConfig::default()
        },
        ..HttpConfig::default()
    };
    let probe = Routes::new()
        .post("/health.v1.Health/Check", async || {
            crate::rpc::rejection(Error::new(Code::NotFound, "N", "n"))
        })
        .with_options(|_| RouteOptions::new().probe());
    let fixture = fixture(config, routes().merge(probe));
    let mut hanging = Box::pin(fixture.call("Hang", &[]));
    assert!(futures::poll!(&mut hanging).is_pending());
    assert_eq!(fixture.call("Get", &[]).await.field("grpc-status"), "14");
    let request = Request::post("/health.v1.Health/Check")
        .header("content-type", "application/grpc")
        .body(Body::empty());
    let response = fixture.send(request.unwrap()).await;
    assert_eq!(response.field("grpc-status"), "5");
    assert_eq!(fixture.lines().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn call_is_unavailable_when_budget_is_spent_sec_3() {
    // tonic does the same for any reason.
    let read = async |body: Body| {
        let status = match body.collect().await {
            Ok(_) => "0",
            Err(_) => "2",
        };
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert("grpc-status", status.parse().unwrap());
        response
    };
    let mut fixture = plain();
    let identity = ServiceIdentity::new("orders-service", "1.0.0");
    let budget = crate::BodyBudget::new(
        seaworthy_core::ByteSize::bytes(8),
        fixture.telemetry.metrics(),
    );
    fixture.stack = Stack::builder(identity, HttpConfig::default(), &fixture.telemetry)
        .grpc()
        .body_budget(budget.clone())
        .build(Routes::new().post("/orders.v1.Orders/Read", read))
        .unwrap();
    let call = |length: usize| {
        let piece = Ok::<_, axum::Error>(Bytes::from(vec![0; length]));
        Request::post("/orders.v1.Orders/Read")
            .header("content-type", "application/grpc")
            .body(Body::from_stream(stream::iter([piece])))
            .unwrap()
    };
    assert_eq!(fixture.send(call(8)).await.field("grpc-status"), "0");
    let refused = fixture.send(call(9)).await;
    assert_eq!(refused.field("grpc-status"), "14");
    assert_eq!(budget.used().get(), 0);
    let metrics = fixture.metrics();
    let line = "request_body_budget_rejected_total{reason=\"exhausted\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn rejected_calls_are_not_the_latency_without_load_res_7() {
    let mut config = HttpConfig::default();
    config.rate_limit.enabled = false;
    config.load_shed.max_in_flight = std::num::NonZeroU32::new(20).unwrap();
    let work = async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Response::new(Body::empty())
    };
    let refuse = async || {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let refused = Response::builder().header("grpc-status", "16");
        refused.body(Body::empty()).unwrap()
    };
    let routes = Routes::new()
        .post("/orders.v1.Orders/Work", work)
        .post("/orders.v1.Orders/Refuse", refuse);
    let fixture = fixture(config, routes);
    for _ in 0..400 {
        fixture.call("Work", &[]).await;
    }
    for _ in 0..100_000 {
        fixture.call("Refuse", &[]).await;
    }
    for _ in 0..20 {
        let calls = (0..20).map(|_| fixture.call("Work", &[]));
        for response in futures::future::join_all(calls).await {
            assert_eq!(response.field("grpc-status"), "", "a call was rejected");
        }
    }
}

#[tokio::test]
async fn calls_get_the_headers_of_their_limits_res_6() {
    let mut config = HttpConfig::default();
    config.rate_limit.requests = std::num::NonZeroU32::new(2).unwrap();
    config.rate_limit.window = Timeout::from_secs(2);
    let fixture = fixture(config, routes());
    let first = fixture.call("Get", &[]).await;
    assert_eq!(first.field("ratelimit-policy"), "\"default\";q=2;w=2");
    assert_eq!(first.field("ratelimit"), "\"default\";r=1;t=1");
    fixture.call("Get", &[]).await;
    let refused = fixture.call("Get", &[]).await;
    assert_eq!(refused.field("grpc-status"), "8");
    assert_eq!(refused.field("ratelimit"), "\"default\";r=0;t=2");
}
