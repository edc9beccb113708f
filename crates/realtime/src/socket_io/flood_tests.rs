//! Clients that exceed their limits.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    routing::any,
};
use seaworthy_core::{ByteSize, Error, RequestContext, ServiceIdentity, Timeout, context};
use seaworthy_testkit::eventually;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    Call, SocketIo,
    limit_tests::authenticate,
    serve,
    tests::{guest, hub, start},
};
use crate::{Event, RealtimeConfig, test_server::Server};

/// Shorter than the ping timeout.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Serves clients whose address is the parameter `address`.
async fn start_with_addresses(io: SocketIo) -> Server {
    let with_address = from_fn(async |request: Request, next: Next| {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (_, address) = query.split_once("address=").unwrap();
        let context = RequestContext::background(ServiceIdentity::new("test", "1.0.0"));
        let context = context.with_client_address(address.parse().unwrap());
        context::scope(Arc::new(context), next.run(request)).await
    });
    let router = Router::new().route("/socket.io/", any(serve));
    let router = router.layer(with_address).with_state(io.state());
    Server::start("/socket.io/", router).await
}

#[tokio::test]
async fn sessions_before_authentication_are_limited_res_6() {
    let config = RealtimeConfig {
        max_unauthenticated_per_address: NonZeroU32::new(2).unwrap(),
        ..RealtimeConfig::default()
    };
    let hub = hub(config);
    let server = start_with_addresses(SocketIo::new(&hub, guest)).await;
    let open = async |address: &str| server.get(&format!("&address={address}")).await;
    let first = open("2001:db8::1").await;
    assert_eq!(open("2001:db8::2").await.status, 200);
    assert_eq!(open("2001:db8::3").await.status, 429);
    assert_eq!(open("2001:db8:0:1::1").await.status, 200);

    let first: Value = serde_json::from_str(first.body.strip_prefix('0').unwrap()).unwrap();
    let session = format!("{}&address=2001:db8::1", first["sid"].as_str().unwrap());
    server.post(&session, "40").await;
    eventually(async || hub.connections() == 1).await;
    assert_eq!(open("2001:db8::3").await.status, 200);
}

#[tokio::test]
async fn client_without_namespace_is_counted_again_res_6() {
    let config = RealtimeConfig {
        max_unauthenticated_per_address: NonZeroU32::new(1).unwrap(),
        ..RealtimeConfig::default()
    };
    let server = start(SocketIo::new(&hub(config), guest)).await;
    let mut first = server.join("").await;
    let _second = server.connect().await;
    first.send("41").await;
    assert_eq!(timeout(TIMEOUT, first.closed()).await.unwrap().0, [""; 0]);
}

#[tokio::test]
async fn unread_answers_delay_the_handlers_sec_3() {
    const CALLS: usize = 20;
    let runs = Arc::new(AtomicUsize::new(0));
    let handler = {
        let runs = Arc::clone(&runs);
        move |_: Call| {
            runs.fetch_add(1, Ordering::Relaxed);
            async { Ok::<_, Error>(json!("x".repeat(60 << 10))) }
        }
    };
    let hub = hub(RealtimeConfig::default());
    let server = start(SocketIo::new(&hub, guest).on("list", handler)).await;
    let session = server.open().await;
    let calls = (0..CALLS).map(|ack| format!("\x1e42{ack}[\"list\"]"));
    let body = format!("40{}", calls.collect::<String>());
    assert_eq!(server.post(&session, &body).await.status, 200);
    eventually(async || runs.load(Ordering::Relaxed) >= 2).await;
    let all = async {
        while runs.load(Ordering::Relaxed) < 4 {
            tokio::task::yield_now().await;
        }
    };
    let ran = timeout(Duration::from_millis(300), all).await;
    assert!(ran.is_err(), "handlers run although nothing is read");

    let mut answers = 0;
    while answers < CALLS {
        let body = server.poll(&session).await.body;
        assert!(body.len() < 130 << 10, "{} bytes", body.len());
        answers += body.matches("43").count();
    }
}

#[tokio::test]
async fn large_acknowledgement_is_an_error_sec_3() {
    let config = RealtimeConfig {
        max_event_size: ByteSize::kibibytes(1),
        ..RealtimeConfig::default()
    };
    let io = SocketIo::new(&hub(config), guest).on("text", async |call: Call| {
        let length: usize = call.data()?;
        Ok::<_, Error>(json!("x".repeat(length)))
    });
    let mut client = start(io).await.join("").await;
    client.send(r#"421["text",900]"#).await;
    assert!(client.packet().await.starts_with("431[\"xxx"));
    client.send(r#"422["text",1100]"#).await;
    let answer = client.packet().await;
    assert!(answer.contains("RESULT_TOO_LARGE"), "{answer}");
}

#[tokio::test]
async fn flood_of_frames_without_effect_is_ended_sec_3() {
    for frame in ["6", "5", "3"] {
        let hub = hub(RealtimeConfig::default());
        let mut client = start(SocketIo::new(&hub, guest)).await.join("").await;
        for _ in 0..3_000 {
            client.try_send(frame).await;
        }
        assert_eq!(client.closed().await.0, [""; 0], "{frame}");
    }
}

#[tokio::test]
async fn expired_token_ends_a_client_that_never_polls_auth_2() {
    let hub = hub(RealtimeConfig::default());
    let io = SocketIo::new(&hub, authenticate).on("list", async |_| {
        Ok::<_, Error>(json!("x".repeat(60 << 10)))
    });
    let server = start(io).await;
    let session = server.open().await;
    let calls = "\x1e421[\"list\"]".repeat(10);
    let body = format!("40{{\"token\":\"ada 300\"}}{calls}");
    assert_eq!(server.post(&session, &body).await.status, 200);
    eventually(async || hub.connections() == 1).await;
    let ended = eventually(async || hub.connections() == 0);
    assert!(timeout(TIMEOUT, ended).await.is_ok());
}

#[tokio::test]
async fn expired_token_ends_a_client_that_never_reads_auth_2() {
    const EVENTS: u32 = 100;
    let config = RealtimeConfig {
        max_event_size: ByteSize::mebibytes(1),
        ping_timeout: Timeout::from_secs(60),
        ..RealtimeConfig::default()
    };
    let hub = hub(config);
    let io = SocketIo::new(&hub, authenticate).on("fill", async |call: Call| {
        let event = Event::new("large", &"x".repeat(1_000_000)).map_err(Error::internal)?;
        for _ in 0..EVENTS {
            assert!(call.socket().send(&event));
        }
        Ok(())
    });
    let server = start(io).await;
    let mut client = server.join(r#"{"token":"ada 1000"}"#).await;
    client.send(r#"42["fill"]"#).await;
    let ended = eventually(async || hub.connections() == 0);
    assert!(timeout(TIMEOUT, ended).await.is_ok());
}
