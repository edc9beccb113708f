//! The first start of the platform on an empty broker, in the worst order.

use seaworthy::data::sql;
use serde_json::json;
use uuid::Uuid;

use super::cluster::Cluster;
use crate::{
    app::open_database,
    client::{Gateway, sign_token},
    eventually::eventually,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_learn_of_events_from_before_their_first_start_msg_3() {
    let Some(mut cluster) = Cluster::prepare(&[], 1).await else {
        return;
    };
    cluster.service("event").start().unwrap();
    let owner = Uuid::new_v4().to_string();
    let events = Gateway::new(cluster.addresses["event"][0].http, cluster.email);
    let token = sign_token(cluster.secret.as_bytes(), "HS256", &owner);
    let host = events.with_token(token);
    let draft = json!({
        "title": "First", "description": "Before the others", "city": "Hamburg", "category": "tech",
        "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z", "capacity": 10,
    });
    let created = host.send("POST", "/event/v1/events", Some(draft)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let event = created.json()["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("/event/v1/events/{event}/publish");
    let published = host.post(&path).await;
    assert_eq!(published.status, 200, "{published:?}");
    let database = open_database(&cluster.databases["event"]).await;
    eventually(async || {
        let waiting = sql("SELECT count(*) FROM outbox WHERE state = 0");
        match waiting.fetch_one(&database).await.unwrap() {
            (0_i64,) => Ok(()),
            (waiting,) => Err(waiting),
        }
    })
    .await;

    for (name, query) in [
        (
            "join",
            "SELECT owner_id FROM event_capacity WHERE event_id = ?",
        ),
        ("feed", "SELECT city FROM feed_events WHERE event_id = ?"),
    ] {
        cluster.service(name).start().unwrap();
        let database = open_database(&cluster.databases[name]).await;
        let id: Uuid = event.parse().unwrap();
        let known: String = eventually(async || {
            let known = sql(query).bind(id).fetch_optional(&database).await;
            let known: Option<(String,)> = known.unwrap();
            known.map(|(known,)| known).ok_or(name)
        })
        .await;
        assert!(known == owner || known == "Hamburg", "{name}: {known}");
    }
}
