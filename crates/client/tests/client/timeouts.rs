//! RES-3: every wait is bounded.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use seaworthy_client::{ClientError, Resolve, ResolveFuture, TimeoutKind};
use seaworthy_core::{Deadline, RequestContext, ServiceIdentity, Timeout, context};
use seaworthy_resilience::RejectionReason;
use seaworthy_testkit::fault::{Disruption, Fault, FaultProxy};
use tokio::net::TcpListener;

use crate::fixture::{Reply, Server, answer, builder, client, once};

/// The delay that a busy machine adds to a timer.
const SLACK: Duration = Duration::from_millis(1_000);

fn assert_timed_out(error: ClientError, expected: TimeoutKind, allowed: u64, began: Instant) {
    let allowed = Duration::from_millis(allowed);
    let took = began.elapsed();
    assert!(took >= allowed && took < allowed + SLACK, "{took:?}");
    match error {
        ClientError::TimedOut { kind, after, .. } => {
            assert_eq!(kind, expected);
            assert!(after <= allowed, "{after:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn silent_server_costs_attempt_timeout_res_3() {
    let server = Server::start(|_, _| Reply::Stalled).await;
    let client = client(|config| {
        once(config);
        config.policies.attempt_timeout = Timeout::from_millis(200);
    });
    let began = Instant::now();
    let error = client.get(&server.url("/")).send().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: no response within 200ms (policies.attempt_timeout)",
            server.address
        )
    );
    assert_timed_out(error, TimeoutKind::Head, 200, began);
}

#[tokio::test]
async fn all_attempts_cost_total_timeout_res_3() {
    let server = Server::start(|_, _| Reply::Stalled).await;
    let client = client(|config| {
        config.policies.attempt_timeout = Timeout::from_millis(150);
        config.policies.total_timeout = Timeout::from_millis(250);
    });
    let began = Instant::now();
    let error = client.get(&server.url("/")).send().await.unwrap_err();
    assert_timed_out(error, TimeoutKind::Total, 250, began);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn request_timeout_only_shortens_res_3() {
    let server = Server::start(|_, _| Reply::Stalled).await;
    let client = client(|config| config.policies.total_timeout = Timeout::from_millis(300));
    for (timeout, expected) in [(100, 100), (60_000, 300)] {
        let began = Instant::now();
        let request = client.get(&server.url("/"));
        let sent = request.timeout(Timeout::from_millis(timeout)).send();
        assert_timed_out(sent.await.unwrap_err(), TimeoutKind::Total, expected, began);
    }
}

#[tokio::test]
async fn pausing_body_costs_idle_timeout_res_3() {
    let server = Server::start(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun";
        Reply::Endless(head.to_vec(), Vec::new(), Duration::from_secs(60))
    })
    .await;
    let client = client(|config| config.idle_timeout = Timeout::from_millis(200));
    let response = client.get(&server.url("/")).send().await.unwrap();
    let began = Instant::now();
    let error = response.bytes().await.unwrap_err();
    assert_timed_out(error, TimeoutKind::Idle, 200, began);
}

#[tokio::test]
async fn slow_body_costs_total_timeout_res_3() {
    let server = Server::start(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
        Reply::Endless(head.to_vec(), b"x".to_vec(), Duration::from_millis(20))
    })
    .await;
    let client = client(|config| {
        config.idle_timeout = Timeout::from_millis(200);
        config.policies.total_timeout = Timeout::from_millis(500);
    });
    let began = Instant::now();
    let response = client.get(&server.url("/")).send().await.unwrap();
    let error = response.bytes().await.unwrap_err();
    assert_timed_out(error, TimeoutKind::Total, 500, began);
}

#[tokio::test]
async fn deadline_of_request_shortens_call_life_6() {
    let server = Server::start(|_, _| Reply::Stalled).await;
    let client = client(|_| {});
    let request = |wait| {
        let identity = ServiceIdentity::new("shop", "1.0.0");
        RequestContext::background(identity).with_deadline(Deadline::after(wait))
    };
    let began = Instant::now();
    let error = context::scope(
        request(Duration::from_millis(200)).into(),
        client.get(&server.url("/")).send(),
    );
    assert_timed_out(error.await.unwrap_err(), TimeoutKind::Deadline, 200, began);

    let seen = server.seen().len();
    let late = context::scope(
        request(Duration::ZERO).into(),
        client.get(&server.url("/")).send(),
    );
    match late.await.unwrap_err() {
        ClientError::Rejected { rejection, .. } => {
            assert_eq!(rejection.reason(), RejectionReason::DeadlineExceeded)
        }
        ClientError::TimedOut { kind, .. } => assert_eq!(kind, TimeoutKind::Deadline),
        other => panic!("{other:?}"),
    }
    assert_eq!(server.seen().len(), seen, "late work is not begun");
}

#[tokio::test]
async fn unresolved_name_costs_connect_timeout_res_3() {
    struct Never;
    impl Resolve for Never {
        fn resolve(&self, _: &str) -> ResolveFuture {
            Box::pin(std::future::pending::<std::io::Result<Vec<IpAddr>>>())
        }
    }
    let client = builder(|config| {
        once(config);
        config.connect_timeout = Timeout::from_millis(200);
    });
    let client = client.resolver(Never).build().unwrap();
    let began = Instant::now();
    let error = client.get("http://stock.example/").send().await;
    assert_timed_out(error.unwrap_err(), TimeoutKind::Connect, 200, began);
}

#[tokio::test]
async fn endless_handshake_costs_connect_timeout_res_3() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(|config| {
        once(config);
        config.connect_timeout = Timeout::from_millis(200);
    });
    let url = format!("https://{}/", silent.local_addr().unwrap());
    let began = Instant::now();
    let error = client.get(&url).send().await.unwrap_err();
    assert_timed_out(error, TimeoutKind::Connect, 200, began);
}

#[tokio::test]
async fn network_faults_end_within_limits_res_3() {
    let server = Server::start(|_, _| answer("200 OK", "", "well")).await;
    let proxy = FaultProxy::start(server.address).await.unwrap();
    let client = client(|config| {
        once(config);
        config.policies.attempt_timeout = Timeout::from_millis(300);
    });
    let url = format!("http://{}/", proxy.address());
    for disruption in [Disruption::Blackhole, Disruption::HalfOpen] {
        proxy.set(Fault::of(disruption));
        let began = Instant::now();
        let error = client.get(&url).send().await.unwrap_err();
        assert_timed_out(error, TimeoutKind::Head, 300, began);
    }
    proxy.set(Fault::of(Disruption::Reset));
    let error = client.get(&url).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Exchange { .. }), "{error:?}");
    proxy.set(Fault::of(Disruption::Down));
    let error = client.get(&url).send().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Exchange { .. } | ClientError::Connect { .. }
        ),
        "{error:?}"
    );
    proxy.heal();
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "well");
}
