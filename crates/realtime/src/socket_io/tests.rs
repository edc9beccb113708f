//! The scenarios of the protocol suite of Socket.IO (`socketio/socket.io-protocol`).

use std::sync::Arc;

use axum::{
    Router,
    extract::ws::WebSocketUpgrade,
    response::IntoResponse as _,
    routing::{any, get},
};
use seaworthy_core::{Actor, Error, Grants, Timeout};
use seaworthy_telemetry::metrics::Metrics;
use serde_json::{Value, json};

use super::{Call, Handshake, Peer, Socket, SocketIo, engine::tests::config, serve};
use crate::{
    Client as Owner, Event, Hub, RealtimeConfig, Room,
    test_server::{Client, Server},
};

/// The behavior that the suite expects.
pub(super) async fn guest(handshake: Handshake) -> Result<Peer, Error> {
    Ok(Peer::anonymous(&handshake))
}

pub(super) async fn start(io: SocketIo) -> Server {
    let router = Router::new().route("/socket.io/", any(serve));
    Server::start("/socket.io/", router.with_state(io.state())).await
}

pub(super) fn suite() -> SocketIo {
    SocketIo::new(&hub(config()), guest)
        .namespace("/custom")
        .on_connect(|socket: &Socket, auth: &Value| {
            assert!(socket.send(&Event::new("auth", auth).unwrap()));
        })
        .on("message", async |call: Call| {
            let event = Event::with_message("message-back", call.message().clone());
            assert!(call.socket().send(&event.unwrap()));
            Ok(())
        })
        .on("message-with-ack", async |call: Call| {
            Ok(call.message().clone())
        })
}

async fn start_suite() -> Server {
    start(suite()).await
}

pub(super) fn hub(config: RealtimeConfig) -> Hub {
    Hub::new(&config, &Metrics::new())
}

impl Server {
    /// Connects to the default namespace.
    pub(super) async fn join(&self, auth: &str) -> Client {
        let mut client = self.connect().await;
        client.send(&format!("40{auth}")).await;
        assert!(client.packet().await.starts_with("40{\"sid\":"));
        client
    }
}

async fn joined_suite() -> Client {
    let mut client = start_suite().await.join("").await;
    assert_eq!(client.packet().await, "42[\"auth\",{}]");
    client
}

#[tokio::test]
async fn client_connects_to_a_namespace() {
    let server = start_suite().await;
    for (sent, answer, auth) in [
        ("40", "40{", r#"42["auth",{}]"#),
        (
            r#"40{"token":"123"}"#,
            "40{",
            r#"42["auth",{"token":"123"}]"#,
        ),
        ("40/custom,", "40/custom,{", r#"42/custom,["auth",{}]"#),
        (
            r#"40/custom,{"token":"abc"}"#,
            "40/custom,{",
            r#"42/custom,["auth",{"token":"abc"}]"#,
        ),
    ] {
        let mut client = server.connect().await;
        client.send(sent).await;
        let connected = client.packet().await;
        assert!(connected.starts_with(answer), "{sent}: {connected}");
        assert_eq!(client.packet().await, auth);
    }
}

#[tokio::test]
async fn unknown_namespace_is_rejected_auth_5() {
    let mut client = start_suite().await.connect().await;
    client.send("40/random").await;
    let rejected = r#"44/random,{"message":"Invalid namespace"}"#;
    assert_eq!(client.packet().await, rejected);
}

#[tokio::test]
async fn malformed_handshake_ends_the_session_api_3() {
    let mut client = start_suite().await.connect().await;
    client.send("4abc").await;
    assert_eq!(client.closed().await.0, [""; 0]);
}

#[tokio::test]
async fn session_without_a_handshake_ends_auth_5() {
    let config = RealtimeConfig {
        connect_timeout: Timeout::from_millis(100),
        ..RealtimeConfig::default()
    };
    let server = start(SocketIo::new(&hub(config), guest)).await;
    let mut client = server.connect().await;
    assert_eq!(client.closed().await.0, [""; 0]);
}

#[tokio::test]
async fn client_leaves_the_default_namespace() {
    let mut client = joined_suite().await;
    client.send("41").await;
    assert_eq!(client.text().await, "2");
}

#[tokio::test]
async fn client_leaves_one_of_two_namespaces() {
    let mut client = joined_suite().await;
    client.send("40/custom").await;
    assert!(client.packet().await.starts_with("40/custom,{"));
    assert_eq!(client.packet().await, r#"42/custom,["auth",{}]"#);
    client.send("41/custom").await;
    client.send(r#"42["message","text"]"#).await;
    assert_eq!(client.packet().await, r#"42["message-back","text"]"#);
}

#[tokio::test]
async fn event_passes_with_all_arguments() {
    let mut client = joined_suite().await;
    client.send(r#"42["message",1,"2",{"3":[true]}]"#).await;
    assert_eq!(
        client.packet().await,
        r#"42["message-back",1,"2",{"3":[true]}]"#
    );
    client
        .send(r#"42456["message-with-ack",1,"2",{"3":[false]}]"#)
        .await;
    assert_eq!(client.packet().await, r#"43456[1,"2",{"3":[false]}]"#);
}

#[tokio::test]
async fn event_passes_with_binary_attachments() {
    let mut client = joined_suite().await;
    let data = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    for (sent, answer) in [
        ("452-[\"message\",", "452-[\"message-back\","),
        ("452-789[\"message-with-ack\",", "462-789["),
    ] {
        client.send(&format!("{sent}{data}")).await;
        client.send_binary(&[1, 2, 3]).await;
        client.send_binary(&[4, 5, 6]).await;
        assert_eq!(client.packet().await, format!("{answer}{data}"));
        assert_eq!(client.binary().await, [1, 2, 3]);
        assert_eq!(client.binary().await, [4, 5, 6]);
    }
}

#[tokio::test]
async fn malformed_packet_ends_the_session_sec_3() {
    let server = start_suite().await;
    for packet in [
        "4abc",
        "42{}",
        r#"42abc["message-with-ack",1]"#,
        "42[]",
        "42[1]",
        "43[]",
        "44{}",
        "40[]",
        r#"451-["message"]"#,
        r#"4517-["message"]"#,
        r#"45-["message"]"#,
        "42\u{e9}",
        &format!("42{}", "[".repeat(1_000)),
    ] {
        let mut client = server.join("").await;
        client.send(packet).await;
        // A text must not replace binary data.
        client.send(r#"42["message"]"#).await;
        let (texts, _) = client.closed().await;
        assert!(!texts.iter().any(|text| text.contains("back")), "{packet}");
    }
}

#[tokio::test]
async fn event_reaches_all_kinds_of_clients() {
    let hub = hub(RealtimeConfig::default());
    let room: Room = "role:admin".parse().unwrap();
    let authenticate = async |_: Handshake| {
        let grants = Grants::new(["admin"], [""; 0]);
        Ok::<_, Error>(Peer::new(Actor::new("ada"), grants))
    };
    let server = start(SocketIo::new(&hub, authenticate)).await;
    let mut client = server.join("").await;
    let mut stream = hub.connect(&Owner::default()).unwrap();
    stream.join(room.clone()).unwrap();
    let plain = {
        let (hub, room) = (hub.clone(), room.clone());
        Router::new().route(
            "/live",
            get(async move |upgrade: WebSocketUpgrade| {
                let connection = hub.connect(&Owner::default()).unwrap();
                connection.join(room).unwrap();
                crate::websocket(upgrade, connection)
            }),
        )
    };
    let plain = Server::start("/live", plain).await;
    let mut plain = plain.websocket("").await.unwrap();
    assert_eq!(plain.text().await, r#"{"event":"resync","data":{}}"#);

    let event = Event::new("seats", &json!({ "left": 3 })).unwrap();
    assert_eq!(hub.emit(&room, event.clone()), 3);
    assert_eq!(client.packet().await, r#"42["seats",{"left":3}]"#);
    assert_eq!(plain.text().await, r#"{"event":"seats","data":{"left":3}}"#);
    assert_eq!(stream.next().await, Ok(event));

    hub.drain();
    let (texts, code) = plain.closed().await;
    assert_eq!(texts, [r#"{"event":"draining","data":{}}"#]);
    assert_eq!(code, Some(1012));
}

#[tokio::test]
async fn end_of_a_connection_names_its_rooms_life_7() {
    let hub = hub(config());
    let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let io = SocketIo::new(&hub, guest)
        .on("join", async |call: Call| {
            let room = Room::new("chat", call.data::<u64>()?).unwrap();
            call.socket().join(room)?;
            Ok(json!({ "ok": true }))
        })
        .on_disconnect(move |_, rooms| sender.send(rooms.to_vec()).unwrap());
    let server = start(io).await;
    // By the client, by the loss of the connection, and by the hub.
    for number in 0..3_u64 {
        let mut client = server.join("").await;
        client.send(&format!(r#"421["join",{number}]"#)).await;
        assert_eq!(client.packet().await, r#"431[{"ok":true}]"#);
        match number {
            0 => client.send("41").await,
            1 => drop(client),
            _ => hub.drain(),
        }
        let rooms = ended.recv().await.unwrap();
        assert_eq!(rooms, [Room::new("chat", number).unwrap()]);
        assert_eq!(hub.connections(), 0);
    }
}

#[tokio::test]
async fn errors_of_requests_have_the_form_of_the_service_api_2() {
    let form = |error: Error| {
        let text = format!("{}: {}", error.reason(), error.message());
        (http::StatusCode::BAD_REQUEST, text).into_response()
    };
    let server = start(suite().error_renderer(Arc::new(form))).await;
    let unknown = server.get("&sid=unknown").await;
    let expected = "UNKNOWN_SESSION: the session is unknown or has ended: open another session";
    assert_eq!((unknown.status, &*unknown.body), (400, expected));
}
