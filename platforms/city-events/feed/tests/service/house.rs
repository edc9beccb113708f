//! The service in this process, and somebody who tells of events and joins.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use city_events_contract::messages::{
    Announcement, EventCanceled, EventEnvelope, EventPublished, EventUnpublished, EventUpdated,
    JoinCanceled, JoinCreated, SeatCounts,
};
use seaworthy::{
    config::{Environment, Loader, Profile},
    data::{Database, DatabaseConfig},
    messaging::{Event, Message, Messaging, MessagingConfig, Publisher, Topics},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{Answer, request},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

const SECRET: &str = "a secret of the tests that is long enough";
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct OutsideConfig {
    broker: MessagingConfig,
}

/// The service and what is around it.
pub(crate) struct House {
    pub(crate) http: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) database: Database,
    publisher: Publisher,
    _running: [RunningService; 2],
    _folder: TempDir,
    _empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> House {
    let folder = tempfile::tempdir().unwrap();
    let broker = format!(
        "broker.url=sqlite:{}",
        folder.path().join("broker.db").display()
    );
    let own = [
        broker.clone(),
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        format!("jwt.secret={SECRET}"),
        format!("anonymous.secret={SECRET}"),
        "server.http.rate_limit.enabled=false".to_owned(),
    ];
    let feed = city_events_feed::service()
        .start(loader("feed", own), city_events_feed::assemble)
        .await
        .unwrap();
    let (outside, publisher) = outside(broker).await;
    let config = DatabaseConfig::at(empty.url().parse().unwrap());
    let addresses = feed.addresses();
    House {
        http: addresses.http,
        admin: addresses.admin,
        database: Database::builder("look", config).open().await.unwrap(),
        publisher,
        _running: [feed, outside],
        _folder: folder,
        _empty: empty,
    }
}

fn loader(name: &str, own: impl IntoIterator<Item = String>) -> Loader {
    let common = [
        "server.http.addr=127.0.0.1:0",
        "admin.addr=127.0.0.1:0",
        "log.level=error",
    ];
    let common = common.into_iter().map(str::to_owned);
    Loader::new(name)
        .profile(Profile::Test)
        .environment(Environment::default())
        .overrides(common.chain(own))
}

/// Somebody who tells what the other services of a platform tell.
async fn outside(broker: String) -> (RunningService, Publisher) {
    let made = Arc::new(OnceLock::new());
    let making = Arc::clone(&made);
    let assemble = async move |service: &Assembly<OutsideConfig>| {
        let messaging = Messaging::connect(service, "broker", &service.settings().broker).await?;
        let topics = Topics::of::<EventPublished>()
            .and::<EventUpdated>()
            .and::<EventUnpublished>()
            .and::<EventCanceled>()
            .and::<JoinCreated>()
            .and::<JoinCanceled>();
        let _ = making.set(messaging.publisher(topics).await?);
        Ok(())
    };
    let running = Service::new("outside", "1")
        .start(loader("outside", [broker]), assemble)
        .await
        .unwrap();
    let publisher = made.get().unwrap().clone();
    (running, publisher)
}

/// An event that is told of.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) category: String,
    pub(crate) starts: DateTime<Utc>,
    pub(crate) at: DateTime<Utc>,
}

impl Told {
    /// One that begins in so many days.
    pub(crate) fn of(title: &str, days: i64) -> Self {
        Self {
            id: seaworthy::core::new_id(),
            title: title.to_owned(),
            category: "tech".to_owned(),
            starts: Utc::now() + TimeDelta::days(days),
            at: Utc::now(),
        }
    }

    /// The same, told so many seconds later.
    pub(crate) fn later(&self, seconds: i64) -> Self {
        Self {
            at: self.at + TimeDelta::seconds(seconds),
            ..self.clone()
        }
    }

    pub(crate) fn envelope(&self, status: &str) -> EventEnvelope<Announcement> {
        EventEnvelope {
            version: 1,
            producer: "event-service".to_owned(),
            message_id: seaworthy::core::new_id(),
            trace_id: None,
            occurred_at: self.at,
            payload: Announcement {
                event_id: self.id,
                owner_id: Some("owner".to_owned()),
                title: self.title.clone(),
                city: "Hamburg".to_owned(),
                category: self.category.clone(),
                start_time: Some(self.starts),
                end_time: Some(self.starts + TimeDelta::hours(2)),
                capacity: 10,
                status: status.to_owned(),
                reason: None,
                actor_role: None,
                cover_image_ids: Vec::new(),
            },
        }
    }
}

/// Somebody joined.
pub(crate) fn joined(user: Uuid, event: &Told) -> JoinCreated {
    JoinCreated {
        event_id: event.id,
        user_id: user,
        status: "active".to_owned(),
        seats: None,
    }
}

/// The places of an event after so many changes.
pub(crate) fn seats(revision: i64) -> Option<SeatCounts> {
    Some(SeatCounts {
        active: 1,
        waitlisted: 0,
        revision,
    })
}

/// Somebody gave a place back.
pub(crate) fn left(user: Uuid, event: &Told) -> JoinCanceled {
    JoinCanceled {
        event_id: event.id,
        user_id: user,
        prev_status: "active".to_owned(),
        seats: None,
    }
}

/// An access token of a user.
pub(crate) fn token(user: Uuid) -> String {
    let claims = json!({ "uid": user, "role": "user", "exp": Utc::now().timestamp() + 600 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

impl House {
    pub(crate) async fn tell<E: Event + Serialize>(&self, event: &E) {
        self.tell_message(Message::of(event)).await;
    }

    pub(crate) async fn tell_message(&self, message: Message) {
        self.publisher.publish(message).await.unwrap();
    }

    /// Tells of an event that everybody sees, and waits until it is listed.
    pub(crate) async fn publish(&self, event: &Told) {
        self.tell(&EventPublished(event.envelope("published")))
            .await;
        self.until("the event is listed", || {
            self.titles("type=latest&limit=50").contains(&event.title)
        })
        .await;
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        request(self.http, method, path, headers, body).unwrap()
    }

    /// A page, for whoever these headers say.
    pub(crate) fn page(&self, query: &str, headers: &[(&str, &str)]) -> Value {
        let answer = self.send("GET", &format!("/api/feed?{query}"), headers, "");
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The titles of a page, in their order.
    pub(crate) fn titles(&self, query: &str) -> Vec<String> {
        titles(&self.page(query, &[]))
    }

    /// Waits for what comes with a message.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = tokio::time::Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "{what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

pub(crate) fn titles(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["title"].as_str().unwrap().to_owned())
        .collect()
}
