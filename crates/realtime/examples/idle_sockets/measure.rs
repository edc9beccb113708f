//! The memory of idle clients, as the measurement and the test of its limit need it.

use std::{
    fs,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::StreamExt as _;
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
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::accept_async;

const WANTED: u64 = 10_000;
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

/// A server with clients that send nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measured {
    /// Authenticated clients of Socket.IO, by the whole stack.
    SocketIo,
    /// Clients of a bare WebSocket server.
    #[allow(dead_code, reason = "the test measures Socket.IO only")]
    WebSocket,
    /// Clients of a bare TCP server.
    #[allow(dead_code, reason = "the test measures Socket.IO only")]
    Tcp,
}

/// Opens up to 10,000 connections. Returns their number and the bytes of one, with both ends. The
/// end of the client has no buffer.
pub(crate) async fn measure(measured: Measured) -> (u64, u64) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let open_files = limit.maximum.unwrap_or(u64::MAX);
    let count = WANTED.min(open_files.saturating_sub(SPARE) / 2);
    let (address, open) = start(measured).await;
    let first = connect(measured, address).await;
    let before = resident_bytes();
    let mut idle = vec![first];
    for _ in 0..count {
        idle.push(connect(measured, address).await);
    }
    let expected = idle.len();
    eventually(async || open() == expected).await;
    (count, (resident_bytes() - before) / count)
}

/// Starts a server. Returns its address and a function that counts the connections.
async fn start(measured: Measured) -> (SocketAddr, Box<dyn Fn() -> usize>) {
    if measured == Measured::SocketIo {
        let hub = hub();
        let io = SocketIo::new(&hub, async |handshake: Handshake| {
            Ok(Peer::anonymous(&handshake))
        });
        let address = serve(io.routes("/socket.io")).await;
        return (address, Box::new(move || hub.connections()));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let open = Arc::new(AtomicUsize::new(0));
    let accepted = Arc::clone(&open);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_bare(measured, stream, Arc::clone(&accepted)));
        }
    });
    (address, Box::new(move || open.load(Ordering::Relaxed)))
}

async fn serve_bare(measured: Measured, mut stream: TcpStream, open: Arc<AtomicUsize>) {
    if measured == Measured::Tcp {
        open.fetch_add(1, Ordering::Relaxed);
        while stream.read_u8().await.is_ok() {}
        return;
    }
    let mut websocket = accept_async(stream).await.unwrap();
    open.fetch_add(1, Ordering::Relaxed);
    while websocket.next().await.is_some_and(|frame| frame.is_ok()) {}
}

fn hub() -> Hub {
    let max = NonZeroU32::new(20_000).unwrap();
    let config = RealtimeConfig {
        max_connections: max,
        max_connections_per_user: max,
        max_unauthenticated_per_address: max,
        // No ping during the measurement.
        keep_alive: "10m".parse().unwrap(),
        ..RealtimeConfig::default()
    };
    Hub::new(&config, &Metrics::new())
}

async fn connect(measured: Measured, address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    if measured == Measured::Tcp {
        return stream;
    }
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    let mut answer = [0; 512];
    assert!(stream.read(&mut answer).await.unwrap() > 0);
    if measured == Measured::SocketIo {
        stream.write_all(&CONNECT).await.unwrap();
    }
    stream
}
