//! The service in this process, with a peer that publishes messages about events and joins.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use city_events_contract::messages::{
    Announcement, EventCanceled, EventEnvelope, EventPublished, EventUnpublished, EventUpdated,
    JoinCanceled, JoinCreated, SeatCounts,
};
use seaworthy::{
    config::Loader,
    data::{Database, DatabaseConfig},
    messaging::{Event, Message, Messaging, MessagingConfig, Publisher, Topics},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually, hs256_token,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

const SECRET: &str = "a secret of the tests that is long enough";

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PeerConfig {
    broker: MessagingConfig,
}

/// The running service and its environment.
pub(crate) struct TestApp {
    pub(crate) http: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) database: Database,
    publisher: Publisher,
    _running: [RunningService; 2],
    _folder: TempDir,
    _empty: EmptyDatabase,
}

pub(crate) async fn start(empty: EmptyDatabase) -> TestApp {
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
        .start(
            Loader::for_tests("feed").overrides(own),
            city_events_feed::assemble,
        )
        .await
        .unwrap();
    let (peer, publisher) = start_peer(broker).await;
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let addresses = feed.addresses();
    TestApp {
        http: addresses.http,
        admin: addresses.admin,
        database: Database::builder("test", config).open().await.unwrap(),
        publisher,
        _running: [feed, peer],
        _folder: folder,
        _empty: empty,
    }
}

/// Starts a service that publishes the messages of the other services.
async fn start_peer(broker: String) -> (RunningService, Publisher) {
    let publisher = Arc::new(OnceLock::new());
    let for_assembly = Arc::clone(&publisher);
    let assemble = async move |service: &Assembly<PeerConfig>| {
        let messaging = Messaging::connect(service, "broker", &service.settings().broker).await?;
        let topics = Topics::from_event::<EventPublished>()
            .with::<EventUpdated>()
            .with::<EventUnpublished>()
            .with::<EventCanceled>()
            .with::<JoinCreated>()
            .with::<JoinCanceled>();
        let _ = for_assembly.set(messaging.publisher(topics).await?);
        Ok(())
    };
    let running = Service::new("peer", "1")
        .start(Loader::for_tests("peer").overrides([broker]), assemble)
        .await
        .unwrap();
    let publisher = publisher.get().unwrap().clone();
    (running, publisher)
}

/// An event in messages.
#[derive(Debug, Clone)]
pub(crate) struct TestEvent {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) category: String,
    pub(crate) start_time: DateTime<Utc>,
    /// Time of the message.
    pub(crate) occurred_at: DateTime<Utc>,
}

impl TestEvent {
    /// Returns an event that starts in some days.
    pub(crate) fn new(title: &str, days: i64) -> Self {
        Self {
            id: seaworthy::core::new_id(),
            title: title.to_owned(),
            category: "tech".to_owned(),
            start_time: Utc::now() + TimeDelta::days(days),
            occurred_at: Utc::now(),
        }
    }

    /// Returns the same event for a message some seconds later.
    pub(crate) fn later(&self, seconds: i64) -> Self {
        Self {
            occurred_at: self.occurred_at + TimeDelta::seconds(seconds),
            ..self.clone()
        }
    }

    pub(crate) fn envelope(&self, status: &str) -> EventEnvelope<Announcement> {
        EventEnvelope {
            version: 1,
            producer: "event-service".to_owned(),
            message_id: Some(seaworthy::core::new_id()),
            trace_id: None,
            occurred_at: self.occurred_at,
            payload: Announcement {
                event_id: self.id,
                owner_id: Some("owner".to_owned()),
                title: self.title.clone(),
                city: "Hamburg".to_owned(),
                category: self.category.clone(),
                start_time: Some(self.start_time),
                end_time: Some(self.start_time + TimeDelta::hours(2)),
                capacity: 10,
                status: status.to_owned(),
                reason: None,
                actor_role: None,
                cover_image_ids: Vec::new(),
            },
        }
    }
}

/// Returns the message of a join.
pub(crate) fn joined(user: Uuid, event: &TestEvent) -> JoinCreated {
    JoinCreated {
        event_id: event.id,
        user_id: user,
        status: "active".to_owned(),
        seats: None,
    }
}

/// Returns the message of a leave.
pub(crate) fn left(user: Uuid, event: &TestEvent) -> JoinCanceled {
    JoinCanceled {
        event_id: event.id,
        user_id: user,
        prev_status: "active".to_owned(),
        seats: None,
    }
}

/// Returns seat counts with a revision.
pub(crate) fn seats(revision: i64) -> Option<SeatCounts> {
    Some(SeatCounts {
        active: 1,
        waitlisted: 0,
        revision,
    })
}

/// Returns an access token of a user.
pub(crate) fn token(user: Uuid) -> String {
    hs256_token(SECRET, json!({ "uid": user, "role": "user" }))
}

impl TestApp {
    pub(crate) async fn send<E: Event + Serialize>(&self, event: &E) {
        self.send_message(Message::from_event(event)).await;
    }

    pub(crate) async fn send_message(&self, message: Message) {
        self.publisher.publish(message).await.unwrap();
    }

    /// Sends the message of a published event and waits until the feed lists it.
    pub(crate) async fn publish(&self, event: &TestEvent) {
        self.send(&EventPublished(event.envelope("published")))
            .await;
        eventually(async || self.titles("type=latest&limit=50").contains(&event.title)).await;
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> HttpResponse {
        request(self.http, method, path, headers, body).unwrap()
    }

    /// Returns a page of the feed.
    pub(crate) fn page(&self, query: &str, headers: &[(&str, &str)]) -> Value {
        let answer = self.request("GET", &format!("/api/feed?{query}"), headers, "");
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Returns the titles of a page in their order.
    pub(crate) fn titles(&self, query: &str) -> Vec<String> {
        titles(&self.page(query, &[]))
    }
}

pub(crate) fn titles(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["title"].as_str().unwrap().to_owned())
        .collect()
}
