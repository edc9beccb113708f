//! SEC-3: ten thousand idle connections cost little memory and do not block other clients. A
//! process of its own, because it measures its memory and moves its limit on open files.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests"
)]

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seaworthy_http::server::{Listener, ListenerConfig, ServerHandle};
use seaworthy_testkit::raw::RawClient;

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const TIMEOUT: Duration = Duration::from_secs(20);
const WANTED: u64 = 10_000;
/// For both ends of a connection, in a debug build.
const MAX_BYTES_EACH: u64 = 40 << 10;
/// Descriptors for everything that is not a connection under test.
const SPARE: u64 = 200;

async fn start() -> (SocketAddr, ServerHandle) {
    let config = ListenerConfig {
        address: ([127, 0, 0, 1], 0).into(),
        ..ListenerConfig::default()
    };
    let listener = Listener::bind(&config).await.unwrap();
    let address = listener.local_addr();
    let server = listener.serve(Router::<()>::new().route("/", get(async || "hello")));
    (address, server)
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kibibytes = line
        .and_then(|line| line.split_whitespace().nth(1))
        .unwrap();
    kibibytes.parse::<u64>().unwrap() << 10
}

async fn ask(client: &mut RawClient) {
    client.send(GET).await.unwrap();
    client.read_until("hello", TIMEOUT).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listener_survives_idle_connections_and_descriptor_shortage_sec_3() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let open_files = limit.maximum.unwrap_or(u64::MAX);
    let count = WANTED.min(open_files.saturating_sub(SPARE) / 2);
    if count < WANTED {
        println!(
            "REDUCED: {count} connections instead of {WANTED}, for {open_files} open files are allowed"
        );
    }

    let (address, server) = start().await;
    ask(&mut RawClient::connect(address).await.unwrap()).await;
    let before = resident_bytes();
    let mut idle = Vec::new();
    for _ in 0..count {
        let mut client = RawClient::connect(address).await.unwrap();
        ask(&mut client).await;
        idle.push(client);
    }
    let each = (resident_bytes() - before) / count;
    println!("{count} idle connections, {each} bytes each");
    assert!(each <= MAX_BYTES_EACH, "{each} bytes each");
    let mut other = RawClient::connect(address).await.unwrap();
    ask(&mut other).await;

    // Every further client finds the server without a descriptor for its connection.
    let connections = server.stats().open;
    let used = std::fs::read_dir("/proc/self/fd").unwrap().count();
    let full = Rlimit {
        current: Some(u64::try_from(used).unwrap()),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, full).unwrap();
    let waiting = RawClient::connect(address).await;
    tokio::time::timeout(TIMEOUT, async {
        while server.stats().accept_errors < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let errors = server.stats().accept_errors;
    assert!(errors < 100, "{errors} errors: the loop spins");
    ask(&mut other).await;
    assert_eq!(server.stats().open, connections);
    setrlimit(Resource::Nofile, raised).unwrap();
    ask(&mut waiting.unwrap()).await;

    drop(idle);
    server.drain();
    tokio::time::timeout(TIMEOUT, server.finished())
        .await
        .unwrap();
}
