use std::{net::SocketAddr, time::Duration};

use chrono::{DateTime, Utc};
use seaworthy::{
    client::{HttpClient, HttpClientConfig, HttpResponse},
    prelude::Secret,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SeedError, events::Planned};

/// Between two looks whether the word of an event has arrived where places are kept.
const PAUSE: Duration = Duration::from_millis(100);
/// Looks; together a quarter of a minute.
const LOOKS: u32 = 150;

/// The door of the platform, as its clients see it.
pub(super) struct Door(HttpClient);

/// Somebody who came in.
pub(super) struct Visitor(Secret<String>);

impl Door {
    pub(super) fn new(address: SocketAddr) -> Result<Self, SeedError> {
        let config = HttpClientConfig {
            base_url: format!("http://{address}").parse().ok(),
            ..HttpClientConfig::default()
        };
        Ok(Self(HttpClient::builder("seed").config(config).build()?))
    }

    /// Registers somebody, or signs them in where they are known.
    pub(super) async fn enter(&self, email: &str) -> Result<Visitor, SeedError> {
        let body = json!({ "email": email, "password": city_events_auth::SEED_PASSWORD });
        let answer = self.0.post("/api/auth/register").json(&body).send().await?;
        let answer = match answer.status().as_u16() {
            409 => self.0.post("/api/auth/login").json(&body).send().await?,
            _ => answer,
        };
        let answer = good("entering", answer).await?;
        let token = answer.pointer("/data/tokens/access_token");
        Ok(Visitor(Secret::new(text(token))))
    }

    /// The titles of somebody's own events.
    pub(super) async fn own_titles(&self, visitor: &Visitor) -> Result<Vec<String>, SeedError> {
        let request = self.0.get("/api/me/events").bearer(&visitor.0);
        let answer = good("looking at own events", request.send().await?).await?;
        let items = answer.get("items").and_then(Value::as_array);
        let titles = items
            .into_iter()
            .flatten()
            .map(|item| text(item.get("title")));
        Ok(titles.collect())
    }

    /// Makes a draft.
    pub(super) async fn create(
        &self,
        host: &Visitor,
        planned: &Planned,
        begins: DateTime<Utc>,
    ) -> Result<String, SeedError> {
        let body = json!({
            "title": planned.title,
            "description": planned.description,
            "city": planned.city,
            "category": planned.category,
            "start_time": begins,
            "end_time": begins + chrono::Duration::hours(planned.hours),
            "capacity": planned.capacity,
        });
        let request = self.0.post("/api/events").bearer(&host.0).json(&body);
        let answer = good("making an event", request.send().await?).await?;
        Ok(text(answer.get("id")))
    }

    /// Shows it to everybody.
    pub(super) async fn publish(&self, host: &Visitor, id: &str) -> Result<(), SeedError> {
        let request = self
            .0
            .post(&["api", "events", id, "publish"])
            .bearer(&host.0);
        good("publishing", request.send().await?).await.map(drop)
    }

    /// Goes there. Where places are kept an event is known a moment after it is published.
    pub(super) async fn join(&self, guest: &Visitor, id: &str) -> Result<(), SeedError> {
        let key = Uuid::new_v4().to_string();
        let mut looks = 0;
        loop {
            let request = self.0.post(&["api", "events", id, "join"]).bearer(&guest.0);
            let answer = request.idempotency_key(&key).send().await?;
            if answer.status().as_u16() != 404 || looks == LOOKS {
                return good("joining", answer).await.map(drop);
            }
            looks += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The document of an answer that is one.
async fn good(what: &'static str, answer: HttpResponse) -> Result<Value, SeedError> {
    let status = answer.status();
    let document: Value = answer.json().await?;
    if status.is_success() {
        return Ok(document);
    }
    Err(SeedError::Refused {
        what,
        status: status.as_u16(),
        code: text(document.pointer("/error/code")),
    })
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}
