use seaworthy::{core::new_id, service::RunningService};
use seaworthy_testkit::{database::EmptyDatabase, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{loader, token},
    Subject,
};

/// The service of events, whose messages the service under test consumes.
pub(super) struct Events {
    running: RunningService,
    client: reqwest::Client,
    organizer: Uuid,
    joins: String,
    _database: EmptyDatabase,
}

impl Events {
    pub(super) async fn start(subject: &Subject) -> Option<Self> {
        let database = EmptyDatabase::postgres()?;
        let running = city_events_event::service()
            .start(
                loader("event", &database, &subject.broker),
                city_events_event::assemble,
            )
            .await
            .unwrap();
        Some(Self {
            running,
            client: reqwest::Client::new(),
            organizer: new_id(),
            joins: format!("http://{}/api/v1", subject.http),
            _database: database,
        })
    }

    pub(super) async fn stop(self) {
        self.running.stop().await;
    }

    async fn call(&self, method: &str, url: &str, body: Value) -> (u16, Value) {
        let request = self.client.request(method.parse().unwrap(), url);
        let request = request.bearer_auth(token(self.organizer));
        let request = request.header("idempotency-key", new_id().to_string());
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Publishes an event and returns its ID.
    pub(super) async fn publish(&self) -> String {
        let events = format!("http://{}/event/v1/events", self.running.addresses().http);
        let body = json!({
            "title": "Rust", "description": "Bring a boat", "city": "Hamburg", "category": "tech",
            "capacity": 5,
            "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z",
        });
        let created = self.call("POST", &events, body).await.1;
        let id = created["data"]["id"].as_str().unwrap().to_owned();
        let url = format!("{events}/{id}/publish");
        let published = self.call("POST", &url, Value::Null).await;
        assert_eq!(published.0, 200, "{published:?}");
        id
    }

    /// Bans a new user from an event, once the service under test knows the event. The service
    /// stores a message about it.
    pub(super) async fn ban(&self, event: &str) {
        let url = format!("{}/events/{event}/bans", self.joins);
        let ban = json!({ "user_id": new_id() });
        eventually(async || self.call("POST", &url, ban.clone()).await.0 == 200).await;
    }
}
