//! Bounds the bytes of all request bodies, against clients that never finish.
#![expect(
    clippy::unwrap_used,
    reason = "a fixture that fails is a failed test; the lint knows only functions marked as tests"
)]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::body::Bytes;
use seaworthy_core::{ByteSize, ServiceIdentity};
use seaworthy_http::{
    BodyBudget, HttpConfig, RateLimitsConfig, Routes, Stack,
    server::{Listener, ListenerConfig},
};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, MemorySink},
    tracer::TracingConfig,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::fixture::TIMEOUT;

const BUDGET: ByteSize = ByteSize::mebibytes(4);
const BODY_LIMIT: ByteSize = ByteSize::kibibytes(256);
/// Twelve times the budget in total.
const SLOW_CLIENTS: usize = 200;

async fn serve(budget: &BodyBudget) -> SocketAddr {
    let identity = ServiceIdentity::new("test", "1.0.0");
    let telemetry = Telemetry::start_with_sink(
        &identity,
        &LogConfig::default(),
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(MemorySink::default()),
    )
    .unwrap();
    let config = HttpConfig {
        max_body_size: BODY_LIMIT,
        rate_limit: RateLimitsConfig {
            enabled: false,
            ..RateLimitsConfig::default()
        },
        ..HttpConfig::default()
    };
    let stack = Stack::builder(identity, config, &telemetry)
        .body_budget(budget.clone())
        .build(Routes::new().post("/", async |body: Bytes| body.len().to_string()))
        .unwrap();
    let config = ListenerConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..ListenerConfig::default()
    };
    let listener = Listener::bind(&config).await.unwrap();
    let address = listener.local_addr();
    // The server runs until the runtime ends.
    let _server = listener.serve_with(move |info| stack.connection(info.peer(), false));
    address
}

fn head(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n")
}

/// Sends nearly all of a body, waits for the response that only a rejection brings, and starts
/// again.
async fn never_finish(address: SocketAddr, refused: Arc<AtomicUsize>) {
    let length = BODY_LIMIT.as_usize();
    let part = vec![b'x'; length - 1];
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut response = Vec::new();
        // The server cuts off a body that exceeds the budget.
        if stream.write_all(head(length).as_bytes()).await.is_ok() {
            let _ = stream.write_all(&part).await;
            let _ = stream.read_to_end(&mut response).await;
        }
        if response.starts_with(b"HTTP/1.1 503 ") {
            let text = String::from_utf8_lossy(&response).to_ascii_lowercase();
            assert!(text.contains("\r\nretry-after: 1\r\n"), "{text}");
            refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn post(address: SocketAddr, length: usize) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head(length).as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; length]).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_bodies_hold_at_most_the_budget_sec_3() {
    let metrics = seaworthy_telemetry::metrics::Metrics::new();
    let budget = BodyBudget::new(BUDGET, &metrics);
    let address = serve(&budget).await;
    let refused = Arc::new(AtomicUsize::new(0));
    let mut slow = JoinSet::new();
    for _ in 0..SLOW_CLIENTS {
        slow.spawn(never_finish(address, Arc::clone(&refused)));
    }
    let flooded = async {
        while refused.load(Ordering::Relaxed) < SLOW_CLIENTS {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIMEOUT, flooded).await.unwrap();
    let mut most_held = 0;
    let mut rejected = 0;
    for _ in 0..20 {
        let length = 16 * 1_024;
        let mut response = tokio::time::timeout(TIMEOUT, post(address, length))
            .await
            .unwrap();
        // On a busy machine, a body may wait longer than the budget lets it wait.
        while response.starts_with("HTTP/1.1 503 ") {
            rejected += 1;
            assert!(rejected < 10, "most bodies need one attempt: {response}");
            response = tokio::time::timeout(TIMEOUT, post(address, length))
                .await
                .unwrap();
        }
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        assert!(response.ends_with(&length.to_string()), "{response}");
        let held = budget.used();
        assert!(held <= BUDGET, "{held}");
        most_held = most_held.max(held.get());
    }
    // The clients filled the budget.
    assert!(most_held > BUDGET.get() / 2, "{most_held}");
    slow.shutdown().await;
    let empty = async {
        while budget.used().get() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIMEOUT, empty).await.unwrap();
}
