use super::*;

#[tokio::test(start_paused = true)]
async fn timeout_of_service_ends_call_without_response_res_3() {
    let config = HttpConfig {
        timeout: Timeout::from_secs(2),
        ..HttpConfig::default()
    };
    let fixture = fixture(config, routes());
    assert_eq!(fixture.call("Hang", &[]).await.field("grpc-status"), "4");
    // Only the timeout of the client limits a stream that has begun. The setting does not.
    let watched = tokio::time::timeout(Duration::from_secs(60), fixture.call("Watch", &[])).await;
    assert!(watched.is_err());
}

#[tokio::test(start_paused = true)]
async fn deadline_of_client_ends_whole_call_life_6() {
    let fixture = plain();
    let timeout = [("grpc-timeout", "1500m")];
    let begun = tokio::time::Instant::now();
    let response = fixture.call("Watch", &timeout).await;
    assert_eq!(response.field("grpc-status"), "4");
    assert!(begun.elapsed() > Duration::from_secs(1));
    let metrics = fixture.metrics();
    let counted = r#"method="Watch",status="DeadlineExceeded"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn deadline_ends_stream_that_is_always_ready_life_6() {
    let fixture = plain();
    let request = |timeout: &str| {
        Request::post("/orders.v1.Orders/Flood")
            .header("content-type", "application/grpc")
            .header("grpc-timeout", timeout)
            .body(Body::empty())
            .unwrap()
    };
    let mut body = fixture.begin(request("1S")).await.into_body();
    for _ in 0..10 {
        assert!(body.frame().await.unwrap().unwrap().is_data());
    }
    tokio::time::advance(Duration::from_secs(2)).await;
    let end = body.frame().await.unwrap().unwrap();
    assert_eq!(end.trailers_ref().unwrap()["grpc-status"], "4");
    assert!(body.frame().await.is_none());
    let metrics = fixture.metrics();
    let counted = r#"method="Flood",status="DeadlineExceeded"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
    // An available status is the response, however late it is read. The stack reads the system
    // clock, which the test does not advance.
    let mut body = fixture.begin(request("1H")).await.into_body();
    for _ in 0..FLOOD {
        assert!(body.frame().await.unwrap().unwrap().is_data());
    }
    tokio::time::advance(Duration::from_secs(7_200)).await;
    let end = body.frame().await.unwrap().unwrap();
    assert_eq!(end.trailers_ref().unwrap()["grpc-status"], "0");
}

#[tokio::test]
async fn client_timeout_only_shortens_the_deadline_life_6() {
    let fixture = plain();
    let remaining = async |timeout: &str| -> u64 {
        let response = fixture
            .call("Remaining", &[("grpc-timeout", timeout)])
            .await;
        response.field("remaining").parse().unwrap()
    };
    assert!(remaining("5S").await <= 5_000);
    let limit = HttpConfig::default().timeout.get().as_millis();
    assert!(u128::from(remaining("99999999H").await) <= limit);
    assert!(u128::from(remaining("soon").await) <= limit);
}

#[tokio::test]
async fn late_call_does_not_start_life_6() {
    let response = plain().call("Panic", &[("grpc-timeout", "0n")]).await;
    assert_eq!(response.field("grpc-status"), "4");
}
