//! The scenarios of the protocol suite of Engine.IO (`socketio/engine.io-protocol`).

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use seaworthy_core::{ByteSize, Error, Timeout};
use serde_json::Value;

use super::{Engine, Malformed, Message, Protocol, serve};
use crate::{
    RealtimeConfig,
    test_server::{Reply, Server},
};

const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// Returns each message to its client.
#[derive(Default)]
pub(in crate::socket_io) struct Echo {
    pending: VecDeque<Message>,
    waker: Option<Waker>,
}

impl Protocol for Echo {
    fn is_ready(&self) -> bool {
        true
    }

    fn receive(&mut self, message: Message) -> Result<(), Malformed> {
        self.pending.push_back(message);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        Ok(())
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.waker = Some(context.waker().clone());
        match self.pending.pop_front() {
            Some(message) => Poll::Ready(Some(message)),
            None => Poll::Pending,
        }
    }

    fn poll_blocked(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// The settings that the suite expects.
pub(in crate::socket_io) fn config() -> RealtimeConfig {
    RealtimeConfig {
        keep_alive: Timeout::from_millis(300),
        ping_timeout: Timeout::from_millis(200),
        connect_timeout: Timeout::from_secs(1),
        max_message_size: ByteSize::bytes(1_000_000),
        ..RealtimeConfig::default()
    }
}

pub(in crate::socket_io) fn echo() -> Arc<Engine<Echo>> {
    Arc::new(Engine::new(&config(), || Ok(Echo::default())))
}

pub(in crate::socket_io) async fn handle(
    State(engine): State<Arc<Engine<Echo>>>,
    request: Request,
) -> Result<Response, Error> {
    serve(&engine, request).await
}

async fn start() -> Server {
    let router = Router::new().route("/engine.io/", any(handle));
    Server::start("/engine.io/", router.with_state(echo())).await
}

fn ok(body: &str) -> Reply {
    Reply {
        status: 200,
        body: body.to_owned(),
    }
}

fn assert_parameters(packet: &str, upgrades: &[&str]) {
    let parameters: Value = serde_json::from_str(packet.strip_prefix('0').unwrap()).unwrap();
    assert_eq!(parameters.as_object().unwrap().len(), 5);
    assert!(parameters["sid"].is_string());
    assert_eq!(parameters["upgrades"], serde_json::json!(upgrades));
    assert_eq!(parameters["pingInterval"], 300);
    assert_eq!(parameters["pingTimeout"], 200);
    assert_eq!(parameters["maxPayload"], 1_000_000);
}

#[tokio::test]
async fn polling_opens_a_session() {
    let answer = start().await.get("").await;
    assert_eq!(answer.status, 200);
    assert_parameters(&answer.body, &["websocket"]);
}

#[tokio::test]
async fn polling_rejects_invalid_requests_api_3() {
    let server = start().await;
    for (method, query) in [
        ("GET", "transport=polling"),
        ("GET", "EIO=abc&transport=polling"),
        ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=abc"),
        ("POST", "EIO=4&transport=polling"),
        ("PUT", "EIO=4&transport=polling"),
        ("GET", "EIO=4&transport=websocket"),
        ("GET", "EIO=4&transport=polling&sid=unknown"),
    ] {
        let answer = server.request(method, query, "").await;
        assert_eq!(answer.status, 400, "{method} {query}");
    }
}

#[tokio::test]
async fn websocket_opens_a_session() {
    let mut client = start().await.websocket(WEBSOCKET).await.unwrap();
    assert_parameters(&client.text().await, &[]);
}

#[tokio::test]
async fn websocket_rejects_invalid_requests_api_3() {
    let server = start().await;
    for query in [
        "transport=websocket",
        "EIO=abc&transport=websocket",
        "EIO=4",
        "EIO=4&transport=abc",
    ] {
        assert!(server.websocket(query).await.is_none(), "{query}");
    }
}

#[tokio::test]
async fn polling_exchanges_text_and_binary_packets() {
    let server = start().await;
    for body in [
        "4hello",
        "4test1\x1e4test2\x1e4test3",
        "4hello\x1ebAQIDBA==",
    ] {
        let session = server.open().await;
        assert_eq!(server.post(&session, body).await, ok("ok"));
        assert_eq!(server.poll(&session).await, ok(body));
    }
}

#[tokio::test]
async fn polling_ends_with_a_malformed_packet_api_3() {
    let server = start().await;
    for body in ["abc", "", "4a\x1e", "b!", "0{}", "7"] {
        let session = server.open().await;
        assert_eq!(server.post(&session, body).await.status, 400, "{body}");
        assert_eq!(server.poll(&session).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn polling_ends_with_a_second_poll_sec_3() {
    let server = start().await;
    let session = server.open().await;
    let second = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.poll(&session).await
    };
    let (first, second) = tokio::join!(server.poll(&session), second);
    assert_eq!(first, ok("1"));
    assert_eq!(second.status, 400);
    assert_eq!(server.poll(&session).await.status, 400);
}

#[tokio::test]
async fn websocket_exchanges_text_and_binary_packets() {
    let mut client = start().await.connect().await;
    client.send("4hello").await;
    assert_eq!(client.packet().await, "4hello");
    client.send_binary(&[1, 2, 3, 4]).await;
    assert_eq!(client.binary().await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn websocket_ends_with_a_malformed_packet_api_3() {
    let mut client = start().await.connect().await;
    client.send("abc").await;
    assert_eq!(client.closed().await.0, [""; 0]);
}

#[tokio::test]
async fn polling_client_without_answers_is_ended_res_3() {
    let server = start().await;
    let session = server.open().await;
    for _ in 0..3 {
        assert_eq!(server.poll(&session).await, ok("2"));
        assert_eq!(server.post(&session, "3").await, ok("ok"));
    }
    assert_eq!(server.poll(&session).await, ok("2"));
    assert_eq!(server.poll(&session).await, ok("1"));
    assert_eq!(server.poll(&session).await.status, 400);
}

#[tokio::test]
async fn websocket_client_without_answers_is_ended_res_3() {
    let mut client = start().await.connect().await;
    for _ in 0..3 {
        assert_eq!(client.text().await, "2");
        client.send("3").await;
    }
    assert_eq!(client.closed().await.0, ["2"]);
}

#[tokio::test]
async fn polling_client_ends_the_session() {
    let server = start().await;
    let session = server.open().await;
    let close = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.post(&session, "1").await
    };
    let (poll, close) = tokio::join!(server.poll(&session), close);
    assert_eq!(poll, ok("6"));
    assert_eq!(close, ok("ok"));
    assert_eq!(server.poll(&session).await.status, 400);
}

#[tokio::test]
async fn websocket_client_ends_the_session() {
    let mut client = start().await.connect().await;
    client.send("1").await;
    assert_eq!(client.closed().await.0, [""; 0]);
}

#[tokio::test]
async fn session_upgrades_from_polling_to_websocket() {
    let server = start().await;
    let session = server.open().await;
    let query = format!("{WEBSOCKET}&sid={session}");
    let mut client = server.websocket(&query).await.unwrap();
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    assert_eq!(server.poll(&session).await, ok("6"));
    client.send("5").await;
    client.send("4hello").await;
    assert_eq!(client.packet().await, "4hello");
}

#[tokio::test]
async fn waiting_poll_ends_when_the_session_upgrades() {
    let server = start().await;
    let session = server.open().await;
    let query = format!("{WEBSOCKET}&sid={session}");
    let upgrade = async {
        let mut client = server.websocket(&query).await.unwrap();
        client.send("2probe").await;
        assert_eq!(client.text().await, "3probe");
    };
    let (poll, ()) = tokio::join!(server.poll(&session), upgrade);
    assert_eq!(poll, ok("6"));
}

#[tokio::test]
async fn upgraded_session_rejects_further_requests_sec_3() {
    let server = start().await;
    let session = server.open().await;
    let query = format!("{WEBSOCKET}&sid={session}");
    let mut client = server.websocket(&query).await.unwrap();
    client.send("2probe").await;
    client.send("5").await;
    assert_eq!(client.text().await, "3probe");
    client.send("4first").await;
    assert_eq!(client.packet().await, "4first");
    assert_eq!(server.poll(&session).await.status, 400);
    let mut second = server.websocket(&query).await.unwrap();
    assert_eq!(second.closed().await, (Vec::new(), Some(1008)));
    client.send("4hello").await;
    assert_eq!(client.packet().await, "4hello");
}
