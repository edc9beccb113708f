//! Clauses of the contract that no other test covers. `docs/city-events/compatibility.md`
//! lists all.

use std::net::SocketAddr;

use seaworthy::data::sql;
use seaworthy_testkit::raw::RawClient;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    client::{Client, PASSWORD, Response, new_email, sign_token},
    eventually::{TIMEOUT, eventually},
};

/// More bytes than any service reads of a body.
const BODY_SIZE: usize = 64 * 1024 * 1024;

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn page(client: &Client<'_>, path: &str) -> Value {
    let answer = client.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_have_cursor_and_has_more_api_5() {
    let app = TestApp::start().await;
    let (host, guest) = (app.register("host").await, app.register("guest").await);
    let anonymous = app.anonymous();
    let mut events = Vec::new();
    for title in ["one", "two", "three"] {
        events.push(host.publish(title, 10).await);
    }

    // The cursor contains a bar, which clients do not encode.
    let first = page(&anonymous, "/api/events?page_size=2").await;
    assert_eq!(first["has_more"], true, "{first}");
    let cursor = first["next_cursor"].as_str().unwrap();
    assert!(cursor.contains('|'), "{cursor}");
    let path = format!("/api/events?page_size=2&cursor={cursor}");
    let last = page(&anonymous, &path).await;
    assert_eq!(
        (&last["has_more"], &last["next_cursor"]),
        (&json!(false), &json!("")),
        "{last}"
    );
    let mut seen = [ids(&first), ids(&last)].concat();
    seen.sort();
    let mut all = events.clone();
    all.sort();
    assert_eq!(seen, all);

    // The own events have ten on a page. The cursor is the page number.
    for number in 0..8 {
        let start = chrono::Utc::now() + chrono::Duration::hours(24);
        let body = json!({
            "title": format!("draft {number}"), "description": "x", "city": "Berlin", "category": "Music",
            "start_time": start, "end_time": start + chrono::Duration::hours(2),
        });
        let made = host.send("POST", "/api/events", Some(body)).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let own = page(&host, "/api/me/events").await;
    assert_eq!((ids(&own).len(), &own["next_cursor"]), (10, &json!("2")));
    assert_eq!(own["has_more"], true);
    let rest = page(&host, "/api/me/events?cursor=2").await;
    assert_eq!((ids(&rest).len(), &rest["next_cursor"]), (1, &json!("")));
    assert_eq!(rest["has_more"], false);

    // Joined events come with the newest first and all fields of a card.
    for (number, event) in events.iter().take(2).enumerate() {
        let joined = guest.join(event, &format!("k{number}")).await;
        assert_eq!(joined.status, 200, "{joined:?}");
    }
    let event = guest
        .wait_for_view(&events[1], |view| view["event"]["active_participants"] == 1)
        .await["event"]
        .clone();
    let first = page(&guest, "/api/me/joins?limit=1").await;
    assert_eq!(ids(&first), events[1..2]);
    assert_eq!(first["has_more"], true);
    let card = &first["items"][0];
    assert_eq!(card["end_time"], event["end_time"], "{card}");
    assert_eq!(card["active_participants"], 1, "{card}");
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = page(&guest, &format!("/api/me/joins?limit=1&cursor={cursor}")).await;
    assert_eq!(ids(&last), events[..1]);
    assert_eq!(last["next_cursor"], "");
    assert_eq!(last["has_more"], false);
    app.stop().await;
}

/// Checks that an object has these fields.
fn assert_fields(value: &Value, names: &[&str]) {
    for name in names {
        assert!(value.get(name).is_some(), "{name} is missing: {value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_have_all_fields_that_the_web_app_reads_api_1() {
    let app = TestApp::start().await;
    let (host, guest) = (app.register("host").await, app.register("guest").await);
    // The request of the web app.
    let start = chrono::Utc::now() + chrono::Duration::hours(24);
    let body = json!({
        "title": "Jazz", "description": "In the cellar", "city": "Berlin", "category": "Music", "start_time": start,
        "end_time": start + chrono::Duration::hours(2), "capacity": 5, "cover_image_ids": ["a", "b"],
    });
    let made = host.send("POST", "/api/events", Some(body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let id = made["id"].as_str().unwrap().to_owned();
    let act = async |action: &str| {
        let answer = host.post(&format!("/api/events/{id}/{action}")).await;
        assert_eq!(answer.status, 200, "{action}: {answer:?}");
        answer.json()
    };
    let published = act("publish").await;
    let joined = guest.join(&id, "k").await;
    assert_eq!(joined.status, 200, "{joined:?}");
    assert_fields(
        &joined.json(),
        &["event_id", "user_id", "status", "updated_at"],
    );
    let view = guest.view(&id).await;
    assert_fields(&view, &["event", "participation", "actions"]);
    assert_fields(
        &view["participation"],
        &["event_id", "user_id", "status", "joined_at"],
    );
    assert_fields(
        &view["actions"],
        &[
            "can_join",
            "can_cancel",
            "can_cancel_event",
            "can_unpublish",
            "can_edit",
            "reason",
        ],
    );
    assert_fields(&view["event"], &["organizer_name"]);
    let list = page(&guest, "/api/feed").await;
    assert_fields(&list, &["items", "next_cursor", "has_more"]);
    assert_fields(
        &list["items"][0],
        &[
            "id",
            "title",
            "cover_image",
            "cover_image_ids",
            "start_time",
            "end_time",
            "city",
            "category",
            "active_participants",
        ],
    );
    let unpublished = act("unpublish").await;
    assert_eq!(unpublished["status"], "draft");
    let canceled = act("cancel-event").await;
    for event in [&made, &published, &view["event"], &unpublished, &canceled] {
        assert_fields(
            event,
            &[
                "id",
                "title",
                "description",
                "city",
                "category",
                "cover_image",
                "cover_image_ids",
                "start_time",
                "end_time",
                "location",
                "capacity",
                "active_participants",
                "created_by",
                "owner_id",
                "status",
            ],
        );
        assert_eq!(event["created_by"], event["owner_id"]);
        assert_eq!(event["owner_id"], made["owner_id"]);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn join_of_full_event_is_conflict_api_2() {
    let app = TestApp::start().await;
    let id = app.register("host").await.publish("Small", 1).await;
    let secret = app.jwt_secret();
    let join = async || -> Response {
        let user = uuid::Uuid::new_v4().to_string();
        let client = app.with_token(sign_token(&secret, "HS256", &user));
        client.join(&id, &user).await
    };
    assert_eq!(join().await.json()["status"], "active");
    // The shortest waitlist has twenty entries.
    for _ in 0..20 {
        assert_eq!(join().await.json()["status"], "waitlisted");
    }
    let full = join().await;
    assert_eq!(
        (full.status, full.code().as_str()),
        (409, "event.full"),
        "{full:?}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_id_reaches_every_service_obs_7() {
    let app = TestApp::start().await;
    let host = app.register("host").await;
    // The gateway proxies this request to auth.
    let proxied = app
        .anonymous()
        .send_with(
            "GET",
            "/api/auth/me",
            None,
            &[("x-request-id", "proxied-7")],
        )
        .await;
    assert_eq!(proxied.status, 401);
    assert_eq!(
        proxied.json()["error"]["request_id"],
        "proxied-7",
        "auth answers with the ID: {proxied:?}"
    );
    // The gateway translates this request to gRPC.
    let id = host.publish("Traced", 5).await;
    let post = async |path: &str, body: Value, id: &str| {
        let headers = [("x-request-id", id)];
        host.send_with("POST", path, Some(body), &headers).await
    };
    let path = format!("/api/events/{id}/unpublish");
    assert_eq!(post(&path, json!({}), "called-8").await.status, 200);
    let event = app.database("event.db").await;
    let (request_id,): (String,) =
        sql("SELECT request_id FROM audit_log WHERE action = 'event.unpublish'")
            .fetch_one(&event)
            .await
            .unwrap();
    assert_eq!(request_id, "called-8");
    let path = format!("/api/events/{id}/bans");
    let body = json!({ "user_id": uuid::Uuid::new_v4() });
    // The join service learns of the event by a message.
    eventually(async || match post(&path, body.clone(), "called-9").await {
        banned if banned.status == 204 => Ok(()),
        banned => Err(banned),
    })
    .await;
    let join = app.database("join.db").await;
    let (request_id,): (String,) =
        sql("SELECT request_id FROM audit_log WHERE action = 'join.ban'")
            .fetch_one(&join)
            .await
            .unwrap();
    assert_eq!(request_id, "called-9");
    app.stop().await;
}

/// Sends a request without its body, and returns the status line.
async fn status_without_body(address: SocketAddr, path: &str) -> String {
    let mut connection = RawClient::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {BODY_SIZE}\r\n\r\n"
    );
    connection.send(head).await.unwrap();
    let answer = connection.read_until("\r\n", TIMEOUT).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_reject_too_large_bodies_by_their_head_sec_3() {
    let app = TestApp::start().await;
    for (name, path) in [
        ("bff", "/api/events"),
        ("bff", "/api/auth/login"),
        ("auth", "/auth/v1/login"),
        ("event", "/event/v1/events/batch"),
        ("join", "/api/v1/join"),
        ("feed", "/api/feed/track"),
        ("email", "/api/verify"),
    ] {
        let address = app.platform.addresses(name).unwrap().http;
        let answer = status_without_body(address, path).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{name}: {answer}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registration_does_not_wait_for_the_broker_msg_4() {
    let app = TestApp::start().await;
    let broker = app.database("broker.db").await;
    // This transaction blocks all other writers of the broker.
    let lock = broker.begin().await.unwrap();
    sql("CREATE TABLE locked (id INTEGER)")
        .execute(&lock)
        .await
        .unwrap();
    let mut addresses = Vec::new();
    for name in ["ada", "bea", "eva"] {
        let email = new_email(name);
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = app
            .anonymous()
            .send("POST", "/api/auth/register", Some(body))
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        addresses.push(email);
    }
    let mailbox = app.platform.addresses("email").unwrap().http;
    let mails = seaworthy_testkit::http::get(mailbox, "/mailbox.json").unwrap();
    assert_eq!(mails.body.trim(), "[]", "the broker carried no message yet");
    lock.rollback().await.unwrap();
    for email in addresses {
        assert!(app.mail_to(&email).await.contains("token="));
    }
    app.stop().await;
}
