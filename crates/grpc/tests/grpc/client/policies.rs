//! RES-1, RES-2, RES-3, RES-5: the policies of the dependency.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use prost::Message as _;
use prost_types::{
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, MethodOptions,
    ServiceDescriptorProto, method_options::IdempotencyLevel,
};
use seaworthy_config::Loader;
use seaworthy_core::Timeout;
use seaworthy_grpc::client::{
    GrpcChannel, GrpcClientConfig, GrpcClientError, GrpcClients as _, Idempotent,
};
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::{eventually, http};
use tokio::sync::{Notify, oneshot};
use tonic::Code;

use crate::client::fixture::{Reply, Server, call, send};

/// Loads the settings again, and returns the response.
fn reload(running: &RunningService) -> String {
    let header = [("x-admin-request", "1")];
    let admin = running.addresses().admin;
    let reloaded = http::request(admin, "POST", "/config/reload", &header, "").unwrap();
    assert_eq!(reloaded.status, 200, "{}", reloaded.body);
    reloaded.body
}

/// Returns a contract with one method of this idempotency level.
fn contract(level: IdempotencyLevel) -> Vec<u8> {
    let method = MethodDescriptorProto {
        name: Some("Get".to_owned()),
        options: Some(MethodOptions {
            idempotency_level: Some(level.into()),
            ..MethodOptions::default()
        }),
        ..MethodDescriptorProto::default()
    };
    let file = FileDescriptorProto {
        package: Some("test".to_owned()),
        service: vec![ServiceDescriptorProto {
            name: Some("Things".to_owned()),
            method: vec![method],
            ..ServiceDescriptorProto::default()
        }],
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

/// Replies with this error twice, and then succeeds.
async fn recovering(code: Code) -> Server {
    Server::start(move |before| match before {
        0 | 1 => Reply::Status(code, None),
        _ => Reply::Ok,
    })
    .await
}

#[tokio::test]
async fn retries_only_idempotent_or_marked_calls_res_2() {
    for (level, times) in [
        (IdempotencyLevel::Idempotent, 3),
        (IdempotencyLevel::NoSideEffects, 3),
        (IdempotencyLevel::IdempotencyUnknown, 1),
    ] {
        let server = recovering(Code::Unavailable).await;
        let channel = server.client().contract(&contract(level)).build().unwrap();
        assert_eq!(call(&channel).await.is_ok(), times == 3, "{level:?}");
        assert_eq!(server.calls(), times, "{level:?}");
    }
    let server = recovering(Code::Unavailable).await;
    let mut request = tonic::Request::new(());
    request.extensions_mut().insert(Idempotent);
    send(&server.client().build().unwrap(), request)
        .await
        .unwrap();
    assert_eq!(server.calls(), 3);
}

/// A gRPC server does not honour the key, so a second call would repeat the work.
#[tokio::test]
async fn unsafe_call_with_idempotency_key_is_sent_once_res_2() {
    let server = Server::start(|_| Reply::CutOff).await;
    let mut request = tonic::Request::new(());
    request
        .metadata_mut()
        .insert("idempotency-key", "k-1".parse().unwrap());
    let channel = server.client().build().unwrap();
    send(&channel, request).await.unwrap_err();
    assert_eq!(server.calls(), 1);
    let server = recovering(Code::Unavailable).await;
    let mut request = tonic::Request::new(());
    request
        .metadata_mut()
        .insert("idempotency-key", "k-1".parse().unwrap());
    let channel = server.client().build().unwrap();
    send(&channel, request).await.unwrap_err();
    assert_eq!(server.calls(), 1);
}

fn idempotent(server: &Server) -> GrpcChannel {
    let contract = contract(IdempotencyLevel::Idempotent);
    server.client().contract(&contract).build().unwrap()
}

#[tokio::test]
async fn permanent_errors_are_not_retried_res_2() {
    for code in [
        Code::Internal,
        Code::NotFound,
        Code::InvalidArgument,
        Code::Aborted,
    ] {
        let server = recovering(code).await;
        let status = call(&idempotent(&server)).await.unwrap_err();
        assert_eq!((status.code(), server.calls()), (code, 1));
    }
    let server = recovering(Code::ResourceExhausted).await;
    call(&idempotent(&server)).await.unwrap();
}

#[tokio::test]
async fn obeys_pushback_of_server_res_2() {
    let server = Server::start(|before| match before {
        0 => Reply::Status(Code::Unavailable, Some(("grpc-retry-pushback-ms", "700"))),
        _ => Reply::Ok,
    })
    .await;
    let began = Instant::now();
    call(&idempotent(&server)).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(700));
    let server =
        Server::start(|_| Reply::Status(Code::Unavailable, Some(("grpc-retry-pushback-ms", "-1"))))
            .await;
    call(&idempotent(&server)).await.unwrap_err();
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn silent_server_costs_attempt_timeouts_within_total_res_3() {
    let server = Server::start(|_| Reply::Never).await;
    let mut config = server.config();
    config.policies.attempt_timeout = Timeout::from_secs(3);
    config.policies.total_timeout = Timeout::from_secs(5);
    let once = GrpcChannel::builder("things", config.clone())
        .build()
        .unwrap();
    let began = Instant::now();
    assert_eq!(
        call(&once).await.unwrap_err().code(),
        Code::DeadlineExceeded
    );
    let took = began.elapsed();
    assert!((3_000..5_000).contains(&took.as_millis()), "{took:?}");
    let again =
        GrpcChannel::builder("things", config).contract(&contract(IdempotencyLevel::Idempotent));
    let began = Instant::now();
    let status = call(&again.build().unwrap()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let took = began.elapsed();
    assert!((5_000..8_000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn breaker_opens_on_early_and_late_status_res_1() {
    for reply in [
        Reply::Status(Code::Unavailable, None),
        Reply::Status(Code::Internal, None),
        Reply::LateStatus(Code::Internal),
        Reply::CutOff,
    ] {
        let sent = reply.clone();
        let server = Server::start(move |_| sent.clone()).await;
        let channel = server.client().build().unwrap();
        let mut refused = 0;
        for _ in 0..50 {
            let status = call(&channel).await.unwrap_err();
            refused += usize::from(status.message().contains("CIRCUIT_OPEN"));
        }
        assert!(refused > 30, "{refused} {reply:?}");
        assert_eq!(server.calls() + refused, 50);
    }
    let server = Server::start(|_| Reply::LateStatus(Code::NotFound)).await;
    let channel = server.client().build().unwrap();
    for _ in 0..50 {
        assert_eq!(call(&channel).await.unwrap_err().code(), Code::NotFound);
    }
}

#[tokio::test]
async fn concurrent_calls_are_bounded_res_5() {
    let server = Server::start(|_| Reply::Never).await;
    let mut config = server.config();
    config.policies.bulkhead = serde_json::from_str(r#"{"max_concurrent_calls": 1}"#).unwrap();
    let channel = GrpcChannel::builder("things", config).build().unwrap();
    let first = {
        let channel = channel.clone();
        tokio::spawn(async move { call(&channel).await })
    };
    while server.calls() == 0 {
        tokio::task::yield_now().await;
    }
    let status = call(&channel).await.unwrap_err();
    assert!(status.message().contains("BULKHEAD_FULL"), "{status:?}");
    first.abort();
}

#[tokio::test]
async fn invalid_settings_fail_client_construction_conf_1() {
    let rejection = |change: &dyn Fn(&mut GrpcClientConfig)| {
        let mut config = GrpcClientConfig::new("https://localhost:7000");
        change(&mut config);
        let built = GrpcChannel::builder("things", config).build();
        built.unwrap_err().to_string()
    };
    for url in ["", "localhost:7000", "ftp://localhost", "http://[::1"] {
        let error = rejection(&|config| config.url = url.to_owned());
        assert!(error.contains("url"), "{url}");
    }
    let plain = |config: &mut GrpcClientConfig| {
        config.url = "http://localhost:7000".to_owned();
        config.tls.ca = Some("ca.pem".into());
    };
    assert!(rejection(&plain).contains("has no TLS"));
    let missing = "no/such/ca.pem";
    assert!(rejection(&|config| config.tls.ca = Some(missing.into())).contains(missing));
    let half = |config: &mut GrpcClientConfig| config.tls.key = Some("key.pem".into());
    assert!(rejection(&half).contains("must be set together"));
    let builder = GrpcChannel::builder("things", GrpcClientConfig::new("http://localhost"));
    let error = builder.contract(b"\xff").build().unwrap_err();
    assert!(matches!(error, GrpcClientError::Contract(_)), "{error}");
}

#[tokio::test]
async fn malformed_status_details_do_not_panic_res_2() {
    const DETAILS: &str = "grpc-status-details-bin";
    for details in ["*", "A", " ", "AAAAA", "="] {
        for reply in [
            Reply::Status(Code::NotFound, Some((DETAILS, details))),
            Reply::LateDetails(Code::NotFound, details),
        ] {
            let server = Server::start(move |_| reply.clone()).await;
            let status = call(&server.client().build().unwrap()).await.unwrap_err();
            assert_eq!(status.code(), Code::NotFound, "{details:?}");
            assert!(status.details().is_empty(), "{details:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloaded_policies_apply_to_the_next_call_conf_4() {
    let server = Server::start(|_| Reply::Status(Code::Unavailable, None)).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |policies: &str| {
        let text = format!(
            "grpc_clients:\n  things:\n    url: http://{}\n    policies:\n      breaker: {{ mode: \"off\" }}\n      {policies}\n",
            server.address
        );
        std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    };
    write("retry: { max_attempts: 1, initial_backoff: 1ms }");
    let contract = contract(IdempotencyLevel::Idempotent);
    let (built, channel) = oneshot::channel();
    let loader = Loader::for_tests("orders").directory(folder.path());
    let running = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(loader, async move |service| {
            let channel = service.grpc_client("things").unwrap();
            built
                .send(channel.contract(&contract).build().unwrap())
                .ok();
            Ok(())
        })
        .await
        .unwrap();
    let channel = channel.await.unwrap();
    let attempts = async || {
        let before = server.calls();
        call(&channel).await.unwrap_err();
        server.calls() - before
    };
    assert_eq!(attempts().await, 1);
    write("retry: { max_attempts: 3, initial_backoff: 1ms }");
    reload(&running);
    eventually(async || attempts().await == 3).await;
    write("rate_limit: { requests: 1, window: 1h }");
    reload(&running);
    eventually(async || attempts().await == 0).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloaded_address_applies_without_failed_call_conf_4() {
    let end = Arc::new(Notify::new());
    let held = Arc::clone(&end);
    // The first call gets a stream that ends after the reload.
    let first = Server::start(move |calls| match calls {
        0 => Reply::StreamUntil(Arc::clone(&held)),
        _ => Reply::Ok,
    })
    .await;
    let second = Server::start(|_| Reply::Ok).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |settings: &str| {
        let text = format!(
            "grpc_clients:\n  things:\n    policies: {{ total_timeout: 60s }}\n    {settings}\n"
        );
        std::fs::write(folder.path().join("config.yaml"), text).unwrap();
    };
    write(&format!("url: http://{}", first.address));
    let (built, channel) = oneshot::channel();
    let loader = Loader::for_tests("orders").directory(folder.path());
    let running = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(loader, async move |service| {
            let channel = service.grpc_client("things").unwrap();
            built.send(channel.build().unwrap()).ok();
            Ok(())
        })
        .await
        .unwrap();
    let channel = channel.await.unwrap();
    let in_flight = tokio::spawn({
        let channel = channel.clone();
        async move { call(&channel).await }
    });
    eventually(async || first.calls() == 1).await;
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (channel, stop) = (channel.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    call(&channel).await.unwrap();
                }
            })
        })
        .collect();
    for server in [&second, &first, &second, &first, &second] {
        write(&format!("url: http://{}", server.address));
        let (before, reloaded) = (server.calls(), reload(&running));
        assert!(reloaded.contains("\"needs_restart\":[]"), "{reloaded}");
        eventually(async || server.calls() > before + 8).await;
    }
    // An unreadable file does not change the channel.
    write("url: https://127.0.0.1:1\n    tls: { ca: /missing.pem }");
    reload(&running);
    let text = || {
        http::get(running.addresses().admin, "/metrics")
            .unwrap()
            .body
    };
    eventually(async || text().contains("config_reload_failures_total 1")).await;
    stop.store(true, Ordering::Relaxed);
    for load in load {
        load.await.unwrap();
    }
    end.notify_one();
    in_flight.await.unwrap().unwrap();
    running.stop().await;
}
