//! Credentials, limits and the stop of a server.

use std::{
    num::NonZeroU32,
    time::{Duration, SystemTime},
};

use seaworthy_core::{Actor, ByteSize, Code, Error, Grants, Secret, Timeout};
use serde_json::{Value, json};

use super::{
    Call, Handshake, Peer, SocketIo,
    tests::{guest, hub, start},
};
use crate::{Client as Owner, Message, RealtimeConfig};

/// Accepts tokens such as `ada 500`, which expires after 500 milliseconds.
pub(super) async fn authenticate(handshake: Handshake) -> Result<Peer, Error> {
    let invalid = || Handshake::rejected(std::io::Error::other("not a token"));
    let (user, left) = handshake.token()?.split_once(' ').ok_or_else(invalid)?;
    let left: u64 = left.parse().map_err(|_| invalid())?;
    let peer = Peer::new(Actor::new(user), Grants::default());
    Ok(peer.expires_at(SystemTime::now() + Duration::from_millis(left)))
}

#[tokio::test]
async fn connect_without_a_valid_token_is_rejected_auth_5() {
    let server = start(SocketIo::new(&hub(RealtimeConfig::default()), authenticate)).await;
    let mut client = server.connect().await;
    for (auth, message, code) in [
        ("", "Authentication token required", "TOKEN_MISSING"),
        (
            r#"{"token":""}"#,
            "Authentication token required",
            "TOKEN_MISSING",
        ),
        (r#"{"token":"x"}"#, "Authentication failed", "TOKEN_INVALID"),
    ] {
        client.send(&format!("40{auth}")).await;
        let answer = client.packet().await;
        let data: Value = serde_json::from_str(answer.strip_prefix("44").unwrap()).unwrap();
        assert_eq!(
            data,
            json!({ "message": message, "data": { "code": code } })
        );
    }
    client.send(r#"420["anything"]"#).await;
    for _ in 0..10 {
        client.send("40").await;
    }
    let (texts, _) = client.closed().await;
    assert_eq!(
        texts.len(),
        5,
        "further attempts are not answered: {texts:?}"
    );
}

#[tokio::test]
async fn expired_token_ends_the_connection_auth_2() {
    let server = start(SocketIo::new(&hub(RealtimeConfig::default()), authenticate)).await;
    let mut client = server.join(r#"{"token":"ada 200"}"#).await;
    assert_eq!(client.closed().await.0, ["41"]);
}

#[tokio::test]
async fn refreshed_token_keeps_the_connection_auth_2() {
    let io = SocketIo::new(&hub(RealtimeConfig::default()), authenticate);
    let server = start(io.on("echo", async |call: Call| Ok(call.message().clone()))).await;
    let mut client = server.join(r#"{"token":"ada 3000"}"#).await;
    client
        .send(r#"421["auth:refresh",{"token":"bob 60000"}]"#)
        .await;
    let rejected = client.packet().await;
    assert!(rejected.contains("USER_MISMATCH"), "{rejected}");
    client
        .send(r#"422["auth:refresh",{"token":"ada 60000"}]"#)
        .await;
    assert_eq!(client.packet().await, r#"432[{"ok":true}]"#);
    // The first token expires.
    tokio::time::sleep(Duration::from_secs(3)).await;
    client.send(r#"423["echo",1]"#).await;
    assert_eq!(client.packet().await, "433[1]");
}

#[tokio::test]
async fn refreshed_token_with_other_rights_is_rejected_auth_5() {
    let with_roles = async |handshake: Handshake| {
        let roles: Vec<String> = handshake.token()?.split(' ').map(str::to_owned).collect();
        Ok(Peer::new(Actor::new("ada"), Grants::new(roles, [""; 0])))
    };
    let server = start(SocketIo::new(&hub(RealtimeConfig::default()), with_roles)).await;
    let mut client = server.join(r#"{"token":"admin member"}"#).await;
    client
        .send(r#"421["auth:refresh",{"token":"member"}]"#)
        .await;
    let rejected = client.packet().await;
    assert!(rejected.contains("GRANTS_MISMATCH"), "{rejected}");
    client
        .send(r#"422["auth:refresh",{"token":"admin member"}]"#)
        .await;
    assert_eq!(client.packet().await, r#"432[{"ok":true}]"#);
}

#[tokio::test]
async fn handlers_see_the_last_token_of_their_client_auth_3() {
    let with_token = async |handshake: Handshake| {
        let peer = Peer::new(Actor::new("ada"), Grants::default());
        Ok(peer.with_token(handshake.token()?))
    };
    let io = SocketIo::new(&hub(RealtimeConfig::default()), with_token);
    let io = io.on("token", async |call: Call| {
        let token = call.socket().peer().token();
        Ok(json!(token.map(Secret::expose)))
    });
    let server = start(io).await;
    let mut first = server.join(r#"{"token":"one"}"#).await;
    let mut second = server.join(r#"{"token":"two"}"#).await;
    second
        .send(r#"421["auth:refresh",{"token":"three"}]"#)
        .await;
    assert_eq!(second.packet().await, r#"431[{"ok":true}]"#);
    second.send(r#"422["token"]"#).await;
    assert_eq!(second.packet().await, r#"432["three"]"#);
    first.send(r#"421["token"]"#).await;
    assert_eq!(first.packet().await, r#"431["one"]"#);
}

#[tokio::test]
async fn disconnects_do_not_prolong_an_unauthenticated_session_res_6() {
    let config = RealtimeConfig {
        connect_timeout: Timeout::from_millis(300),
        ..RealtimeConfig::default()
    };
    let server = start(SocketIo::new(&hub(config), authenticate)).await;
    let mut client = server.connect().await;
    let ended = tokio::time::timeout(Duration::from_secs(30), async {
        while client.try_send("41").await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    assert!(ended.await.is_ok(), "the session goes on");
}

#[tokio::test]
async fn user_has_a_limited_number_of_connections_res_6() {
    let config = RealtimeConfig {
        max_connections_per_user: NonZeroU32::new(1).unwrap(),
        ..RealtimeConfig::default()
    };
    let server = start(SocketIo::new(&hub(config), authenticate)).await;
    let first = server.join(r#"{"token":"ada 60000"}"#).await;
    let mut second = server.connect().await;
    second.send(r#"40{"token":"ada 60000"}"#).await;
    let rejected = second.packet().await;
    assert!(rejected.starts_with("44{"), "{rejected}");
    assert!(
        rejected.contains(r#""message":"Too many connections""#),
        "{rejected}"
    );
    drop(first);
}

#[tokio::test]
async fn client_that_sends_too_many_events_is_ended_res_6() {
    let config = RealtimeConfig {
        max_calls: NonZeroU32::new(2).unwrap(),
        ..RealtimeConfig::default()
    };
    let io = SocketIo::new(&hub(config), guest);
    let server = start(io.on("echo", async |_| Ok(()))).await;
    let mut client = server.join("").await;
    for ack in 0..3 {
        client.send(&format!("42{ack}[\"echo\"]")).await;
    }
    // The handshake counts.
    assert_eq!(client.packet().await, "430[]");
    assert!(client.packet().await.contains("RATE_LIMITED"));
    assert!(client.packet().await.contains("RATE_LIMITED"));
    for _ in 0..17 {
        client.send("42[\"echo\"]").await;
    }
    assert_eq!(client.closed().await.0, [""; 0]);
}

#[tokio::test]
async fn large_message_ends_the_session_sec_3() {
    let config = RealtimeConfig {
        max_message_size: ByteSize::kibibytes(1),
        ..RealtimeConfig::default()
    };
    let io = SocketIo::new(&hub(config), guest);
    let server = start(io.on("echo", async |call: Call| Ok(call.message().clone()))).await;
    let mut client = server.join("").await;
    client
        .send(&format!("421[\"echo\",\"{}\"]", "x".repeat(2_000)))
        .await;
    assert_eq!(client.closed().await.0, [""; 0]);
}

#[tokio::test]
async fn failed_events_are_acknowledged_with_reason_api_2() {
    let config = RealtimeConfig {
        call_timeout: Timeout::from_millis(50),
        ..RealtimeConfig::default()
    };
    let io = SocketIo::new(&hub(config), guest)
        .on("reject", async |_| {
            Err::<(), _>(Error::new(
                Code::Forbidden,
                "NOT_YOURS",
                "the room is closed",
            ))
        })
        .on("panic", async |call: Call| {
            assert_eq!(call.message(), &Message::from(json!(1)), "a defect");
            Ok(())
        })
        .on("hang", async |_| {
            std::future::pending::<Result<(), Error>>().await
        })
        .on("number", async |call: Call| {
            Ok::<_, Error>(json!(call.data::<u64>()?))
        });
    let server = start(io).await;
    let mut client = server.join("").await;
    for (event, code) in [
        ("[\"reject\"]", "NOT_YOURS"),
        ("[\"panic\"]", "INTERNAL"),
        ("[\"hang\"]", "DEADLINE_EXCEEDED"),
        ("[\"number\",\"x\"]", "INVALID_DATA"),
        ("[\"other\"]", "UNKNOWN_EVENT"),
    ] {
        client.send(&format!("421{event}")).await;
        let answer = client.packet().await;
        let data: Value = serde_json::from_str(answer.strip_prefix("431").unwrap()).unwrap();
        assert_eq!(data[0]["ok"], false);
        assert_eq!(data[0]["code"], code, "{answer}");
        assert!(!answer.contains("defect"), "{answer}");
    }
    client.send("421[\"number\",7]").await;
    assert_eq!(client.packet().await, "431[7]");
}

#[tokio::test]
async fn stop_finishes_the_running_event_life_4() {
    let hub = hub(RealtimeConfig::default());
    let (started, mut starts) = tokio::sync::mpsc::channel::<()>(1);
    let (finish, finished) = tokio::sync::watch::channel(false);
    let io = SocketIo::new(&hub, guest).on("store", move |_| {
        let (started, mut finished) = (started.clone(), finished.clone());
        async move {
            started.send(()).await.unwrap();
            finished.wait_for(|finished| *finished).await.unwrap();
            Ok(Message::from(json!({ "ok": true })))
        }
    });
    let server = start(io).await;
    let mut client = server.join("").await;
    let mut idle = server.connect().await;
    client.send(r#"421["store"]"#).await;
    starts.recv().await.unwrap();
    hub.drain();
    finish.send_replace(true);
    assert_eq!(client.packet().await, r#"431[{"ok":true}]"#);
    assert!(
        client
            .packet()
            .await
            .starts_with(r#"42["server:draining",{"reconnectAfterMs":"#)
    );
    assert_eq!(client.closed().await, (Vec::new(), Some(1012)));
    assert_eq!(idle.closed().await, (Vec::new(), Some(1012)));
    assert_eq!(server.get("").await.status, 503);
}

#[tokio::test]
async fn stop_reaches_a_client_over_polling_life_4() {
    let hub = hub(RealtimeConfig::default());
    let server = start(SocketIo::new(&hub, guest)).await;
    let session = server.open().await;
    server.post(&session, "40").await;
    assert!(server.poll(&session).await.body.starts_with("40{"));
    let drain = async { hub.drain() };
    let (answer, ()) = tokio::join!(server.poll(&session), drain);
    let mut packets = answer.body.split('\x1e');
    let first = packets.next().unwrap();
    assert!(first.starts_with(r#"42["server:draining""#), "{first}");
    if packets.next().is_none() {
        assert_eq!(server.poll(&session).await.body, "1");
    }
}

#[tokio::test]
async fn revoked_user_is_disconnected_auth_3() {
    let hub = hub(RealtimeConfig::default());
    let server = start(SocketIo::new(&hub, authenticate)).await;
    let mut client = server.join(r#"{"token":"ada 60000"}"#).await;
    hub.disconnect(&Owner::user("ada"));
    assert_eq!(client.closed().await.0, ["41"]);
}
