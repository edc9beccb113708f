use seaworthy::data::sql;
use seaworthy_testkit::http::request;
use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use crate::app::{STUDENT, TRAINER, TestApp, data, json_of, student, to_trainer, token, trainer};

pub(crate) async fn message_is_sent_once_and_encrypted_sec_5(app: TestApp) {
    app.allocate().await;
    let body = to_trainer("second", "We meet at the library");
    let sent = data(&app.send(&student(), &body));
    // A repeat returns the first message, also with another text.
    let mut repeat = body.clone();
    repeat["content"] = json!("Another text");
    assert_eq!(data(&app.send(&student(), &repeat)), sent);
    repeat["recipientIds"] = json!([Uuid::from_u128(99)]);
    assert_eq!(app.send(&student(), &repeat).status, 409);
    assert_eq!(
        (&sent["content"], &sent["status"], &sent["senderId"]),
        (
            &json!("We meet at the library"),
            &json!("sent"),
            &json!(Uuid::from_u128(STUDENT))
        )
    );
    let database = app.database().await;
    let id: Uuid = sent["id"].as_str().unwrap().parse().unwrap();
    let (stored,): (String,) = sql("SELECT content FROM messages WHERE id = ?")
        .bind(id)
        .fetch_one(&database)
        .await
        .unwrap();
    assert!(!stored.contains("library"), "{stored}");
    // The same holds for the event to the gateway. Other members are not secret.
    let events = app.wait_for_live("chat:message", 2);
    let room = format!("conversation:{}", sent["conversationId"].as_str().unwrap());
    assert_eq!((events.len(), &events[1].room), (2, &room));
    assert!(
        !serde_json::to_string(&events[1])
            .unwrap()
            .contains("library")
    );
    assert_eq!(app.opened(&events[1]).await, sent);
    let notification = app.wait_for_notification();
    assert_eq!(notification["recipientId"], json!(Uuid::from_u128(TRAINER)));
    assert!(
        !notification.to_string().contains("Hello"),
        "{notification}"
    );

    // Only doubts are checked for contact data.
    for (client_id, text) in [("third", "call 98470 12345"), ("4", "asha@example.org")] {
        let sent = data(&app.send(&student(), &to_trainer(client_id, text)));
        assert_eq!(sent["content"], text);
    }
    // Only the sender deletes a message. Its place stays.
    let path = format!("/messages/{id}");
    assert_eq!(
        app.call("DELETE", &path, &trainer(), &Value::Null).status,
        403
    );
    assert_eq!(
        app.call("DELETE", &path, &student(), &Value::Null).status,
        200
    );
    let deleted = app.get(&path, &trainer());
    assert_eq!(
        (&deleted["deleted"], &deleted["content"]),
        (&json!(true), &Value::Null)
    );
}

pub(crate) async fn unrelated_users_cannot_write_or_read_auth_5(app: TestApp) {
    app.allocate().await;
    let sent = data(&app.send(&student(), &to_trainer("second", "Hello again")));
    let conversation = sent["conversationId"].as_str().unwrap();
    let other_user = token(8, Role::Student);
    assert_eq!(app.send(&other_user, &to_trainer("a", "Hello")).status, 403);
    // Not in a group with both, and not into their conversation.
    let group = json!({ "recipientIds": [Uuid::from_u128(TRAINER), Uuid::from_u128(STUDENT)],
        "content": "Hello", "clientMessageId": "b" });
    assert_eq!(app.send(&other_user, &group).status, 403);
    let into =
        json!({ "conversationId": conversation, "content": "Hello", "clientMessageId": "c" });
    assert_eq!(app.send(&other_user, &into).status, 404);
    let call = |method: &str, path: &str| app.call(method, path, &other_user, &Value::Null).status;
    assert_eq!(call("GET", &format!("/conversations/{conversation}")), 404);
    assert_eq!(
        call("GET", &format!("/conversations/{conversation}/messages")),
        404
    );
    assert_eq!(
        call("PATCH", &format!("/conversations/{conversation}/read")),
        404
    );
    let message = format!("/messages/{}", sent["id"].as_str().unwrap());
    assert_eq!(
        (call("GET", &message), call("DELETE", &message)),
        (404, 404)
    );
    assert_eq!(
        app.get("/conversations", &other_user)["pagination"]["total"],
        0
    );
    // An administrator writes to a user, who then responds.
    let admin = token(1, Role::Admin);
    let body = json!({ "recipientIds": [Uuid::from_u128(8)], "type": "system",
        "content": "Call us at 98470 12345", "clientMessageId": "d" });
    let from_admin = data(&app.send(&admin, &body));
    let answer = json!({ "conversationId": from_admin["conversationId"], "content": "Thank you",
        "clientMessageId": "e" });
    assert_eq!(app.send(&other_user, &answer).status, 201);
    // Legacy clients name the recipients. They do not reach other administrators.
    let to = |id: u128| {
        let body = json!({ "recipientIds": [Uuid::from_u128(id)], "content": "Thank you" });
        app.send(&other_user, &body).status
    };
    assert_eq!((to(1), to(2)), (201, 403));
    let mut image = to_trainer("g", "look");
    image["type"] = json!("image");
    let refused = app.send(&student(), &image);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(json_of(&refused)["errors"][0]["field"], "attachments");
    let mut system = to_trainer("f", "x");
    system["type"] = json!("system");
    assert_eq!(app.send(&student(), &system).status, 400);
    // The limit is a number of characters, and not of bytes.
    let long = to_trainer("h", &"ä".repeat(5_001));
    let refused = app.send(&student(), &long);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(json_of(&refused)["errors"][0]["field"], "content");
    let longest = to_trainer("i", &"ä".repeat(5_000));
    assert_eq!(app.send(&student(), &longest).status, 201);
}

pub(crate) async fn pages_and_read_state_follow_messages_api_3(app: TestApp) {
    app.allocate().await;
    for number in 2..=5 {
        let body = to_trainer(&format!("m{number}"), &format!("Message {number}"));
        assert_eq!(app.send(&student(), &body).status, 201);
    }
    let list = app.get("/conversations", &trainer());
    let own = &list["items"][0];
    assert_eq!(
        (&list["pagination"]["total"], &own["unreadCount"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(own["lastMessage"]["content"], "Message 5");
    let path = format!("/conversations/{}", own["conversationId"].as_str().unwrap());
    let texts = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["content"].as_str().unwrap().to_owned())
            .collect()
    };
    // Pages go back in time, each in ascending order. A message is on one page.
    let newest = app.get(&format!("{path}/messages?limit=2"), &trainer());
    assert_eq!(texts(&newest), ["Message 4", "Message 5"]);
    let cursor = newest["nextCursor"].as_str().unwrap();
    let before = app.get(
        &format!("{path}/messages?limit=2&cursor={cursor}"),
        &trainer(),
    );
    assert_eq!(texts(&before), ["Message 2", "Message 3"]);
    let cursor = before["nextCursor"].as_str().unwrap();
    let first = app.get(
        &format!("{path}/messages?limit=2&cursor={cursor}"),
        &trainer(),
    );
    assert_eq!(
        (texts(&first), &first["nextCursor"]),
        (vec!["Hello".to_owned()], &Value::Null)
    );
    for query in ["limit=101", "limit=0", "cursor=x"] {
        let path = format!("{path}/messages?{query}");
        assert_eq!(
            app.call("GET", &path, &student(), &Value::Null).status,
            400,
            "{query}"
        );
    }
    let status = |index: usize| {
        let page = app.get(&format!("{path}/messages?limit=5"), &student());
        page["items"][index]["status"].clone()
    };
    assert_eq!(status(4), "delivered");
    // Two of five are read. The rest follows without a body.
    let up_to = before["items"][0]["id"].clone();
    let read = |body: &Value| data(&app.call("PATCH", &format!("{path}/read"), &trainer(), body));
    assert_eq!(read(&json!({ "upTo": up_to }))["updatedMessages"], 2);
    assert_eq!((status(1), status(2)), (json!("read"), json!("delivered")));
    assert_eq!(read(&Value::Null)["updatedMessages"], 3);
    assert_eq!(read(&Value::Null)["updatedMessages"], 0);
    assert_eq!(status(4), "read");
    assert_eq!(
        app.get("/conversations", &trainer())["items"][0]["unreadCount"],
        0
    );
    let events = app.wait_for_live("chat:read", 2);
    assert_eq!(events[0].data["userId"], json!(Uuid::from_u128(TRAINER)));
    assert!(events[0].data["at"].is_string());
}

pub(crate) async fn legacy_client_sends_without_id_api_3(app: TestApp) {
    app.allocate().await;
    let mut body = to_trainer("", "Hello again");
    assert_eq!(app.send(&student(), &body).status, 400);
    body.as_object_mut().unwrap().remove("clientMessageId");
    let sent = [(); 2].map(|()| app.send(&student(), &body));
    let sent = sent.each_ref().map(|sent| (sent.status, data(sent)));
    assert_eq!((sent[0].0, sent[1].0), (201, 201));
    // Each request is a message of its own.
    assert_ne!(sent[0].1["id"], sent[1].1["id"]);
    assert!(sent[0].1["clientMessageId"].is_string());
}

pub(crate) async fn concurrent_repeats_store_one_message_msg_5(app: TestApp) {
    app.allocate().await;
    let body = to_trainer("same", "Hello again");
    let ids: Vec<_> = std::thread::scope(|scope| {
        let sends: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| data(&app.send(&student(), &body))["id"].clone()))
            .collect();
        sends.into_iter().map(|send| send.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let list = app.get("/conversations", &trainer());
    assert_eq!(
        (
            &list["pagination"]["total"],
            &list["items"][0]["unreadCount"]
        ),
        (&json!(1), &json!(2))
    );
}

pub(crate) async fn attachments_are_uploads_of_the_sender_file_1(app: TestApp) {
    app.allocate().await;
    let sign = |body: &Value| app.call("POST", "/attachments/sign", &student(), body);
    let wrong = json!({ "type": "image", "mimeType": "text/html", "size": 3 });
    assert_eq!(sign(&wrong).status, 400);
    let signed = data(&sign(
        &json!({ "type": "image", "mimeType": "image/png", "size": 3 }),
    ));
    let attachment =
        json!({ "url": signed["url"], "type": "image", "mimeType": "image/png", "size": 3 });
    let mut message = json!({ "recipientIds": [Uuid::from_u128(TRAINER)], "type": "image",
        "attachments": [attachment], "clientMessageId": "picture" });
    // Nothing is uploaded.
    assert_eq!(app.send(&student(), &message).status, 400);
    let upload = &signed["upload"];
    let base = format!("http://{}", app.http());
    let target = upload["url"].as_str().unwrap().strip_prefix(&base).unwrap();
    let headers: Vec<_> = upload["headers"].as_object().unwrap().iter().collect();
    let headers: Vec<_> = headers
        .iter()
        .filter(|(name, _)| *name != "content-length")
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let put = |content: &str| request(app.http(), "PUT", target, &headers, content).unwrap();
    let stored = put("png");
    assert!((200..300).contains(&stored.status), "{}", stored.body);
    let sent = data(&app.send(&student(), &message));
    let url = sent["attachments"][0]["url"].as_str().unwrap();
    let path = url.strip_prefix(&base).unwrap();
    // The sender cannot replace the file of a sent message.
    assert_eq!(put("xyz").status, 409);
    let file = request(app.http(), "GET", path, &[], "").unwrap();
    assert_eq!((file.status, &*file.body), (200, "png"));
    // Another user cannot attach it, and no other storage counts.
    message["clientMessageId"] = json!("stolen");
    message["recipientIds"] = json!([Uuid::from_u128(STUDENT)]);
    assert_eq!(app.send(&trainer(), &message).status, 400);
    let elsewhere = signed["url"]
        .as_str()
        .unwrap()
        .replace(&base, "https://files.example.org");
    message["attachments"][0]["url"] = json!(elsewhere);
    message["recipientIds"] = json!([Uuid::from_u128(TRAINER)]);
    assert_eq!(app.send(&student(), &message).status, 400);
    // A deleted message loses its file.
    let id = sent["id"].as_str().unwrap();
    let deleted = app.call(
        "DELETE",
        &format!("/messages/{id}"),
        &student(),
        &Value::Null,
    );
    assert_eq!(deleted.status, 200);
    assert_eq!(
        request(app.http(), "GET", path, &[], "").unwrap().status,
        404
    );
}

pub(crate) async fn participants_have_names_msg_5(app: TestApp) {
    app.publish_names().await;
    app.allocate().await;
    let list = app.get("/conversations", &trainer());
    let participants = &list["items"][0]["participants"];
    let of = |id: u128| {
        let id = json!(Uuid::from_u128(id));
        let found = participants.as_array().unwrap().iter();
        found
            .clone()
            .find(|user| user["userId"] == id)
            .unwrap()
            .clone()
    };
    let student = of(STUDENT);
    assert_eq!(
        (&student["name"], &student["role"], &student["pictureUrl"]),
        (
            &json!("Asha Nair"),
            &json!("student"),
            &json!("https://files.example.org/a")
        )
    );
    assert_eq!(of(TRAINER)["name"], "Ravi Menon");
    let path = format!(
        "/conversations/{}",
        list["items"][0]["conversationId"].as_str().unwrap()
    );
    assert_eq!(&app.get(&path, &trainer())["participants"], participants);
}

pub(crate) async fn every_route_needs_a_user_auth_5(app: TestApp) {
    let id = Uuid::from_u128(1);
    for (method, path) in [
        ("POST", "/messages".to_owned()),
        ("GET", format!("/messages/{id}")),
        ("DELETE", format!("/messages/{id}")),
        ("POST", "/attachments/sign".to_owned()),
        ("GET", "/conversations".to_owned()),
        ("GET", format!("/conversations/{id}")),
        ("GET", format!("/conversations/{id}/messages")),
        ("PATCH", format!("/conversations/{id}/read")),
    ] {
        let refused = app.call(method, &path, "", &json!({}));
        assert_eq!(refused.status, 401, "{method} {path}: {}", refused.body);
        assert_eq!(json_of(&refused)["code"], "TOKEN_MISSING");
    }
}

pub(crate) async fn operation_log_has_no_texts_of_messages_obs_11(app: TestApp) {
    app.allocate().await;
    let body = to_trainer("second", "We meet at the library");
    data(&app.send(&student(), &body));
    let doubt = json!({ "subject": "Circuits", "question": "Which library has the plan?" });
    app.api("POST", "/doubts", &student(), &doubt);
    let logged = app.logged_contents();
    let [doubt, message, ..] = logged.as_slice() else {
        panic!("{logged:?}");
    };
    assert!(
        message.contains(r#""clientMessageId":"second""#),
        "{message}"
    );
    assert!(doubt.contains(r#""subject":"Circuits""#), "{doubt}");
    for content in [doubt, message] {
        assert!(!content.contains("library"), "{content}");
    }
}
