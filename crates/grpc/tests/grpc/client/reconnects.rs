//! RES-1: calls while connections are lost, drained and opened again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use seaworthy_core::Timeout;
use seaworthy_grpc::client::{GrpcChannel, GrpcClientConfig};
use seaworthy_testkit::fault::{Disruption, Fault, FaultProxy};
use tokio::sync::Notify;

use super::balancing::{counted, pair};
use crate::client::fixture::{Reply, Server, call, listen};

#[tokio::test]
async fn reopens_lost_connection_res_1() {
    let server = Server::start(|_| Reply::Ok).await;
    let proxy = FaultProxy::start(server.address).await.unwrap();
    let config = GrpcClientConfig::new(format!("http://{}", proxy.address()));
    let channel = GrpcChannel::builder("things", config).build().unwrap();
    call(&channel).await.unwrap();
    proxy.set(Fault::of(Disruption::Down));
    assert!(call(&channel).await.is_err());
    proxy.set(Fault::none());
    let began = Instant::now();
    while call(&channel).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Calls are not idempotent, so no retry hides a failure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_succeed_while_drained_connection_ends_stream_res_1() {
    let ends = Arc::new(Notify::new());
    let sign = Arc::clone(&ends);
    let server = Server::start(move |before| match before {
        0 => Reply::StreamUntil(Arc::clone(&sign)),
        _ => Reply::Ok,
    })
    .await;
    let channel = server.client().build().unwrap();
    let mut stream = listen(&channel).await.unwrap();
    server.drain();
    let mut calls = 0;
    while calls < 50 || server.connections() < 2 {
        let answer = call(&channel).await;
        assert!(answer.is_ok(), "call {calls}: {answer:?}");
        calls += 1;
    }
    ends.notify_one();
    assert!(stream.message().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_succeed_while_one_of_two_replicas_drains_res_1() {
    let ends = Arc::new(Notify::new());
    let sign = Arc::clone(&ends);
    let (first, second, channel) = pair(Timeout::from_secs(5), move |before| match before {
        0 => Reply::StreamUntil(Arc::clone(&sign)),
        _ => Reply::Ok,
    })
    .await;
    let mut streams = Vec::new();
    while second.calls() == 0 {
        streams.push(listen(&channel).await.unwrap());
    }
    second.drain();
    // Each open call makes its replica less likely, so several concurrent calls reach both.
    for round in 0..50 {
        let answers = futures::future::join_all((0..8).map(|_| call(&channel))).await;
        for answer in answers {
            assert!(answer.is_ok(), "round {round}: {answer:?}");
        }
    }
    assert_eq!((first.connections(), second.connections()), (1, 2));
    ends.notify_one();
    for mut stream in streams {
        assert!(stream.message().await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_under_load_survive_rotation_of_connections_res_1() {
    let server = Server::start(|_| Reply::After(Duration::from_millis(5))).await;
    let channel = server.client().build().unwrap();
    let calls = counted(&channel, 2_400);
    let mut calls = std::pin::pin!(calls);
    let mut rotations = tokio::time::interval(Duration::from_millis(1_500));
    let failures = loop {
        tokio::select! {
            failures = calls.as_mut() => break failures,
            _ = rotations.tick() => server.drain(),
        }
    };
    assert!(server.connections() > 2);
    assert_eq!(failures, 0);
}
