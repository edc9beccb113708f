use seaworthy::prelude::Timeout;
use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use super::{Client, allocated, second_gateway};
use crate::{
    app::{TestPlatform, json_of, wait_for},
    authorization::{USER, token_of, token_with_role},
    peer::Peer,
    students::send,
};

/// Acceptance 9: participants exchange messages over two gateways. Other users receive none.
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
    let other_token = token_of(
        Uuid::from_u128(8),
        Role::Trainer,
        &session.access,
        Timeout::from_secs(600),
    );
    let mut asha = Client::join(app.gateway, &session.access).await;
    let mut trainer = Client::join(other, &trainer_token).await;
    let mut other_user = Client::join(other, &other_token).await;
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
        let refused = other_user.call(event, &conversation).await;
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
    let into = other_user.call("chat:send", &message).await;
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
    drop((asha, other_user));
    if let Some(second) = second {
        second.stop().await;
    }
}
