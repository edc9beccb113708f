//! RES-1, RES-2: the policies of the dependency, by its name.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Method;
use http_body::{Body, Frame};
use seaworthy_client::ClientError;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_resilience::{RejectionReason, hedge::HedgeConfig};

use crate::fixture::{Reply, Server, answer, client, once};

/// Fails twice and then works.
async fn recovering() -> Server {
    Server::start(|before, seen| match before {
        0 | 1 => answer("503 Service Unavailable", "", ""),
        _ => answer("200 OK", "", &seen.body),
    })
    .await
}

#[tokio::test]
async fn client_retries_only_idempotent_or_marked_requests_res_2() {
    for (method, times) in [
        (Method::GET, 3),
        (Method::PUT, 3),
        (Method::DELETE, 3),
        (Method::POST, 1),
        (Method::PATCH, 1),
    ] {
        let server = recovering().await;
        let request = client(|_| {}).request(method.clone(), &server.url("/"));
        request.body("sent").send().await.unwrap();
        assert_eq!(server.seen().len(), times, "{method}");
    }
    let (keyed, marked) = (recovering().await, recovering().await);
    let request = client(|_| {}).post(&keyed.url("/")).idempotency_key("k-1");
    let response = request.body("sent").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "sent");
    let request = client(|_| {}).post(&marked.url("/")).idempotent();
    request
        .body("sent")
        .send()
        .await
        .unwrap()
        .success()
        .unwrap();
    for server in [keyed, marked] {
        let seen = server.seen();
        assert_eq!(seen.len(), 3);
        assert!(seen.iter().all(|seen| seen.body == b"sent"));
    }
}

/// A body of two pieces.
struct Pieces(u8);

impl Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0 += 1;
        Poll::Ready((self.0 <= 2).then(|| Ok(Frame::data(Bytes::from_static(b"piece ")))))
    }
}

#[tokio::test]
async fn client_replays_stream_up_to_limit_res_2() {
    let server = recovering().await;
    let request = client(|_| {}).put(&server.url("/")).stream(Pieces(0));
    let response = request.send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "piece piece ");

    let server = recovering().await;
    let bounded = client(|config| config.max_replay_size = ByteSize::bytes(8));
    let request = bounded.put(&server.url("/")).stream(Pieces(0));
    assert_eq!(request.send().await.unwrap().status(), 503);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn client_obeys_retry_after_up_to_limit_res_2() {
    let server = Server::start(|before, _| match before {
        0 => answer("503 Service Unavailable", "retry-after: 1\r\n", ""),
        1 => answer("429 Too Many Requests", "retry-after: 3600\r\n", ""),
        _ => answer("200 OK", "", ""),
    })
    .await;
    let began = Instant::now();
    let response = client(|_| {}).get(&server.url("/")).send().await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(response.status(), 429);
    match response.success().unwrap_err() {
        ClientError::Status { retry_after, .. } => {
            assert_eq!(retry_after, Some(Duration::from_secs(3600)));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn breaker_opens_for_failing_dependency_res_1() {
    let server = Server::start(|_, _| answer("500 Internal Server Error", "", "")).await;
    let client = client(|_| {});
    let mut refused = None;
    for _ in 0..50 {
        match client.get(&server.url("/")).send().await {
            Ok(response) => assert_eq!(response.status(), 500),
            Err(ClientError::Rejected { rejection, .. }) => refused = Some(rejection),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(refused.unwrap().reason(), RejectionReason::CircuitOpen);
    assert!(server.seen().len() < 20, "{}", server.seen().len());
    client.policies().breaker().reset("the test is over");
    client.get(&server.url("/")).send().await.unwrap();
}

#[tokio::test]
async fn bulkhead_bounds_concurrent_calls_res_5() {
    let server = Server::start(|_, _| Reply::Stalled).await;
    let client = client(|config| {
        config.policies.bulkhead = serde_json::from_str(r#"{"max_concurrent_calls": 1}"#).unwrap();
    });
    let first = tokio::spawn(client.get(&server.url("/first")).send());
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    match client.get(&server.url("/second")).send().await {
        Err(ClientError::Rejected { rejection, .. }) => {
            assert_eq!(rejection.reason(), RejectionReason::BulkheadFull);
        }
        other => panic!("{other:?}"),
    }
    first.abort();
}

#[tokio::test]
async fn client_reuses_connections_res_3() {
    let server = Server::start(|_, _| answer("200 OK", "", "well")).await;
    let proxy = seaworthy_testkit::fault::FaultProxy::start(server.address)
        .await
        .unwrap();
    let client = client(|_| {});
    for _ in 0..20 {
        let url = format!("http://{}/", proxy.address());
        let response = client.get(&url).send().await.unwrap();
        response.bytes().await.unwrap();
    }
    assert!(proxy.connections() <= 2, "{}", proxy.connections());
}

#[tokio::test]
async fn truncated_bodies_open_breaker_res_1() {
    let broken = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe beginning".to_vec();
    let server = Server::start(move |_, _| Reply::Last(broken.clone())).await;
    let client = client(|_| {});
    let mut refused = 0;
    for _ in 0..50 {
        match client.get(&server.url("/")).send().await {
            Ok(response) => assert!(response.bytes().await.is_err()),
            Err(ClientError::Rejected { .. }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(refused > 30, "{refused}");
}

#[tokio::test]
async fn unread_or_too_large_body_is_not_a_failure_res_1() {
    let server = Server::start(|_, _| answer("200 OK", "", "far more than eight")).await;
    let bounded = client(|config| config.max_response_size = ByteSize::bytes(8));
    for _ in 0..20 {
        let error = bounded.get(&server.url("/")).send().await.unwrap_err();
        assert!(matches!(error, ClientError::TooLarge { .. }), "{error:?}");
    }
    let client = client(|_| {});
    for _ in 0..20 {
        drop(client.get(&server.url("/")).send().await.unwrap());
    }
    let snapshot = client.policies().breaker().snapshot();
    assert_eq!((snapshot.calls, snapshot.failures), (20, 0));
}

/// A server that answers the first request never, and any other at once.
async fn late_at_first() -> Server {
    Server::start(|before, _| match before {
        0 => Reply::Stalled,
        _ => answer("200 OK", "", "again"),
    })
    .await
}

#[tokio::test]
async fn client_hedges_late_reads_if_configured_res_8() {
    let hedging = |attempt_timeout| {
        client(|config| {
            once(config);
            config.policies.attempt_timeout = attempt_timeout;
            config.policies.total_timeout = Timeout::from_secs(60);
            config.policies.hedge = Some(HedgeConfig {
                delay: Timeout::from_millis(50),
            });
        })
    };
    let server = late_at_first().await;
    // The second request gets its answer before the first one ends.
    let hedged = hedging(Timeout::from_secs(60));
    let began = Instant::now();
    let response = hedged.get(&server.url("/")).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "again");
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(server.seen().len(), 2);
    assert_eq!(hedged.policies().snapshot().hedge.unwrap().hedges, 1);
    // Unsafe requests, requests with a body, and clients without settings wait for the first
    // answer.
    let short = Timeout::from_secs(2);
    for (client, method, body) in [
        (hedging(short), Method::PUT, ""),
        (hedging(short), Method::POST, ""),
        (hedging(short), Method::GET, "body"),
        (
            client(|config| {
                once(config);
                config.policies.attempt_timeout = Timeout::from_secs(1);
            }),
            Method::GET,
            "",
        ),
    ] {
        let server = late_at_first().await;
        let request = client.request(method.clone(), &server.url("/"));
        let error = request.body(body).send().await.unwrap_err();
        assert!(matches!(error, ClientError::TimedOut { .. }), "{error:?}");
        assert_eq!(server.seen().len(), 1, "{method} {body}");
    }
}

#[tokio::test]
async fn rate_limit_rejects_call_before_it_is_sent_res_6() {
    let server = Server::start(|_, _| answer("200 OK", "", "")).await;
    let limited = client(|config| {
        let policies = r#"{"rate_limit": {"requests": 1, "window": "1h"}}"#;
        config.policies = serde_json::from_str(policies).unwrap();
    });
    limited.get(&server.url("/")).send().await.unwrap();
    match limited.get(&server.url("/")).send().await.unwrap_err() {
        ClientError::Rejected { rejection, .. } => {
            assert_eq!(rejection.reason(), RejectionReason::DependencyLimited);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(server.seen().len(), 1);
    assert_eq!(limited.policies().snapshot().breaker.failures, 0);
}
