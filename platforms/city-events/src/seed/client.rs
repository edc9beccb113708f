use std::{net::SocketAddr, time::Duration};

use chrono::{DateTime, Utc};
use seaworthy::{
    axum::http::{HeaderValue, header::CONTENT_TYPE},
    client::{HttpClient, HttpClientConfig, HttpResponse},
    prelude::Secret,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SeedError, events::SampleEvent};

/// The interval between attempts to join. A message tells the join service about a new event.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The number of attempts to join: 15 seconds in total.
const MAX_ATTEMPTS: u32 = 150;

/// The media type of sample pictures.
const JPEG: HeaderValue = HeaderValue::from_static("image/jpeg");

/// A client of the public interface.
pub(super) struct SeedClient {
    gateway: HttpClient,
    /// The client of uploads, whose signed addresses have the origin of the media service.
    uploads: HttpClient,
}

/// The access token of a user.
pub(super) struct User(Secret<String>);

impl SeedClient {
    pub(super) fn new(address: SocketAddr) -> Result<Self, SeedError> {
        let config = HttpClientConfig {
            base_url: format!("http://{address}").parse().ok(),
            ..HttpClientConfig::default()
        };
        Ok(Self {
            gateway: HttpClient::builder("seed").config(config).build()?,
            uploads: HttpClient::builder("seed-uploads").build()?,
        })
    }

    /// Registers a user, or logs in if the account exists.
    pub(super) async fn log_in(&self, email: &str) -> Result<User, SeedError> {
        let body = json!({ "email": email, "password": city_events_auth::SEED_PASSWORD });
        let response = self
            .gateway
            .post("/api/auth/register")
            .json(&body)
            .send()
            .await?;
        let response = match response.status().as_u16() {
            409 => {
                self.gateway
                    .post("/api/auth/login")
                    .json(&body)
                    .send()
                    .await?
            }
            _ => response,
        };
        let response = json_of("log in", response).await?;
        let token = response.pointer("/data/tokens/access_token");
        Ok(User(Secret::new(text(token))))
    }

    /// Returns the titles of the user's own events.
    pub(super) async fn own_titles(&self, user: &User) -> Result<Vec<String>, SeedError> {
        let request = self.gateway.get("/api/me/events").bearer(&user.0);
        let response = json_of("list own events", request.send().await?).await?;
        let items = response.get("items").and_then(Value::as_array);
        let titles = items
            .into_iter()
            .flatten()
            .map(|item| text(item.get("title")));
        Ok(titles.collect())
    }

    /// Uploads a picture and returns its ID.
    pub(super) async fn upload(&self, host: &User, jpeg: Vec<u8>) -> Result<String, SeedError> {
        let body = json!({
            "purpose": "event_cover", "size": jpeg.len(), "content_type": "image/jpeg",
        });
        let upload = self
            .gateway
            .post("/api/media/request-upload")
            .bearer(&host.0)
            .json(&body);
        let upload = json_of("request an upload", upload.send().await?).await?;
        let address = text(upload.get("presigned_url"));
        let sent = self
            .uploads
            .put(address.as_str())
            .header(CONTENT_TYPE, JPEG)
            .body(jpeg);
        let sent = sent.send().await?.status();
        if !sent.is_success() {
            return Err(SeedError::UnexpectedStatus {
                action: "upload a picture",
                status: sent.as_u16(),
                code: String::new(),
            });
        }
        let id = text(upload.get("upload_id"));
        let request = self.gateway.post("/api/media/complete").bearer(&host.0);
        let completed = request.json(&json!({ "upload_id": id })).send().await?;
        json_of("complete an upload", completed).await?;
        Ok(id)
    }

    /// Creates a draft.
    pub(super) async fn create(
        &self,
        host: &User,
        sample: &SampleEvent,
        starts_at: DateTime<Utc>,
        covers: &[String],
    ) -> Result<String, SeedError> {
        let body = json!({
            "cover_image_ids": covers,
            "title": sample.title,
            "description": sample.description,
            "city": sample.city,
            "category": sample.category,
            "start_time": starts_at,
            "end_time": starts_at + chrono::Duration::hours(sample.hours),
            "capacity": sample.capacity,
        });
        let request = self.gateway.post("/api/events").bearer(&host.0).json(&body);
        let response = json_of("create an event", request.send().await?).await?;
        Ok(text(response.get("id")))
    }

    /// Publishes an event.
    pub(super) async fn publish(&self, host: &User, id: &str) -> Result<(), SeedError> {
        let request = self
            .gateway
            .post(&["api", "events", id, "publish"])
            .bearer(&host.0);
        json_of("publish an event", request.send().await?)
            .await
            .map(drop)
    }

    /// Joins an event. Retries until the join service knows the event.
    pub(super) async fn join(&self, guest: &User, id: &str) -> Result<(), SeedError> {
        let key = Uuid::new_v4().to_string();
        let mut attempts = 0;
        loop {
            let request = self
                .gateway
                .post(&["api", "events", id, "join"])
                .bearer(&guest.0);
            let response = request.idempotency_key(&key).send().await?;
            if response.status().as_u16() != 404 || attempts == MAX_ATTEMPTS {
                return json_of("join an event", response).await.map(drop);
            }
            attempts += 1;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// Returns the JSON body of a successful response.
async fn json_of(action: &'static str, response: HttpResponse) -> Result<Value, SeedError> {
    let status = response.status();
    let body: Value = response.json().await?;
    if status.is_success() {
        return Ok(body);
    }
    Err(SeedError::UnexpectedStatus {
        action,
        status: status.as_u16(),
        code: text(body.pointer("/error/code")),
    })
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}
