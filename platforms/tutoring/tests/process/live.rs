//! Connections of Socket.IO through the gateway.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt as _, StreamExt as _};
use seaworthy::{
    config::{Environment, Loader},
    data::{chrono::Utc, sql},
    prelude::Timeout,
    service::RunningService,
};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};
use tutoring_contract::{
    PlatformZone, Role,
    events::{SessionSubstituted, TrainerAllocated},
};
use uuid::Uuid;

use crate::{
    app::{SECRET, TestPlatform, json_of, wait_for},
    authorization::{USER, token_of, token_with_role},
    peer::Peer,
    students::send,
};

const TIMEOUT: Duration = Duration::from_secs(60);

/// A client of Socket.IO over WebSocket.
pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    /// Opens a connection, and sends credentials. Returns the packet with the result.
    async fn connect(gateway: SocketAddr, auth: &Value) -> (Self, String) {
        let address = format!("ws://{gateway}/socket.io/?EIO=4&transport=websocket");
        let (stream, _) = connect_async(address).await.unwrap();
        let mut client = Self(stream);
        assert!(client.packet().await.starts_with("0{"));
        client.send(&format!("40{auth}")).await;
        let result = client.packet().await;
        (client, result)
    }

    /// Connects with a valid token.
    pub(crate) async fn join(gateway: SocketAddr, token: &str) -> Self {
        let (client, result) = Self::connect(gateway, &json!({ "token": token })).await;
        assert!(result.starts_with("40{\"sid\":"), "{result}");
        client
    }

    async fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.unwrap();
    }

    /// Returns the next packet that is not a ping.
    async fn packet(&mut self) -> String {
        // Pings do not extend the timeout.
        let found = tokio::time::timeout(TIMEOUT, async {
            loop {
                let message = self.0.next().await;
                let Message::Text(text) = message.unwrap().unwrap() else {
                    continue;
                };
                match text.as_str() {
                    "2" => self.send("3").await,
                    other => return other.to_owned(),
                }
            }
        });
        found.await.unwrap()
    }

    /// Returns the payload of the next event or acknowledgement that starts with this text.
    pub(crate) async fn next(&mut self, start: &str) -> Value {
        loop {
            let packet = self.packet().await;
            if let Some(rest) = packet.strip_prefix(start) {
                return serde_json::from_str(rest.strip_suffix(']').unwrap()).unwrap();
            }
        }
    }

    /// Sends an event, and returns its acknowledgement.
    async fn call(&mut self, event: &str, data: &Value) -> Value {
        self.send(&format!("429{}", json!([event, data]))).await;
        self.next("439[").await
    }

    /// Returns the next business event.
    async fn event(&mut self) -> Value {
        let packet = self.packet().await;
        let event = packet
            .strip_prefix("42")
            .unwrap_or_else(|| panic!("{packet}"));
        let mut event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(event[0], "business-event");
        event[1].take()
    }

    /// Returns the next business event that is not about pay. The pay of a trainer follows an
    /// allocation or a substitution, and may arrive before other events.
    async fn event_without_pay(&mut self) -> Value {
        loop {
            let event = self.event().await;
            if event["type"] != "PAYROLL_RECALCULATED" {
                return event;
            }
        }
    }
}

/// Starts a second gateway with the Redis and the broker of a platform.
async fn second_gateway(app: &TestPlatform) -> Option<RunningService> {
    let redis = app.redis.as_ref()?;
    let own = [
        format!("access_tokens.secret={SECRET}"),
        format!("redis.url={}", redis.url()),
        format!("clients.chat.base_url=http://{}", app.address("chat")),
        format!("clients.booking.base_url=http://{}", app.address("booking")),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "log.level=error".to_owned(),
    ];
    let settings = app.broker().into_iter().chain(own);
    let loader = Loader::new("tutoring-gateway").environment(Environment::default());
    let started = tutoring_gateway::service()
        .start(loader.overrides(settings), tutoring_gateway::assemble)
        .await;
    Some(started.unwrap_or_else(|error| panic!("{:?}", error.chain())))
}

fn allocated(student_id: Uuid, course: u128) -> TrainerAllocated {
    TrainerAllocated {
        allocation_id: Uuid::from_u128(1),
        trainer_id: USER,
        student_id,
        course_id: Uuid::from_u128(course),
        session_count: 10,
        start_date: "2026-12-01".parse().unwrap(),
        end_date: None,
    }
}

/// Acceptance 9: a client receives its own events only, on two gateways.
pub(crate) async fn business_events_reach_their_users_only_auth_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let student: Uuid = json_of(&own)["data"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let second = second_gateway(app).await;
    let other = second
        .as_ref()
        .map_or(app.gateway, |gateway| gateway.addresses().http);
    let trainer = token_with_role(Role::Trainer, &session.access);
    let mut clients = [
        Client::join(app.gateway, &session.access).await,
        Client::join(other, &session.access).await,
    ];
    let mut trainer = Client::join(other, &trainer).await;

    let peer = Peer::start(app).await;
    let stranger = Uuid::from_u128(99);
    // The event of another student arrives before the own one, because both have one topic.
    peer.publish(allocated(stranger, 1)).await;
    peer.publish(allocated(student, 2)).await;
    for client in &mut clients {
        let event = client.event().await;
        assert_eq!(
            (&event["type"], &event["studentId"], &event["courseId"]),
            (
                &json!("TRAINER_ALLOCATED"),
                &json!(student),
                &json!(Uuid::from_u128(2))
            )
        );
        assert!(event["timestamp"].is_i64(), "{event}");
    }
    let mut courses = [
        trainer.event_without_pay().await,
        trainer.event_without_pay().await,
    ];
    courses.sort_by_key(|event| event["courseId"].to_string());
    assert_eq!(courses[0]["studentId"], json!(stranger));
    assert_eq!(courses[1]["studentId"], json!(student));
    // Both trainers of a substitution receive it.
    peer.publish(SessionSubstituted {
        session_id: Uuid::from_u128(3),
        original_trainer_id: Uuid::from_u128(4),
        substitute_trainer_id: USER,
        student_id: student,
        date: "2026-12-02".parse().unwrap(),
        time_slot: "10:00".to_owned(),
    })
    .await;
    let event = trainer.event_without_pay().await;
    assert_eq!(event["type"], "SESSION_SUBSTITUTED");
    assert_eq!(clients[1].event().await["type"], "SESSION_SUBSTITUTED");
    drop((clients, trainer));
    if let Some(second) = second {
        second.stop().await;
    }
}

/// Acceptance 9: participants exchange messages over two gateways, and strangers none.
pub(crate) async fn chats_reach_participants_only_auth_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let student = json_of(&own)["data"]["id"].clone();
    let student: Uuid = serde_json::from_value(student).unwrap();
    let second = second_gateway(app).await;
    let other = second
        .as_ref()
        .map_or(app.gateway, |gateway| gateway.addresses().http);
    let trainer_token = token_with_role(Role::Trainer, &session.access);
    let stranger_token = token_of(
        Uuid::from_u128(8),
        Role::Trainer,
        &session.access,
        Timeout::from_secs(600),
    );
    let mut asha = Client::join(app.gateway, &session.access).await;
    let mut trainer = Client::join(other, &trainer_token).await;
    let mut stranger = Client::join(other, &stranger_token).await;
    let peer = Peer::start(app).await;
    peer.publish(allocated(student, 1)).await;
    let hello = json!({ "recipientIds": [student], "content": "Hello", "clientMessageId": "1" });
    // The chat service knows the allocation soon.
    let sent = wait_for("the first message", || {
        let sent = send(app, &trainer_token, "POST", "/chat/messages", &hello);
        (sent.status == 201).then(|| json_of(&sent)["data"].clone())
    });
    let notified = asha.next(r#"42["notification:new","#).await;
    assert_eq!(notified["title"], "New message");
    let conversation = json!({ "conversationId": sent["conversationId"] });
    let joined = asha.call("chat:join", &conversation).await;
    assert_eq!(joined["ok"], true, "{joined}");
    // The other gateway counts the connection of the student after a short delay.
    let online = loop {
        let joined = trainer.call("chat:join", &conversation).await;
        assert_eq!(joined["ok"], true, "{joined}");
        let online = joined["online"].as_array().unwrap().clone();
        if online.len() == 2 {
            break online;
        }
    };
    assert!(online.contains(&json!(student)) && online.contains(&json!(USER)));
    // The first event is about the student, and a later one about the trainer.
    let present = loop {
        let seen = asha.next(r#"42["chat:presence","#).await;
        if seen["userId"] == json!(USER) {
            break seen;
        }
    };
    assert_eq!(
        (&present["online"], &present["conversationId"]),
        (&json!(true), &conversation["conversationId"])
    );
    assert!(present["at"].is_string(), "{present}");
    for event in ["chat:join", "chat:typing", "chat:read"] {
        let refused = stranger.call(event, &conversation).await;
        assert_eq!(refused["ok"], false, "{event}: {refused}");
    }
    let typing = asha.call("chat:typing", &conversation).await;
    assert_eq!(typing["ok"], true, "{typing}");
    let seen = trainer.next(r#"42["chat:typing","#).await;
    assert_eq!(seen["userId"], json!(student));
    let again = asha.call("chat:typing", &conversation).await;
    assert_eq!(again["code"], "RATE_LIMITED", "{again}");

    // A repeat over the connection returns the message of the first call.
    let mut message = conversation.clone();
    message["content"] = json!("I am on the way");
    message["clientMessageId"] = json!("2");
    let first = asha.call("chat:send", &message).await;
    assert_eq!(first["ok"], true, "{first}");
    let repeat = asha.call("chat:send", &message).await;
    assert_eq!(repeat["message"]["id"], first["message"]["id"]);
    let received = trainer.next(r#"42["chat:message","#).await;
    assert_eq!(
        (&received["id"], &received["content"]),
        (&first["message"]["id"], &json!("I am on the way"))
    );
    let into = stranger.call("chat:send", &message).await;
    assert_eq!(into["ok"], false, "{into}");
    let read = trainer.call("chat:read", &conversation).await;
    assert_eq!(read["updatedMessages"], 1, "{read}");
    let seen = asha.next(r#"42["chat:read","#).await;
    assert_eq!(seen["userId"], json!(USER));
    // A user who has left the room is a participant, who goes offline with the connection.
    let left = trainer.call("chat:leave", &conversation).await;
    assert_eq!(left["ok"], true, "{left}");
    drop(trainer);
    let absent = loop {
        let seen = asha.next(r#"42["chat:presence","#).await;
        if seen["online"] == false {
            break seen;
        }
    };
    assert_eq!(absent["userId"], json!(USER));
    drop((asha, stranger));
    if let Some(second) = second {
        second.stop().await;
    }
}

/// Stores a session of today at a place. Returns its ID.
pub(crate) async fn session_of_today(app: &TestPlatform, student: Uuid, trainer: Uuid) -> Uuid {
    let database = app.database("booking").await;
    let (allocation, session) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let package = json!({
        "classType": "ONE_ON_ONE", "deliveryMode": "WEEKDAY_DAILY", "timeSlot": "16:00",
    });
    sql("INSERT INTO allocations (id, student_id, trainer_id, course_id, status, session_count, package, timeslot, created_at, updated_at) VALUES (?, ?, ?, ?, 'approved', 10, ?, '16:00', ?, ?)")
        .bind(allocation)
        .bind(student)
        .bind(trainer)
        .bind(Uuid::from_u128(3))
        .bind(package)
        .bind(Utc::now())
        .bind(Utc::now())
        .execute(&database)
        .await
        .unwrap();
    sql("INSERT INTO tutoring_sessions (id, allocation_id, session_number, student_id, trainer_id, course_id, scheduled_date, timeslot, start_minute, starts_at, duration_min, mode, status, latitude, longitude, otp_attempts, verification, created_at, updated_at) VALUES (?, ?, 1, ?, ?, ?, ?, '16:00', 960, ?, 40, 'home', 'scheduled', 9.93, 76.26, 0, ?, ?, ?)")
        .bind(session)
        .bind(allocation)
        .bind(student)
        .bind(trainer)
        .bind(Uuid::from_u128(3))
        .bind(PlatformZone::default().today().to_string())
        .bind(Utc::now())
        .bind(json!({}))
        .bind(Utc::now())
        .bind(Utc::now())
        .execute(&database)
        .await
        .unwrap();
    session
}

/// The student of a session watches the trainer's journey and gets the code, over two gateways.
/// Other users get nothing.
pub(crate) async fn journey_and_code_reach_the_student_only_auth_5(app: &TestPlatform) {
    let live = app.student("asha@example.org").access;
    let lifetime = Timeout::from_secs(600);
    let (student, stranger) = (Uuid::from_u128(9), Uuid::from_u128(8));
    let token = |id: Uuid, role: Role| token_of(id, role, &live, lifetime);
    let own = token(USER, Role::Trainer);
    let session = session_of_today(app, student, USER).await;
    let second = second_gateway(app).await;
    let other = second
        .as_ref()
        .map_or(app.gateway, |gateway| gateway.addresses().http);
    let mut watcher = Client::join(other, &token(student, Role::Student)).await;
    let mut others = [
        Client::join(app.gateway, &token(stranger, Role::Student)).await,
        Client::join(other, &own).await,
    ];
    let post = |path: &str, body: &Value| send(app, &own, "POST", path, body);
    let started = post("/admin/journeys/start", &json!({ "sessionId": session }));
    assert_eq!(started.status, 201, "{}", started.body);
    let id = json_of(&started)["data"]["journeyId"].clone();
    let path = |action: &str| format!("/admin/journeys/{}/{action}", id.as_str().unwrap());
    let watch = |id: &Value| json!({ "journeyId": id });

    // The result is an event, and the acknowledgement of the call.
    watcher
        .send(&format!("421{}", json!(["subscribe:journey", watch(&id)])))
        .await;
    let joined = watcher.next(r#"42["subscribe:journey:ok","#).await;
    assert_eq!(joined, watch(&id));
    for client in &mut others {
        let call = format!("421{}", json!(["subscribe:journey", watch(&id)]));
        client.send(&call).await;
        let refused = client.next(r#"42["subscribe:journey:error","#).await;
        let message = json!({ "message": "Access denied to this journey" });
        assert_eq!(refused, message);
    }
    for unknown in [json!(Uuid::nil()), json!("../../booking/cities")] {
        let call = format!("421{}", json!(["subscribe:journey", watch(&unknown)]));
        watcher.send(&call).await;
        let refused = watcher.next(r#"42["subscribe:journey:error","#).await;
        let message = json!({ "message": "Journey not active or expired" });
        assert_eq!(refused, message, "{unknown}");
    }

    let place = json!({ "sequence": 1, "latitude": 9.93, "longitude": 76.26, "speed": 3 });
    let moved = post(&path("location"), &place);
    assert_eq!(moved.status, 200, "{}", moved.body);
    let seen = watcher.next(r#"42["journey:location","#).await;
    assert_eq!(
        (
            &seen["journeyId"],
            &seen["sequence"],
            &seen["location"]["speed"]
        ),
        (&id, &json!(1), &json!(3.0))
    );
    let arrived = post(&path("arrived"), &json!({}));
    assert_eq!(arrived.status, 200, "{}", arrived.body);
    let ended = watcher.next(r#"42["journey:ended","#).await;
    assert_eq!(
        (&ended["journeyId"], &ended["reason"]),
        (&id, &json!("arrived"))
    );
    assert!(ended["endedAt"].is_string(), "{ended}");
    // A journey that is over cannot be watched.
    let call = format!("421{}", json!(["subscribe:journey", watch(&id)]));
    watcher.send(&call).await;
    let refused = watcher.next(r#"42["subscribe:journey:error","#).await;
    assert_eq!(refused["message"], "Journey not active or expired");

    let here = json!({ "trainerLocation": { "latitude": 9.93, "longitude": 76.26 } });
    let begun = post(&format!("/admin/sessions/{session}/start"), &here);
    assert_eq!(begun.status, 200, "{}", begun.body);
    let code = watcher.next(r#"42["session:otp","#).await;
    assert_eq!(code["sessionId"], json!(session));
    assert_eq!(code["otp"].as_str().unwrap().len(), 6);
    assert!(code["expiresAt"].is_string(), "{code}");
    // The answer to a later call is the first packet of the others.
    for client in &mut others {
        client.send(r#"422["unsubscribe:journey",{}]"#).await;
        loop {
            let packet = client.packet().await;
            if packet.starts_with("432[") {
                break;
            }
            assert!(packet.starts_with("431["), "{packet}");
        }
    }
    drop((watcher, others));
    if let Some(second) = second {
        second.stop().await;
    }
}

pub(crate) async fn connection_needs_a_valid_token_auth_1(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    for (auth, message) in [
        (json!({}), "Authentication token required"),
        (json!({ "token": "a.b.c" }), "Authentication failed"),
        // A user that the client names is ignored.
        (
            json!({ "userId": USER, "role": "admin" }),
            "Authentication token required",
        ),
    ] {
        let (_client, result) = Client::connect(app.gateway, &auth).await;
        let refused = result
            .strip_prefix("44")
            .unwrap_or_else(|| panic!("{result}"));
        let refused: Value = serde_json::from_str(refused).unwrap();
        assert_eq!(refused["message"], message);
    }
    let mut client = Client::join(app.gateway, &session.access).await;
    client.send(r#"421["subscribe:journey",{}]"#).await;
    let event = r#"42["subscribe:journey:error",{"message":"journeyId required"}]"#;
    let mut packets = [client.packet().await, client.packet().await];
    packets.sort();
    assert_eq!(packets[0], event);
    assert!(
        packets[1].starts_with(r#"431[{"#) && packets[1].contains(r#""ok":false"#),
        "{packets:?}"
    );

    // The connection ends when its token expires, unless the client sends a new one.
    let short = token_of(USER, Role::Student, &session.access, Timeout::from_secs(2));
    let mut expiring = Client::join(app.gateway, &short).await;
    assert_eq!(expiring.packet().await, "41");
    // A token of an ended session is rejected.
    assert_eq!(
        app.call(&session.access, "POST", "/logout-all", &Value::Null)
            .status,
        200
    );
    if app.redis.is_some() {
        let auth = json!({ "token": session.access });
        let (_client, result) = Client::connect(app.gateway, &auth).await;
        assert!(result.contains("Authentication failed"), "{result}");
    }
}
