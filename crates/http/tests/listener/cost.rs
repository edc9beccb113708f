//! The cost of a request that does not depend on the speed of the machine: heap allocations of the
//! server and bytes on the wire.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests, and these share some"
)]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    num::NonZeroU32,
    sync::Arc,
    thread,
};

use axum::extract::Path;
use seaworthy_core::ServiceIdentity;
use seaworthy_http::{
    HttpConfig, Json, Routes, Stack,
    server::{Listener, ListenerConfig},
};
use seaworthy_telemetry::{
    MetricsConfig, Telemetry,
    logs::{LogConfig, NullSink},
    tracer::TracingConfig,
};
use serde::Serialize;
use tokio::{runtime, sync::oneshot};

/// Enough that the buffers of the connection have their final size.
const WARM_UP: u64 = 20;
const REQUESTS: u64 = 100;
/// A rate limit that rejects none of the requests.
const UNREACHED_RATE: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
const BODY: &str = r#"{"id":7,"open":true}"#;

/// The headers of a browser.
const REQUEST: &str = "GET /events/7 HTTP/1.1\r\nhost: a\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\r\naccept: */*\r\naccept-encoding: gzip, br\r\n\r\n";

/// Heap allocations of the listener, the stack, axum and hyper.
const MAX_ALLOCATIONS: u64 = 30;
/// Their bytes.
const MAX_BYTES: u64 = 11_500;
/// Bytes of the response head with request ID, trace, rate limit and security headers.
const MAX_HEAD: usize = 520;

#[derive(Serialize)]
struct Event {
    id: u64,
    open: bool,
}

/// Sends requests on one connection and returns the last response.
fn send(stream: &mut TcpStream, requests: u64) -> String {
    let mut response = Vec::new();
    for _ in 0..requests {
        stream.write_all(REQUEST.as_bytes()).unwrap();
        response.clear();
        let mut bytes = [0; 4_096];
        while !response.ends_with(BODY.as_bytes()) {
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&response));
            response.extend_from_slice(bytes.get(..read).unwrap());
        }
    }
    String::from_utf8(response).unwrap()
}

fn stack() -> Stack {
    let identity = ServiceIdentity::new("cost", "1.0.0");
    let telemetry = Telemetry::start_with_sink(
        &identity,
        &LogConfig::default(),
        &MetricsConfig::default(),
        &TracingConfig::default(),
        true,
        Arc::new(NullSink),
    )
    .unwrap();
    let mut config = HttpConfig::default();
    config.rate_limit.requests = UNREACHED_RATE;
    let event = async |Path(id): Path<u64>| Json(Event { id, open: true });
    let routes = Routes::new().get("/events/{id}", event);
    Stack::builder(identity, config, &telemetry)
        .build(routes)
        .unwrap()
}

/// Runs the server on this thread until the client thread has its last response.
async fn serve(stream: TcpStream, requests: u64) -> (TcpStream, String) {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut stream = stream;
        let response = send(&mut stream, requests);
        let _ = sender.send((stream, response));
    });
    receiver.await.unwrap()
}

#[test]
fn request_stays_within_allocations_and_bytes() {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ListenerConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..ListenerConfig::default()
    };
    let listener = runtime.block_on(Listener::bind(&config)).unwrap();
    let address = listener.local_addr();
    let stack = stack();
    let _server = runtime
        .block_on(async { listener.serve_with(move |peer| stack.connection(peer.peer(), false)) });
    let stream = TcpStream::connect(address).unwrap();
    let (stream, _) = runtime.block_on(serve(stream, WARM_UP));
    let mut result = None;
    let counted = allocation_counter::measure(|| {
        result = Some(runtime.block_on(serve(stream, REQUESTS)));
    });
    let (_, response) = result.unwrap();
    let head = response.len() - BODY.len();
    let each = counted.count_total / REQUESTS;
    let bytes = counted.bytes_total / REQUESTS;
    println!("{each} allocations of {bytes} bytes, {head} bytes of head");
    assert!(each <= MAX_ALLOCATIONS, "{each} allocations");
    assert!(bytes <= MAX_BYTES, "{bytes} bytes on the heap");
    assert!(head <= MAX_HEAD, "{head} bytes:\n{response}");
}
