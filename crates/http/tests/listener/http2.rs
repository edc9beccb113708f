//! SEC-3 over HTTP/2: streams, cancellations, windows and frames are bounded, and a stop finishes
//! what was begun.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests, and these share several"
)]

use std::future::poll_fn;

use bytes::Bytes;
use h2::{
    Reason,
    client::{Builder, SendRequest},
};
use http::{Request, StatusCode};
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_http::server::{Protocols, ReceiveWindows};
use seaworthy_testkit::raw::{RawClient, StreamEnd};
use tokio::task::JoinHandle;

use crate::fixture::{Fixture, TIMEOUT, start, start_limited, start_sharing, start_with};

const SHORT: Timeout = Timeout::from_millis(100);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

struct Client {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    async fn connect(fixture: &Fixture, builder: &Builder) -> Self {
        let stream = RawClient::connect(fixture.address).await.unwrap();
        let (requests, connection) = builder.handshake(stream.into_stream()).await.unwrap();
        Self {
            requests: requests.ready().await.unwrap(),
            connection: tokio::spawn(connection),
        }
    }

    fn get(&mut self, path: &str) -> (h2::client::ResponseFuture, h2::SendStream<Bytes>) {
        let request = Request::get(format!("http://a{path}")).body(()).unwrap();
        self.requests.send_request(request, true).unwrap()
    }

    async fn body(&mut self, path: &str) -> Result<Vec<u8>, h2::Error> {
        let mut body = self.get(path).0.await?.into_body();
        let mut bytes = Vec::new();
        while let Some(data) = body.data().await {
            bytes.extend_from_slice(&data?);
        }
        Ok(bytes)
    }

    /// Waits for the end of the connection.
    async fn ended(self) -> Result<(), h2::Error> {
        let ended = tokio::time::timeout(TIMEOUT, self.connection);
        ended.await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn stop_finishes_streams_of_prior_knowledge_life_4() {
    let fixture = start().await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    assert_eq!(client.body("/").await.unwrap(), b"hello");
    let (waiting, _) = client.get("/wait");
    fixture.in_flight(1).await;
    fixture.server.drain();
    fixture.release.notify_one();
    let mut body = waiting.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "waited");
    fixture.drained().await;
    client.ended().await.unwrap();
}

#[tokio::test]
async fn idle_connection_gets_goaway_sec_3() {
    let fixture = start_limited(|limits| limits.connections.idle_timeout = SHORT).await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    assert_eq!(client.body("/").await.unwrap(), b"hello");
    client.ended().await.unwrap();
    assert_eq!(fixture.server.stats().idle_timeouts, 1);
}

#[tokio::test]
async fn old_connection_gets_goaway_and_finishes_streams_sec_3() {
    let fixture = start_limited(|limits| limits.connections.max_age = SHORT).await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    let (waiting, _) = client.get("/wait");
    fixture
        .until(|fixture| fixture.server.stats().max_age == 1)
        .await;
    fixture.release.notify_one();
    assert_eq!(waiting.await.unwrap().status(), StatusCode::OK);
    client.ended().await.unwrap();
}

#[tokio::test]
async fn rapid_resets_end_the_connection_sec_3() {
    let fixture = start_limited(|limits| limits.http2.max_resets = 20).await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    for _ in 0..=20 {
        let (_, mut stream) = client.get("/wait");
        fixture.in_flight(1).await;
        stream.send_reset(Reason::CANCEL);
        fixture.in_flight(0).await;
    }
    // Whether the client calls the end an error is its own affair.
    let _ = client.ended().await;
    assert_eq!(fixture.server.stats().reset_floods, 1);
    fixture.serves_others().await;
}

#[tokio::test]
async fn resets_before_the_start_of_a_request_end_the_connection_sec_3() {
    let fixture = start().await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    loop {
        let request = Request::get("http://a/wait").body(()).unwrap();
        let Ok((_, mut stream)) = client.requests.send_request(request, true) else {
            break;
        };
        stream.send_reset(Reason::CANCEL);
        tokio::task::yield_now().await;
        if client.connection.is_finished() {
            break;
        }
    }
    fixture
        .until(|fixture| fixture.server.stats().open == 0)
        .await;
    fixture.serves_others().await;
}

#[tokio::test]
async fn a_client_that_cancels_some_requests_stays_sec_3() {
    let fixture = start_limited(|limits| limits.http2.max_resets = 5).await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    for _ in 0..10 {
        assert_eq!(client.body("/").await.unwrap(), b"hello");
        assert_eq!(client.body("/").await.unwrap(), b"hello");
        let (_, mut stream) = client.get("/wait");
        fixture.in_flight(1).await;
        stream.send_reset(Reason::CANCEL);
        fixture.in_flight(0).await;
    }
    assert_eq!(client.body("/").await.unwrap(), b"hello");
    assert_eq!(fixture.server.stats().reset_floods, 0);
}

#[tokio::test]
async fn only_the_unread_stream_is_reset_sec_3() {
    let fixture = start_limited(|limits| limits.response.stall_timeout = SHORT).await;
    let mut client = Client::connect(&fixture, Builder::new().initial_window_size(100)).await;
    let stalled = client.get("/zeros/1000000").0.await.unwrap();
    fixture
        .until(|fixture| fixture.server.stats().write_stalls == 1)
        .await;
    fixture.in_flight(0).await;
    assert_eq!(client.body("/").await.unwrap(), b"hello");
    drop(stalled);
}

#[tokio::test]
async fn large_response_arrives_completely() {
    let fixture = start().await;
    let mut client = Client::connect(&fixture, Builder::new().initial_window_size(1 << 24)).await;
    let (response, _) = client.get("/zeros/3000001");
    let response = response.await.unwrap();
    assert_eq!(response.headers()["content-length"], "3000001");
    let mut body = response.into_body();
    let mut size = 0;
    while let Some(data) = body.data().await {
        let length = data.unwrap().len();
        body.flow_control().release_capacity(length).unwrap();
        size += length;
    }
    assert_eq!(size, 3_000_001);
}

#[tokio::test]
async fn a_slow_body_is_a_408_and_the_connection_stays_sec_3_res_3() {
    let fixture = start_limited(|limits| limits.body.stall_timeout = SHORT).await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    let request = Request::post("http://a/echo").body(()).unwrap();
    let (response, mut body) = client.requests.send_request(request, false).unwrap();
    body.send_data(Bytes::from_static(b"a"), false).unwrap();
    assert_eq!(
        response.await.unwrap().status(),
        StatusCode::REQUEST_TIMEOUT
    );
    assert_eq!(client.body("/").await.unwrap(), b"hello");
}

#[tokio::test]
async fn streams_are_bounded_sec_3() {
    let fixture = start_limited(|limits| limits.http2.max_streams = 3).await;
    let mut raw = RawClient::connect(fixture.address).await.unwrap();
    raw.send(PREFACE).await.unwrap();
    raw.send(EMPTY_SETTINGS).await.unwrap();
    for stream in [1, 3, 5, 7, 9] {
        raw.send(headers_frame(stream, END_HEADERS | END_STREAM, &get_wait()))
            .await
            .unwrap();
    }
    fixture.in_flight(3).await;
    let received = raw.read_to_end(Timeout::from_millis(200).get()).await;
    let refused = frames(&received.bytes)
        .filter(|(kind, _)| *kind == RST_STREAM)
        .count();
    assert_eq!(refused, 2);
    fixture.in_flight(3).await;
}

#[tokio::test]
async fn oversized_header_lists_are_rejected_sec_3() {
    let fixture = start_limited(|limits| limits.head.max_size = ByteSize::kibibytes(8)).await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    let request = Request::get("http://a/").header("x", "a".repeat(10_000));
    let (response, _) = client
        .requests
        .send_request(request.body(()).unwrap(), true)
        .unwrap();
    let refused = match response.await {
        Ok(response) => response.status() == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Err(_) => true,
    };
    assert!(refused);
    fixture.serves_others().await;
}

#[tokio::test]
async fn a_flood_of_continuation_frames_ends_the_connection_sec_3() {
    let fixture = start().await;
    let mut raw = RawClient::connect(fixture.address).await.unwrap();
    raw.send(PREFACE).await.unwrap();
    raw.send(EMPTY_SETTINGS).await.unwrap();
    raw.send(headers_frame(1, 0, &get_wait())).await.unwrap();
    // A literal header without indexing, named x, with an empty value.
    let continuation = frame(CONTINUATION, 0, 1, &[0x00, 0x01, b'x', 0x00]);
    for _ in 0..100_000 {
        if raw.send(&continuation).await.is_err() {
            break;
        }
    }
    assert_ne!(raw.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    fixture.serves_others().await;
}

#[tokio::test]
async fn head_in_pieces_has_a_deadline_sec_3() {
    let fixture = start_limited(|limits| limits.head.timeout = SHORT).await;
    let mut raw = RawClient::connect(fixture.address).await.unwrap();
    raw.send(PREFACE).await.unwrap();
    raw.send(EMPTY_SETTINGS).await.unwrap();
    // A complete head has the time of its handler.
    let whole = headers_frame(1, END_HEADERS | END_STREAM, &get_wait());
    raw.send(whole).await.unwrap();
    assert_eq!(raw.read_to_end(3 * SHORT.get()).await.end, StreamEnd::Open);
    assert_eq!(fixture.server.stats().head_timeouts, 0);
    raw.send(headers_frame(3, 0, &get_wait())).await.unwrap();
    raw.send(frame(CONTINUATION, 0, 3, &[])).await.unwrap();
    assert_ne!(raw.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
    assert_eq!(fixture.server.stats().head_timeouts, 1);
    fixture.serves_others().await;
}

#[tokio::test]
async fn silently_disconnected_peer_is_detected_sec_3() {
    let fixture = start_limited(|limits| {
        limits.http2.ping_interval = SHORT;
        limits.http2.ping_timeout = SHORT;
    })
    .await;
    let mut raw = RawClient::connect(fixture.address).await.unwrap();
    raw.send(PREFACE).await.unwrap();
    raw.send(EMPTY_SETTINGS).await.unwrap();
    raw.send(headers_frame(1, END_HEADERS | END_STREAM, &get_wait()))
        .await
        .unwrap();
    assert_ne!(raw.read_to_end(TIMEOUT).await.end, StreamEnd::Open);
}

#[tokio::test]
async fn http2_port_rejects_other_protocols_sec_3() {
    let fixture = start_with(|config| config.protocols = Protocols::Http2).await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    assert_eq!(client.body("/").await.unwrap(), b"hello");
    let mut raw = RawClient::connect(fixture.address).await.unwrap();
    raw.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let received = raw.read_to_end(TIMEOUT).await;
    assert_eq!(received.end, StreamEnd::Closed);
    assert!(received.statuses().is_empty());
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn headers_frame(stream: u32, flags: u8, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, flags, stream, block)
}

/// `GET http://a/wait`: indexed method and scheme, literal authority and path (RFC 7541, appendix
/// A).
fn get_wait() -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x01, 1, b'a', 0x04, 5];
    block.extend(b"/wait");
    block
}

/// Kind and stream of each whole frame.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = (u8, u32)> {
    std::iter::from_fn(move || {
        let ([a, b, c, kind, _, stream @ ..], payload) = bytes.split_first_chunk::<9>()?;
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let stream = u32::from_be_bytes(*stream);
        bytes = payload.get(length..)?;
        Some((*kind, stream))
    })
}

#[tokio::test]
async fn too_many_headers_are_a_431_sec_3() {
    let fixture = start_limited(|limits| limits.head.max_headers = 50).await;
    let mut client = Client::connect(&fixture, &Builder::new()).await;
    for (headers, status) in [(50, 200), (51, 431)] {
        let mut request = Request::get("http://a/").body(()).unwrap();
        for _ in 0..headers {
            let name = http::HeaderName::from_static("x");
            let value = http::HeaderValue::from_static("y");
            request.headers_mut().append(name, value);
        }
        let (response, _) = client.requests.send_request(request, true).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), status);
        if status == 431 {
            let id = response.headers()["x-request-id"].clone();
            let kind = &response.headers()["content-type"];
            assert_eq!(kind, "application/problem+json");
            let document = response.into_body().data().await.unwrap().unwrap();
            let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
            assert_eq!(document["reason"], "TOO_MANY_HEADERS");
            assert_eq!(document["request_id"], id.to_str().unwrap());
        }
    }
    assert_eq!(fixture.server.stats().rejected_requests, 1);
}

/// Opens a stream to a handler that does not read its body, and returns how many bytes its client
/// may send.
async fn window(client: &mut Client) -> usize {
    let request = Request::get("http://a/wait").body(()).unwrap();
    let (_response, mut body) = client.requests.send_request(request, false).unwrap();
    body.reserve_capacity(1 << 20);
    let mut window = 0;
    // The server raises its windows right after the preface, so a pause means that it is done.
    while let Ok(Some(capacity)) =
        tokio::time::timeout(SHORT.get(), poll_fn(|context| body.poll_capacity(context))).await
    {
        window = capacity.unwrap();
    }
    window
}

#[tokio::test]
async fn receive_windows_of_all_connections_share_one_limit_sec_3() {
    let windows = ReceiveWindows::new(ByteSize::kibibytes(256));
    let fixture = start_sharing(windows, |config| {
        config.limits.http2.stream_window = ByteSize::kibibytes(256);
        config.limits.http2.connection_window = ByteSize::kibibytes(256);
    })
    .await;
    let mut first = Client::connect(&fixture, &Builder::new()).await;
    assert_eq!(window(&mut first).await, 256 << 10);
    let mut second = Client::connect(&fixture, &Builder::new()).await;
    assert_eq!(window(&mut second).await, 65_535);
}
