//! RES-1: circuit breakers of single methods.

use seaworthy_core::Timeout;
use seaworthy_grpc::client::{BreakerScope, GrpcChannel};
use seaworthy_resilience::{
    circuit_breaker::Hold,
    policies::{Resilience, ResilienceConfig},
};
use seaworthy_telemetry::metrics::Metrics;
use tonic::Code;

use crate::client::fixture::{BROKEN, Reply, Server, call, send_to};

#[tokio::test]
async fn failing_method_opens_its_own_breaker_res_1() {
    for (breaker_per, others_go_on) in [
        (BreakerScope::Dependency, false),
        (BreakerScope::Method, true),
    ] {
        let server = Server::start(|_| Reply::Ok).await;
        let mut config = server.config();
        config.breaker_per = breaker_per;
        let metrics = Metrics::new();
        let resilience = Resilience::new(ResilienceConfig::default(), metrics.clone());
        let builder = GrpcChannel::builder("things", config).resilience(&resilience);
        let channel = builder.metrics(&metrics).build().unwrap();
        for _ in 0..5 {
            let status = send_to(&channel, BROKEN, tonic::Request::new(()))
                .await
                .unwrap_err();
            assert_eq!(status.code(), Code::Internal);
        }
        let status = send_to(&channel, BROKEN, tonic::Request::new(()))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{breaker_per:?}");
        assert_eq!(server.calls(), 5);
        assert_eq!(
            call(&channel).await.is_ok(),
            others_go_on,
            "{breaker_per:?}"
        );
        let names: Vec<_> = resilience
            .snapshot()
            .into_iter()
            .map(|one| one.name)
            .collect();
        let expected: &[&str] = if others_go_on {
            &[
                "things",
                "things/test.Things/Break",
                "things/test.Things/Get",
            ]
        } else {
            &["things"]
        };
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn holding_dependency_holds_every_method_res_1() {
    let server = Server::start(|_| Reply::Ok).await;
    let mut config = server.config();
    config.breaker_per = BreakerScope::Method;
    let resilience = Resilience::new(ResilienceConfig::default(), Metrics::new());
    let builder = GrpcChannel::builder("things", config).resilience(&resilience);
    let channel = builder.build().unwrap();
    call(&channel).await.unwrap();
    let dependency = resilience.dependency("things");
    let breaker = dependency.breaker();
    breaker.hold(Hold::Open, Timeout::from_secs(600), "their deployment");
    assert_eq!(call(&channel).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(server.calls(), 1);
    breaker.reset("it is done");
    call(&channel).await.unwrap();
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn methods_beyond_limit_share_dependency_breaker_res_1() {
    let server = Server::start(|_| Reply::Ok).await;
    let mut config = server.config();
    config.breaker_per = BreakerScope::Method;
    let resilience = Resilience::new(ResilienceConfig::default(), Metrics::new());
    let builder = GrpcChannel::builder("things", config).resilience(&resilience);
    let channel = builder.build().unwrap();
    for number in 0..300 {
        let path = format!("/test.Things/Get{number}");
        send_to(&channel, &path, tonic::Request::new(()))
            .await
            .unwrap();
    }
    assert_eq!(resilience.snapshot().len(), 257);
}
