//! Clauses of the written contract that nobody meets on the usual way; `docs/city-events/compatibility.md` lists all of them.

use std::{net::SocketAddr, time::Duration};

use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::raw::RawClient;
use serde_json::{Value, json};

use crate::{
    house::House,
    people::{Answer, PASSWORD, Person, address, signed},
};

/// Larger than what any service reads at once.
const TOO_MUCH: usize = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);

/// The database of a service, beside it.
async fn database(house: &House, file: &str) -> Database {
    let url = format!("sqlite:{}", house.place.path().join(file).display());
    let config = DatabaseConfig::at(url.parse().unwrap());
    Database::builder("look", config).open().await.unwrap()
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn page(person: &Person<'_>, path: &str) -> Value {
    let answer = person.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_go_on_where_their_cursor_says_and_say_whether_there_is_more_api_5() {
    let house = House::open().await;
    let (host, guest) = (house.register("host").await, house.register("guest").await);
    let nobody = house.nobody();
    let mut events = Vec::new();
    for title in ["one", "two", "three"] {
        events.push(host.publish(title, 10).await);
    }

    // The cursor goes back as it came, with its bar.
    let first = page(&nobody, "/api/events?page_size=2").await;
    assert_eq!(first["has_more"], true, "{first}");
    let cursor = first["next_cursor"].as_str().unwrap();
    assert!(cursor.contains('|'), "{cursor}");
    let path = format!("/api/events?page_size=2&cursor={cursor}");
    let last = page(&nobody, &path).await;
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

    // One's own are ten on a page, whose number is the cursor.
    for number in 0..8 {
        let begins = chrono::Utc::now() + chrono::Duration::hours(24);
        let body = json!({
            "title": format!("draft {number}"), "description": "x", "city": "Berlin", "category": "Music",
            "start_time": begins, "end_time": begins + chrono::Duration::hours(2),
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

    // The events that somebody joined, the last one first, with all that a card has.
    for (number, event) in events.iter().take(2).enumerate() {
        let joined = guest.join(event, &format!("k{number}")).await;
        assert_eq!(joined.status, 200, "{joined:?}");
    }
    let event = guest
        .view_until(&events[1], |view| view["event"]["active_participants"] == 1)
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
    house.platform.stop().await;
}

/// An object with these members, and maybe others.
fn has(value: &Value, names: &[&str]) {
    for name in names {
        assert!(value.get(name).is_some(), "{name} is missing: {value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_have_every_member_that_the_web_app_reads_api_1() {
    let house = House::open().await;
    let (host, guest) = (house.register("host").await, house.register("guest").await);
    // Exactly what the web app sends.
    let begins = chrono::Utc::now() + chrono::Duration::hours(24);
    let body = json!({
        "title": "Jazz", "description": "In the cellar", "city": "Berlin", "category": "Music", "start_time": begins,
        "end_time": begins + chrono::Duration::hours(2), "capacity": 5, "cover_image_ids": ["a", "b"],
    });
    let made = host.send("POST", "/api/events", Some(body)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let id = made["id"].as_str().unwrap().to_owned();
    let act = async |what: &str| {
        let answer = host.post(&format!("/api/events/{id}/{what}")).await;
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        answer.json()
    };
    let published = act("publish").await;
    let joined = guest.join(&id, "k").await;
    assert_eq!(joined.status, 200, "{joined:?}");
    has(
        &joined.json(),
        &["event_id", "user_id", "status", "updated_at"],
    );
    let view = guest.view(&id).await;
    has(&view, &["event", "participation", "actions"]);
    has(
        &view["participation"],
        &["event_id", "user_id", "status", "joined_at"],
    );
    has(
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
    has(&view["event"], &["organizer_name"]);
    let list = page(&guest, "/api/feed").await;
    has(&list, &["items", "next_cursor", "has_more"]);
    has(
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
    let taken_back = act("unpublish").await;
    assert_eq!(taken_back["status"], "draft");
    let canceled = act("cancel-event").await;
    for event in [&made, &published, &view["event"], &taken_back, &canceled] {
        has(
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
    house.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_full_is_told_as_that_and_gives_no_place() {
    let house = House::open().await;
    let id = house.register("host").await.publish("Small", 1).await;
    let secret = std::fs::read(house.place.path().join("secrets/jwt")).unwrap();
    let join = async || -> Answer {
        let user = uuid::Uuid::new_v4().to_string();
        let mut one = house.nobody();
        one.token = Some(signed(&secret, "HS256", &user));
        one.join(&id, &user).await
    };
    assert_eq!(join().await.json()["status"], "active");
    // The shortest waitlist that there is.
    for _ in 0..20 {
        assert_eq!(join().await.json()["status"], "waitlisted");
    }
    let full = join().await;
    assert_eq!(
        (full.status, full.code().as_str()),
        (409, "event.full"),
        "{full:?}"
    );
    house.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_of_a_request_goes_with_it_to_every_service_obs_7() {
    let house = House::open().await;
    let host = house.register("host").await;
    // What is passed on as it is.
    let passed_on = house
        .nobody()
        .send_with(
            "GET",
            "/api/auth/me",
            None,
            &[("x-request-id", "passed-on-7")],
        )
        .await;
    assert_eq!(passed_on.status, 401);
    assert_eq!(
        passed_on.json()["error"]["request_id"],
        "passed-on-7",
        "the auth service says it: {passed_on:?}"
    );
    // What is called.
    let id = host.publish("Traced", 5).await;
    let ask = async |path: &str, body: Value, id: &str| {
        let headers = [("x-request-id", id)];
        host.send_with("POST", path, Some(body), &headers).await
    };
    let path = format!("/api/events/{id}/unpublish");
    assert_eq!(ask(&path, json!({}), "called-8").await.status, 200);
    let event = database(&house, "event.db").await;
    let (noted,): (String,) =
        sql("SELECT request_id FROM audit_log WHERE action = 'event.unpublish'")
            .fetch_one(&event)
            .await
            .unwrap();
    assert_eq!(noted, "called-8");
    let path = format!("/api/events/{id}/bans");
    let body = json!({ "user_id": uuid::Uuid::new_v4() });
    // The join service hears of the event a moment later.
    let begun = std::time::Instant::now();
    while ask(&path, body.clone(), "called-9").await.status != 204 {
        assert!(begun.elapsed() < PATIENCE, "nobody can be banned");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let join = database(&house, "join.db").await;
    let (noted,): (String,) = sql("SELECT request_id FROM audit_log WHERE action = 'join.ban'")
        .fetch_one(&join)
        .await
        .unwrap();
    assert_eq!(noted, "called-9");
    house.platform.stop().await;
}

/// The status of a request whose body is announced and never sent.
async fn announced(address: SocketAddr, path: &str) -> String {
    let mut connection = RawClient::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {TOO_MUCH}\r\n\r\n"
    );
    connection.send(head).await.unwrap();
    let answer = connection.read_until("\r\n", PATIENCE).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_service_reads_a_body_without_a_bound_sec_3() {
    let house = House::open().await;
    for (name, path) in [
        ("bff", "/api/events"),
        ("bff", "/api/auth/login"),
        ("auth", "/auth/v1/login"),
        ("event", "/event/v1/events/batch"),
        ("join", "/api/v1/join"),
        ("feed", "/api/feed/track"),
        ("email", "/api/verify"),
    ] {
        let address = house.platform.addresses(name).unwrap().http;
        let answer = announced(address, path).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{name}: {answer}");
    }
    house.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_the_broker_to_register_and_the_mail_comes_later_msg_4() {
    let house = House::open().await;
    let broker = database(&house, "broker.db").await;
    // Nobody else can write to it now.
    let held = broker.begin().await.unwrap();
    sql("CREATE TABLE held (id INTEGER)")
        .execute(&held)
        .await
        .unwrap();
    let mut addresses = Vec::new();
    for name in ["ada", "bea", "eva"] {
        let email = address(name);
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = house
            .nobody()
            .send("POST", "/api/auth/register", Some(body))
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        addresses.push(email);
    }
    let mailbox = house.platform.addresses("email").unwrap().http;
    let mails = seaworthy_testkit::http::get(mailbox, "/mailbox.json").unwrap();
    assert_eq!(mails.body.trim(), "[]", "nothing went over the broker yet");
    held.rollback().await.unwrap();
    for email in addresses {
        assert!(house.mail_to(&email).await.contains("token="));
    }
    house.platform.stop().await;
}
