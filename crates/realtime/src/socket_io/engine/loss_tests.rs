//! Clients, sockets and requests that stop at the wrong moment.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, ws},
    response::Response,
};
use futures::{FutureExt as _, Sink, Stream};
use http_body_util::BodyExt as _;
use seaworthy_core::Error;
use serde_json::Value;
use tokio::{
    sync::oneshot,
    time::{Instant, advance, sleep},
};

use super::{
    Engine, Malformed, Message, Protocol,
    heartbeat::{Heartbeat, HeartbeatEvent},
    packet::Packet,
    probe::{Probe, Step},
    registry::Registry,
    serve,
    session::Session,
    tests::{Echo, config},
    websocket::WebSocketEnd,
};
use crate::RealtimeConfig;

/// More than any test receives from a socket without an end.
const ENDLESS: usize = 1_000_000;

/// A socket in memory.
#[derive(Default)]
struct FakeSocket {
    received: VecDeque<&'static str>,
    /// Received without an end.
    repeated: Option<&'static str>,
    repetitions: usize,
    /// Flushes that are pending before one succeeds.
    pending_flushes: usize,
    sent: Vec<ws::Message>,
}

impl Stream for FakeSocket {
    type Item = Result<ws::Message, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let text = self.received.pop_front().or(self.repeated);
        let Some(text) = text else {
            return Poll::Pending;
        };
        self.repetitions += 1;
        assert!(self.repetitions < ENDLESS, "only the socket is polled");
        Poll::Ready(Some(Ok(ws::Message::Text(text.into()))))
    }
}

impl Sink<ws::Message> for FakeSocket {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, frame: ws::Message) -> Result<(), Self::Error> {
        self.sent.push(frame);
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.pending_flushes > 0 {
            self.pending_flushes -= 1;
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
}

/// A protocol that the service ends.
struct Over;

impl Protocol for Over {
    fn is_ready(&self) -> bool {
        true
    }

    fn receive(&mut self, _: Message) -> Result<(), Malformed> {
        Ok(())
    }

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Message>> {
        Poll::Ready(None)
    }

    fn poll_blocked(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

fn engine() -> Engine<Echo> {
    Engine::new(&config(), || Ok(Echo::default()))
}

async fn request(
    engine: &Engine<Echo>,
    method: &str,
    session: &str,
    body: &'static str,
) -> Result<Response, Error> {
    let uri = format!("/?EIO=4&transport=polling{session}");
    let request = Request::builder().method(method).uri(uri);
    serve(engine, request.body(Body::from(body)).unwrap()).await
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// Opens a session, and returns the parameter with its identifier.
async fn open(engine: &Engine<Echo>) -> String {
    let open = text(request(engine, "GET", "", "").await.unwrap()).await;
    let parameters: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    format!("&sid={}", parameters["sid"].as_str().unwrap())
}

#[tokio::test]
async fn dropped_response_with_packets_ends_session_life_6() {
    let engine = engine();
    let session = open(&engine).await;
    let poll = request(&engine, "GET", &session, "").await.unwrap();
    // The task of the session responds to the poll before it returns.
    request(&engine, "POST", &session, "4hello").await.unwrap();
    drop(poll);
    match request(&engine, "GET", &session, "").await {
        Ok(last) => assert_eq!(text(last).await, "1"),
        Err(rejected) => assert_eq!(rejected.reason(), "UNKNOWN_SESSION"),
    }
}

#[tokio::test]
async fn packets_of_a_broken_poll_reach_the_next_one_life_6() {
    let engine = engine();
    let session = open(&engine).await;
    let poll = request(&engine, "GET", &session, "").await.unwrap();
    drop(poll);
    let next = request(&engine, "GET", &session, "").await.unwrap();
    request(&engine, "POST", &session, "4hello").await.unwrap();
    assert_eq!(text(next).await, "4hello");
}

#[tokio::test]
async fn interrupted_answer_to_a_probe_is_sent_once_life_6() {
    let (sender, socket) = oneshot::channel();
    let mut probe = Probe::start(socket, config().ping_timeout.get());
    let socket = FakeSocket {
        received: ["2probe", "5"].into(),
        pending_flushes: 1,
        ..FakeSocket::default()
    };
    assert!(sender.send(socket).is_ok());
    assert!(matches!(probe.next().await, Step::Opened));
    // A command of the client drops the future.
    assert!(probe.next().now_or_never().is_none());
    assert!(matches!(probe.next().await, Step::Answered));
    let Step::Upgraded(socket) = probe.next().await else {
        panic!("not upgraded");
    };
    assert_eq!(socket.sent, [Packet::ProbeAnswer.frame()]);
}

#[tokio::test]
async fn end_by_the_service_passes_a_flood_of_frames_sec_3() {
    let registry = Arc::<Registry>::default();
    let config = RealtimeConfig {
        max_calls: u32::MAX.try_into().unwrap(),
        ..config()
    };
    let mut session = Session::new(registry.try_acquire(1).unwrap(), Over, &config);
    let mut socket = FakeSocket {
        repeated: Some("6"),
        ..FakeSocket::default()
    };
    assert_eq!(session.exchange(&mut socket).await, WebSocketEnd::ByService);
}

#[tokio::test(start_paused = true)]
async fn late_ping_keeps_the_timeout_res_3() {
    let (interval, timeout) = (Duration::from_secs(25), Duration::from_secs(20));
    // On a busy machine, and after a suspension.
    for (late, lost_after) in [(30, 45), (3_600, 3_610)] {
        let started = Instant::now();
        let mut heartbeat = Heartbeat::new(interval, timeout);
        advance(Duration::from_secs(late)).await;
        assert_eq!(heartbeat.next().await, HeartbeatEvent::Ping);
        assert_eq!(heartbeat.next().await, HeartbeatEvent::Lost);
        assert_eq!(started.elapsed().as_secs(), lost_after);
    }
}

#[tokio::test(start_paused = true)]
async fn poll_after_the_ping_timeout_is_rejected_res_3() {
    let engine = engine();
    let session = open(&engine).await;
    let config = config();
    let after_ping = Duration::from_millis(10);
    sleep(config.keep_alive.get() + after_ping).await;
    // The request arrives before the timer fires.
    let ((), late) = tokio::join!(
        advance(config.ping_timeout.get() - after_ping),
        request(&engine, "GET", &session, "")
    );
    assert_eq!(late.unwrap_err().reason(), "UNKNOWN_SESSION");
}
