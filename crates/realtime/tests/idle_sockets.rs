//! SEC-3: idle clients of Socket.IO cost little memory. A process of its own, because it measures its
//! memory and moves its limit on open files.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests"
)]

use std::{fs, net::SocketAddr, num::NonZeroU32, sync::Arc};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seaworthy_core::ServiceIdentity;
use seaworthy_http::{
    HttpConfig, RateLimitsConfig, Routes, Stack,
    server::{Listener, ListenerConfig},
};
use seaworthy_realtime::{Handshake, Hub, Peer, RealtimeConfig, SocketIo};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, MemorySink},
    metrics::Metrics,
    tracer::TracingConfig,
};
use seaworthy_testkit::eventually;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const WANTED: u64 = 10_000;
/// For both ends of a connection. The client's end has no buffer.
const MAX_BYTES_EACH: u64 = 10 << 10;
/// Descriptors for everything that is not a connection under test.
const SPARE: u64 = 200;
const UPGRADE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: a\r\n\
    connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// The text message `40` with a mask of zeros.
const CONNECT: [u8; 8] = [0x81, 0x82, 0, 0, 0, 0, b'4', b'0'];

fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
    kibibytes.unwrap().parse::<u64>().unwrap() << 10
}

/// Serves routes by the whole stack.
async fn serve(routes: Routes) -> SocketAddr {
    let identity = ServiceIdentity::new("test", "1.0.0");
    let telemetry = Telemetry::start_with_sink(
        &identity,
        &LogConfig::default(),
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(MemorySink::default()),
    );
    let config = HttpConfig {
        rate_limit: RateLimitsConfig {
            enabled: false,
            ..RateLimitsConfig::default()
        },
        ..HttpConfig::default()
    };
    let stack = Stack::builder(identity, config, &telemetry.unwrap());
    let stack = stack.build(routes).unwrap();
    let config = ListenerConfig {
        address: ([127, 0, 0, 1], 0).into(),
        ..ListenerConfig::default()
    };
    let listener = Listener::bind(&config).await.unwrap();
    let address = listener.local_addr();
    // The server runs until the runtime ends.
    let _server = listener.serve_with(move |info| stack.connection(info.peer(), false));
    address
}

async fn connect(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    let mut answer = [0; 512];
    assert!(stream.read(&mut answer).await.unwrap() > 0);
    stream.write_all(&CONNECT).await.unwrap();
    stream
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_sockets_cost_at_most_ten_kibibytes_sec_3() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let open_files = limit.maximum.unwrap_or(u64::MAX);
    let count = WANTED.min(open_files.saturating_sub(SPARE) / 2);

    let max = NonZeroU32::new(20_000).unwrap();
    let config = RealtimeConfig {
        max_connections: max,
        max_connections_per_user: max,
        // No ping during the test.
        keep_alive: "10m".parse().unwrap(),
        ..RealtimeConfig::default()
    };
    let hub = Hub::new(&config, &Metrics::new());
    let io = SocketIo::new(&hub, async |handshake: Handshake| {
        Ok(Peer::anonymous(&handshake))
    });
    let address = serve(io.routes("/socket.io")).await;

    let first = connect(address).await;
    let before = resident_bytes();
    let mut idle = vec![first];
    for _ in 0..count {
        idle.push(connect(address).await);
    }
    let expected = idle.len();
    eventually(async || hub.connections() == expected).await;
    let each = (resident_bytes() - before) / count;
    println!("{count} idle sockets, {each} bytes each");
    assert!(each <= MAX_BYTES_EACH, "{each} bytes each");
}
