use seaworthy::{
    messaging::{Event, Message, MessageId},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::Role;
use tutoring_testkit::{audit_entries, connect, district_token};
use uuid::Uuid;

use crate::app::{
    TestApp, data, json_of, requested, sealed, service_token, student, token, wait_for,
};

/// A request of a client of the contract, whose recipient is the common field.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Foreign {
    user_id: Uuid,
    notification_type: String,
    title: String,
    body: String,
}

impl Event for Foreign {
    const TYPE: &'static str = "NOTIFICATION_REQUESTED";
    const VERSION: u32 = 1;
    const TOPIC: &'static str = "notification-requested";
}

pub(crate) async fn notification_of_another_service_reaches_its_user_msg_6(app: TestApp) {
    let foreign = Foreign {
        user_id: Uuid::from_u128(7),
        notification_type: "course".to_owned(),
        title: "By another service".to_owned(),
        body: "A text".to_owned(),
    };
    app.publish_raw(Message::from_event(&foreign)).await;
    app.wait_for_live("By another service");
    let list = app.get("/notifications", &student(7));
    assert_eq!(list["items"][0]["title"], "By another service");
}

pub(crate) async fn requested_notification_is_stored_once_msg_5(app: TestApp) {
    let event = requested("On the way", Some(json!({ "sessionId": "s" })));
    // The same message three times.
    let id = MessageId::generate();
    for _ in 0..3 {
        app.publish_as(&event, &id).await;
    }
    let live = app.wait_for_live("On the way");
    assert_eq!(
        (&*live.event, live.room),
        ("notification:new", format!("user:{}", Uuid::from_u128(7)))
    );
    assert_eq!(live.data["data"]["sessionId"], "s");
    // An unknown type is a permanent failure.
    let mut unknown = requested("Unknown", None);
    unknown.data.notification_type = "advertisement".to_owned();
    app.publish(&unknown).await;
    wait_for("the dead letter", || {
        app.dead_letters()
            .contains("notification-requested")
            .then_some(())
    });
    let list = app.get("/notifications", &student(7));
    assert_eq!(list["pagination"]["total"], 1);
    let own = &list["items"][0];
    assert_eq!(
        (&own["type"], &own["read"], &own["userId"]),
        (&json!("course"), &json!(false), &json!(Uuid::from_u128(7)))
    );
}

pub(crate) async fn secret_request_is_opened_for_its_user_only_sec_5(app: TestApp) {
    let mut event = requested("Your trainer has arrived", Some(json!({ "otp": "123456" })));
    event.data.body = "Your code is 123456.".to_owned();
    let secret = sealed(event.clone(), true).await;
    let text = serde_json::to_string(&secret).unwrap();
    assert!(!text.contains("123456"), "{text}");
    // One that was encrypted for another user, and one with another key.
    let mut stolen = secret.clone();
    stolen.data.recipient_id = Uuid::from_u128(8);
    for refused in [stolen, sealed(event, false).await] {
        app.publish(&refused).await;
    }
    app.publish(&secret).await;
    let live = app.wait_for_sealed().await;
    assert_eq!(live["data"]["otp"], "123456");
    let list = app.get("/notifications", &student(7));
    assert_eq!(list["pagination"]["total"], 1);
    let own = &list["items"][0];
    assert_eq!(
        (&own["body"], &own["data"]["otp"]),
        (&json!("Your code is 123456."), &json!("123456"))
    );
    wait_for("the dead letters", || {
        let letters = app.dead_letters();
        (letters.matches("notification-requested").count() >= 2).then_some(())
    });
    let other = app.get("/notifications", &student(8));
    assert_eq!(other["pagination"]["total"], 0);
}

pub(crate) async fn secrets_are_encrypted_in_the_database_sec_5(app: TestApp) {
    app.register(7, "fcm:token-1", "android");
    let mut event = requested("Your trainer has arrived", Some(json!({ "otp": "123456" })));
    event.data.body = "Your code is 123456.".to_owned();
    app.publish(&sealed(event, true).await).await;
    // The push service gets the text after it was stored.
    let push = wait_for("the push with the code", || {
        let received = app.providers.received.lock().unwrap();
        received.fcm.first().cloned()
    });
    assert_eq!(push["notification"]["body"], "Your code is 123456.");
    assert_eq!(push["data"]["data"], r#"{"otp":"123456"}"#);
    let dump = app.dump().await;
    assert!(dump.contains("Your trainer has arrived"), "{dump}");
    assert!(!dump.contains("123456"), "{dump}");
    let own = app.get("/notifications", &student(7))["items"][0].clone();
    let read = format!("/notifications/{}/read", own["id"].as_str().unwrap());
    let read = data(&app.call("PATCH", &read, &student(7), &Value::Null));
    for shown in [own, read] {
        assert_eq!(
            (&shown["body"], &shown["data"]["otp"]),
            (&json!("Your code is 123456."), &json!("123456"))
        );
    }
}

pub(crate) async fn own_notifications_are_filtered_and_marked_api_3(app: TestApp) {
    for title in ["First 100% free", "Second", "Third"] {
        app.send(title);
    }
    let (own, other) = (student(7), student(8));
    let count = || app.get("/notifications/unread-count", &own)["unreadCount"].clone();
    assert_eq!(count(), 3);
    let found = |query: &str| {
        let list = app.get(&format!("/notifications?{query}"), &own);
        let titles = list["items"].as_array().unwrap().clone();
        let titles = titles.into_iter().map(|item| item["title"].clone());
        titles.collect::<Vec<_>>()
    };
    assert_eq!(found("limit=2"), ["Third", "Second"]);
    assert_eq!(found("page=2&limit=2"), ["First 100% free"]);
    // The search is plain text.
    assert_eq!(found("search=100%25"), ["First 100% free"]);
    assert_eq!(found("search=%25"), ["First 100% free"]);
    assert_eq!(found("search=.*").len(), 0);
    assert_eq!(found("type=payment").len(), 0);
    assert_eq!(found("from=2999-01-01T00:00:00Z").len(), 0);
    assert_eq!(found("from=2999-01-01").len(), 0);
    assert_eq!(
        found("from=2020-01-01&to=2998-12-31").len(),
        found("limit=100").len()
    );
    assert_eq!(found("to=2020-01-01").len(), 0);
    assert_eq!(found("to=2999-01-01T00:00:00Z&type=course").len(), 3);
    let refused = app.call("GET", "/notifications?limit=101", &own, &Value::Null);
    assert_eq!(refused.status, 400);

    let list = app.get("/notifications", &own);
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let call = |method: &str, path: &str, token: &str| {
        app.call(
            method,
            &format!("/notifications/{id}{path}"),
            token,
            &Value::Null,
        )
    };
    assert_eq!(call("PATCH", "/read", &other).status, 404);
    let read = data(&call("PATCH", "/read", &own));
    assert_eq!(read["read"], true);
    // A repeat keeps the time.
    assert_eq!(data(&call("PATCH", "/read", &own)), read);
    assert_eq!(
        (count(), found("read=true")),
        (json!(2), vec![json!("Third")])
    );
    assert_eq!(found("read=false").len(), 2);
    assert_eq!(data(&call("PATCH", "/unread", &own))["read"], false);
    assert_eq!(call("DELETE", "", &other).status, 404);
    assert_eq!(call("DELETE", "", &own).status, 200);
    assert_eq!(call("DELETE", "", &own).status, 404);
    let all = |method: &str, path: &str| data(&app.call(method, path, &own, &Value::Null));
    let marked = all("POST", "/notifications/mark-all-read");
    assert_eq!((&marked["updated"], count()), (&json!(2), json!(0)));
    assert_eq!(all("DELETE", "/notifications/read")["deleted"], 2);
    assert_eq!(found("limit=100").len(), 0);
}

pub(crate) async fn senders_need_a_permission_auth_5(app: TestApp) {
    let body = json!({ "userIds": [Uuid::from_u128(7), Uuid::from_u128(8)],
        "type": "system", "title": "Maintenance", "body": "On Sunday" });
    let send = |token: &str| app.call("POST", "/notifications/bulk", token, &body);
    // The service does not know the places of users.
    let id = Uuid::from_u128(9);
    let district = district_token(id, &["notification:write"], ("Kerala", "Idukki"));
    for refused in [
        student(7),
        token(9, Role::Admin, &["course:write"]),
        district,
    ] {
        assert_eq!(send(&refused).status, 403);
    }
    let admin = token(9, Role::Admin, &["notification:write"]);
    assert_eq!(data(&send(&admin))["created"], 2);
    assert_eq!(data(&send(&service_token()))["created"], 2);
    // Only the write of the administrator has an entry.
    let sent = audit_entries(&connect(&app.empty).await, "notification.send").await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(
        (&sent[0]["actor"], &sent[0]["permission"]),
        (&json!(Uuid::from_u128(9)), &json!("notification:write"))
    );
    // Each missing field is named.
    for (path, user) in [
        ("/notifications", "userId"),
        ("/notifications/bulk", "userIds"),
    ] {
        let refused = app.call("POST", path, &service_token(), &json!({}));
        let errors = json_of(&refused)["errors"].clone();
        let fields: Vec<_> = errors.as_array().unwrap().iter().collect();
        let fields: Vec<_> = fields.iter().map(|error| &error["field"]).collect();
        assert_eq!(fields, [user, "type", "title", "body"], "{path}");
    }
    let wrong = json!({ "userId": Uuid::from_u128(7), "type": "news", "title": "", "body": "x" });
    let refused = app.call("POST", "/notifications", &service_token(), &wrong);
    assert_eq!(refused.status, 400);
    let errors = json_of(&refused)["errors"].clone();
    assert_eq!(
        (&errors[0]["field"], &errors[1]["field"]),
        (&json!("type"), &json!("title"))
    );
    assert_eq!(
        app.get("/notifications", &student(8))["pagination"]["total"],
        2
    );
}

pub(crate) async fn texts_that_no_database_stores_are_rejected_sec_3(app: TestApp) {
    let notice = json!({ "userId": Uuid::from_u128(7), "type": "course", "title": "a\u{0}b",
        "body": "a text", "data": { "a": ["b\u{0}"] } });
    let refused = app.call("POST", "/notifications", &service_token(), &notice);
    let errors = json_of(&refused)["errors"].clone();
    assert_eq!(
        (refused.status, &errors[0]["field"], &errors[1]["field"]),
        (400, &json!("title"), &json!("data"))
    );
    let device = json!({ "token": "a", "platform": "web", "deviceName": "a\u{0}b" });
    let refused = app.call("POST", "/device-tokens", &student(7), &device);
    assert_eq!(json_of(&refused)["errors"][0]["field"], "deviceName");
    let none = app.get("/notifications?search=%00", &student(7));
    assert_eq!(none["pagination"]["total"], 0);
}

pub(crate) async fn every_route_rejects_callers_without_rights_auth_5(app: TestApp) {
    let id = Uuid::from_u128(1);
    for (method, path) in [
        ("GET", "/notifications".to_owned()),
        ("GET", "/notifications/unread-count".to_owned()),
        ("GET", "/notifications/preferences".to_owned()),
        ("PUT", "/notifications/preferences".to_owned()),
        ("POST", "/notifications".to_owned()),
        ("POST", "/notifications/bulk".to_owned()),
        ("PATCH", format!("/notifications/{id}/read")),
        ("PATCH", format!("/notifications/{id}/unread")),
        ("POST", "/notifications/mark-all-read".to_owned()),
        ("DELETE", format!("/notifications/{id}")),
        ("DELETE", "/notifications/read".to_owned()),
        ("POST", "/device-tokens".to_owned()),
        ("GET", "/device-tokens".to_owned()),
        ("PATCH", "/device-tokens/x/deactivate".to_owned()),
        ("DELETE", "/device-tokens/x".to_owned()),
    ] {
        let refused = app.call(method, &path, "", &json!({}));
        assert_eq!(refused.status, 401, "{method} {path}: {}", refused.body);
        assert_eq!(json_of(&refused)["code"], "TOKEN_MISSING");
        let is_for_senders =
            method == "POST" && path.starts_with("/notifications") && !path.ends_with("read");
        let wrong_role = match is_for_senders {
            true => student(7),
            false => service_token(),
        };
        let refused = app.call(method, &path, &wrong_role, &json!({}));
        assert_eq!(refused.status, 403, "{method} {path}: {}", refused.body);
    }
}
