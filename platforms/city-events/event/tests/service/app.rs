//! The service in this process, with a peer that publishes and receives its messages.

use seaworthy_testkit::hs256_token;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
};

use city_events_contract::messages::{
    EventCanceled, EventPublished, EventUnpublished, EventUpdated, JoinCanceled, JoinCounted,
    JoinCreated, JoinKicked, JoinPromoted, UserChanged,
};
use seaworthy::{
    config::Loader,
    data::{Database, DatabaseConfig},
    messaging::{
        Event, Message, Messaging, MessagingConfig, Publisher, Received, Subscription, Topics,
    },
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const SECRET: &str = "a secret of the tests that is long enough";

/// Received messages: topic, message ID and body.
type Inbox = Arc<Mutex<Vec<(&'static str, String, Value)>>>;

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PeerConfig {
    broker: MessagingConfig,
}

/// The running service and its environment.
pub(crate) struct TestApp {
    pub(crate) base: String,
    pub(crate) grpc: String,
    pub(crate) admin: SocketAddr,
    pub(crate) database: Database,
    publisher: Publisher,
    inbox: Inbox,
    client: reqwest::Client,
    _event: RunningService,
    _peer: RunningService,
    _folder: TempDir,
    _empty: EmptyDatabase,
}

pub(crate) async fn start(empty: EmptyDatabase) -> TestApp {
    start_with(empty, &[]).await
}

/// Starts the service with additional settings.
pub(crate) async fn start_with(empty: EmptyDatabase, settings: &[&str]) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let broker = format!(
        "broker.url=sqlite:{}",
        folder.path().join("broker.db").display()
    );
    let own = [
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        format!("jwt.secret={SECRET}"),
        format!("audit_log.key={SECRET}"),
        "server.http.rate_limit.enabled=false".to_owned(),
    ];
    let settings = settings.iter().map(|setting| (*setting).to_owned());
    let overrides = own.into_iter().chain(settings).chain([broker.clone()]);
    let event = city_events_event::service()
        .start(
            Loader::for_tests("event").overrides(overrides),
            city_events_event::assemble,
        )
        .await
        .unwrap();
    let (peer, publisher, inbox) = start_peer(broker).await;
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let addresses = event.addresses();
    TestApp {
        base: format!("http://{}", addresses.http),
        grpc: format!("http://{}", addresses.grpc.unwrap()),
        admin: addresses.admin,
        database: Database::builder("test", config).open().await.unwrap(),
        publisher,
        inbox,
        client: reqwest::Client::new(),
        _event: event,
        _peer: peer,
        _folder: folder,
        _empty: empty,
    }
}

/// Starts a service that publishes messages about joins and receives all messages about events.
async fn start_peer(broker: String) -> (RunningService, Publisher, Inbox) {
    let inbox = Inbox::default();
    let (for_handlers, publisher) = (Arc::clone(&inbox), Arc::new(OnceLock::new()));
    let for_assembly = Arc::clone(&publisher);
    let assemble = async move |service: &Assembly<PeerConfig>| {
        let messaging = Messaging::connect(service, "broker", &service.settings().broker).await?;
        let topics = Topics::from_event::<JoinCreated>()
            .with::<JoinCanceled>()
            .with::<JoinPromoted>()
            .with::<JoinKicked>()
            .with::<JoinCounted>()
            .with::<UserChanged>();
        let _ = for_assembly.set(messaging.publisher(topics).await?);
        let all = Subscription::new("peer");
        let all = receive::<EventPublished>(all, &for_handlers);
        let all = receive::<EventUpdated>(all, &for_handlers);
        let all = receive::<EventUnpublished>(all, &for_handlers);
        messaging
            .subscribe(receive::<EventCanceled>(all, &for_handlers))
            .await?;
        Ok(())
    };
    let running = Service::new("peer", "1")
        .start(Loader::for_tests("peer").overrides([broker]), assemble)
        .await
        .unwrap();
    let publisher = publisher.get().unwrap().clone();
    (running, publisher, inbox)
}

fn receive<E: Event + serde::de::DeserializeOwned + Serialize + Sync>(
    subscription: Subscription,
    inbox: &Inbox,
) -> Subscription {
    let inbox = Arc::clone(inbox);
    subscription.on::<E, _, _>(move |received: Received<E>| {
        let body = serde_json::to_value(received.event()).unwrap();
        let id = received.envelope().id().as_str().to_owned();
        inbox.lock().unwrap().push((E::TYPE, id, body));
        async { Ok(()) }
    })
}

/// A user with an access token.
#[derive(Debug, Clone)]
pub(crate) struct TestUser {
    pub(crate) id: Uuid,
    pub(crate) token: String,
}

/// Returns a new user with the role `user`.
pub(crate) fn user() -> TestUser {
    user_with_role("user")
}

/// Returns a new user with the role `moderator`.
pub(crate) fn moderator() -> TestUser {
    user_with_role("moderator")
}

/// Returns a new user. The token has the claims of the load script: no `iat`, no `ver`.
pub(crate) fn user_with_role(role: &str) -> TestUser {
    let id = seaworthy::core::new_id();
    let claims = json!({
        "iss": "auth-service", "sub": id, "uid": id, "username": "ada", "role": role,
    });
    TestUser {
        id,
        token: hs256_token(SECRET, claims),
    }
}

/// Returns the body of a request that creates a future event.
pub(crate) fn draft(title: &str) -> Value {
    json!({
        "title": title, "description": "Bring a boat", "city": "Hamburg", "category": "tech",
        "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z", "capacity": 10,
    })
}

impl TestApp {
    pub(crate) async fn send<E: Event + Serialize>(&self, message: &E) {
        self.send_message(Message::from_event(message)).await;
    }

    pub(crate) async fn send_message(&self, message: Message) {
        self.publisher.publish(message).await.unwrap();
    }

    /// Creates a draft and returns its ID.
    pub(crate) async fn create_draft(&self, owner: &TestUser, body: &Value) -> String {
        let (status, created) = self.post("/events", owner, body.clone()).await;
        assert_eq!(status, 201, "{created}");
        created["data"]["id"].as_str().unwrap().to_owned()
    }

    /// Creates and publishes an event and returns its ID.
    pub(crate) async fn create_published(&self, owner: &TestUser, body: &Value) -> String {
        let id = self.create_draft(owner, body).await;
        let (status, answer) = self.transition("publish", &id, owner).await;
        assert_eq!(status, 200, "{answer}");
        id
    }

    /// Sends `publish`, `unpublish` or `cancel` without a body.
    pub(crate) async fn transition(&self, action: &str, id: &str, user: &TestUser) -> (u16, Value) {
        let path = format!("/events/{id}/{action}");
        self.call("POST", &path, Some(user), None).await
    }

    pub(crate) async fn post(&self, path: &str, user: &TestUser, body: Value) -> (u16, Value) {
        self.call("POST", path, Some(user), Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, None, None).await
    }

    /// Sends a request to a path below `/event/v1`.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        user: Option<&TestUser>,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}/event/v1{path}", self.base);
        let mut request = self.client.request(method.parse().unwrap(), url);
        if let Some(user) = user {
            request = request.bearer_auth(&user.token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Returns the IDs and bodies of the received messages about an event on a topic.
    pub(crate) fn received(&self, topic: &str, event: &str) -> Vec<(String, Value)> {
        let inbox = self.inbox.lock().unwrap();
        let of_event = inbox
            .iter()
            .filter(|(kind, _, body)| *kind == topic && body["payload"]["event_id"] == event);
        of_event
            .map(|(_, id, body)| (id.clone(), body.clone()))
            .collect()
    }
}

/// Returns the status and the error code of a response.
pub(crate) fn code(answer: &(u16, Value)) -> (u16, &str) {
    (
        answer.0,
        answer.1["error"]["code"].as_str().unwrap_or_default(),
    )
}
