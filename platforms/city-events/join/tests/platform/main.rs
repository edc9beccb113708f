//! Event and join together, as a platform has them: over the embedded broker and files, and over RabbitMQ and PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{net::SocketAddr, time::Duration};

use chrono::Utc;
use seaworthy::{
    config::{Environment, Loader, Profile},
    core::new_id,
    service::RunningService,
};
use seaworthy_testkit::{database::EmptyDatabase, rabbitmq::RabbitmqServer, server::Shared};
use serde_json::{Value, json};
use uuid::Uuid;

static RABBITMQ: Shared<RabbitmqServer> = Shared::new("SEAWORTHY_TEST_RABBITMQ", |programs| {
    RabbitmqServer::start(programs)
});
const SECRET: &str = "a secret of the tests that is long enough";
const PATIENCE: Duration = Duration::from_secs(30);

struct Platform {
    event: String,
    join: String,
    operators: SocketAddr,
    client: reqwest::Client,
    _running: [RunningService; 2],
    _databases: [EmptyDatabase; 2],
}

fn loader(name: &str, database: &EmptyDatabase, broker: &str) -> Loader {
    let addresses = ["server.http.addr", "server.grpc.addr", "admin.addr"];
    let addresses = addresses.map(|key| format!("{key}=127.0.0.1:0"));
    let own = [
        format!("database.url={}", database.url()),
        "database.migrate_at_start=true".to_owned(),
        format!("broker.url={broker}"),
        format!("jwt.secret={SECRET}"),
        format!("audit_log.key={SECRET}"),
        "log.level=error".to_owned(),
        "counting.every=200ms".to_owned(),
    ];
    let own = own
        .into_iter()
        .filter(|setting| name == "join" || !setting.starts_with("counting"));
    Loader::new(name)
        .profile(Profile::Test)
        .environment(Environment::default())
        .overrides(addresses.into_iter().chain(own))
}

async fn platform(databases: [EmptyDatabase; 2], broker: &str) -> Platform {
    let event = city_events_event::service()
        .start(
            loader("event", &databases[0], broker),
            city_events_event::assemble,
        )
        .await
        .unwrap();
    let join = city_events_join::service()
        .start(
            loader("join", &databases[1], broker),
            city_events_join::assemble,
        )
        .await
        .unwrap();
    Platform {
        event: format!("http://{}/event/v1", event.addresses().http),
        join: format!("http://{}/api/v1", join.addresses().http),
        operators: join.addresses().admin,
        client: reqwest::Client::new(),
        _running: [event, join],
        _databases: databases,
    }
}

fn token(id: Uuid) -> String {
    let claims = json!({ "uid": id, "role": "user", "exp": Utc::now().timestamp() + 600 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

impl Platform {
    async fn call(&self, method: &str, url: String, user: Uuid, body: Value) -> (u16, Value) {
        let request = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(token(user))
            .header("idempotency-key", new_id().to_string())
            .body(body.to_string());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn join(&self, event: &str, user: Uuid) -> (u16, Value) {
        let url = format!("{}/join", self.join);
        self.call("POST", url, user, json!({ "event_id": event }))
            .await
    }

    async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let begun = tokio::time::Instant::now();
        while !is_so().await {
            assert!(begun.elapsed() < PATIENCE, "it did not come");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How many messages of the join service were stored, sent or given up.
    fn metric(&self, what: &str) -> u64 {
        let metrics = seaworthy_testkit::http::get(self.operators, "/metrics").unwrap();
        let name = format!("join_service_outbox_{what}_messages_total");
        let series = metrics.body.lines().filter(|line| line.starts_with(&name));
        series
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    async fn count(&self, event: &str) -> Value {
        let url = format!("{}/events/{event}", self.event);
        let (_, seen) = self.call("GET", url, Uuid::nil(), Value::Null).await;
        seen["data"]["active_participants"].clone()
    }
}

/// From a draft to the cancellation, with a waitlist in between.
async fn an_event_is_lived(platform: Platform) {
    let (owner, ada, ben) = (new_id(), new_id(), new_id());
    let body = json!({
        "title": "Rust", "description": "Bring a boat", "city": "Hamburg", "category": "tech", "capacity": 1,
        "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z",
    });
    let url = format!("{}/events", platform.event);
    let (_, made) = platform.call("POST", url, owner, body).await;
    let event = made["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        platform.join(&event, ada).await.0,
        404,
        "a draft is unknown to join"
    );
    let act = async |what: &str| {
        let url = format!("{}/events/{event}/{what}", platform.event);
        assert_eq!(platform.call("POST", url, owner, Value::Null).await.0, 200);
    };
    act("publish").await;
    platform
        .until(async || platform.join(&event, ada).await.0 != 404)
        .await;
    assert_eq!(platform.join(&event, owner).await.0, 403);
    let (_, waits) = platform.join(&event, ben).await;
    assert_eq!(waits["data"]["status"], "waitlisted");
    platform
        .until(async || platform.count(&event).await == 1)
        .await;

    // A raise reaches who waits.
    let url = format!("{}/events/{event}", platform.event);
    platform
        .call("PATCH", url, owner, json!({ "capacity": 2 }))
        .await;
    platform
        .until(async || platform.count(&event).await == 2)
        .await;
    let url = format!("{}/join/{event}", platform.join);
    platform.call("DELETE", url, ada, Value::Null).await;
    platform
        .until(async || platform.count(&event).await == 1)
        .await;

    act("unpublish").await;
    platform
        .until(async || platform.join(&event, new_id()).await.0 == 410)
        .await;
    act("publish").await;
    platform
        .until(async || platform.join(&event, ada).await.0 == 200)
        .await;
    // Nobody listens for some of what is told, and nothing of it stays behind.
    let bans = format!("{}/events/{event}/bans", platform.join);
    let carl = new_id();
    let (banned, _) = platform
        .call("POST", bans.clone(), owner, json!({ "user_id": carl }))
        .await;
    let url = format!("{bans}/{carl}");
    let (lifted, _) = platform.call("DELETE", url, owner, Value::Null).await;
    assert_eq!((banned, lifted), (200, 200));
    let url = format!("{}/events/{event}/participants/{ben}", platform.join);
    let (kicked, _) = platform.call("DELETE", url, owner, Value::Null).await;
    assert_eq!(kicked, 200);
    assert_eq!(platform.join(&event, ben).await.0, 200);
    platform
        .until(async || platform.metric("stored") == platform.metric("sent"))
        .await;
    assert_eq!(platform.metric("dead"), 0);
    act("cancel").await;
    let url = format!("{}/events/{event}/participation", platform.join);
    for user in [ada, ben] {
        platform
            .until(async || {
                let part = platform.call("GET", url.clone(), user, Value::Null).await.1;
                part["data"]["status"] == "expired"
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_lived_on_files_and_the_embedded_broker() {
    let folder = tempfile::tempdir().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let databases = [
        EmptyDatabase::sqlite().unwrap(),
        EmptyDatabase::sqlite().unwrap(),
    ];
    an_event_is_lived(platform(databases, &broker).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_lived_on_postgres_and_rabbitmq() {
    let (Some(one), Some(two)) = (EmptyDatabase::postgres(), EmptyDatabase::postgres()) else {
        return;
    };
    let Some(broker) = RABBITMQ.get() else {
        return;
    };
    let databases = [one, two];
    an_event_is_lived(platform(databases, &broker.url()).await).await;
}
