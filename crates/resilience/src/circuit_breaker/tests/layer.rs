use super::*;

#[tokio::test]
async fn open_layer_rejects_and_ignores_other_rejections_res_1() {
    let breaker = CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
    let mut service = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::new(breaker.clone(), ClassifyErrors))
        .layer(CallLayer)
        .service(service_fn(|()| async { Err::<(), _>("down") }));
    for _ in 0..5 {
        let error = service.ready().await.unwrap().call(()).await.unwrap_err();
        assert!(matches!(error, CallError::Failed("down")));
    }
    let error = service.ready().await.unwrap().call(()).await.unwrap_err();
    assert!(
        matches!(&error, CallError::Rejected(rejection) if rejection.reason() == RejectionReason::CircuitOpen)
    );
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn duration_starts_at_first_poll_res_1() {
    for (lies, takes, state) in [
        (3_000, 1, BreakerState::Closed),
        (0, 3_000, BreakerState::Open),
    ] {
        let breaker =
            CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
        let mut service = ServiceBuilder::new()
            .layer(CircuitBreakerLayer::new(breaker.clone(), ClassifyErrors))
            .layer(CallLayer)
            .service(service_fn(|milliseconds| async move {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Ok::<_, &str>(())
            }));
        let mut calls = Vec::new();
        for _ in 0..8 {
            calls.push(service.ready().await.unwrap().call(takes));
        }
        tokio::time::sleep(Duration::from_millis(lies)).await;
        for call in futures::future::join_all(calls).await {
            call.unwrap();
        }
        assert_eq!(breaker.state(), state, "{lies} {takes}");
    }
}
