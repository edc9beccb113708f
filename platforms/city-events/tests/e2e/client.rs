//! Clients of a platform, wherever its services run.

use std::net::SocketAddr;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use seaworthy::{
    axum::http::{HeaderMap, Method},
    client::{HttpClient, HttpClientConfig},
    prelude::Secret,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::eventually::eventually;

/// The password of all users that tests register.
pub(crate) const PASSWORD: &str = "a long enough sentence";

/// The gateway of a platform, and the mailbox of its e-mail service.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    client: HttpClient,
    mailbox: HttpClient,
}

/// Returns a new e-mail address with this local part.
pub(crate) fn new_email(name: &str) -> String {
    format!("{name}@{}.example.org", Uuid::new_v4().simple())
}

/// Signs a token as the load script does: without `iat` and `ver`, and with an unknown claim.
pub(crate) fn sign_token(secret: &[u8], algorithm: &str, user: &str) -> String {
    let expiry = chrono::Utc::now().timestamp() + 3_600;
    let claims = json!({ "iss": "elsewhere", "sub": user, "uid": user, "username": "u", "role": "user", "exp": expiry });
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({ "alg": algorithm, "typ": "JWT" }));
    let text = format!("{header}.{}", part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()));
    format!("{text}.{signature}")
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let code = body["error"]["code"].as_str();
        code.unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the first cookie as a `Cookie` header.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.header("set-cookie").split(';').next();
        cookie.unwrap_or_default().to_owned()
    }
}

/// An anonymous or authenticated client of the gateway.
pub(crate) struct Client<'gateway> {
    gateway: &'gateway Gateway,
    pub(crate) token: Option<String>,
}

impl Gateway {
    pub(crate) fn new(address: SocketAddr, mailbox: SocketAddr) -> Self {
        let client = |address: SocketAddr| {
            let config = HttpClientConfig {
                base_url: format!("http://{address}").parse().ok(),
                ..HttpClientConfig::default()
            };
            HttpClient::builder("test").config(config).build().unwrap()
        };
        Self {
            address,
            client: client(address),
            mailbox: client(mailbox),
        }
    }

    /// Waits for a message to an address, and returns the newest one as JSON.
    pub(crate) async fn mail_to(&self, address: &str) -> String {
        eventually(async || {
            let response = self.mailbox.get("/mailbox.json").send().await.unwrap();
            let mails: Vec<Value> = serde_json::from_str(&response.text().await.unwrap()).unwrap();
            let mut mails = mails.iter();
            let Some(mail) = mails.find(|mail| mail.to_string().contains(address)) else {
                return Err(format!("no mail to {address}"));
            };
            let path = format!("/mailbox/{}/json", mail["id"]);
            let response = self.mailbox.get(&path).send().await.unwrap();
            Ok(response.text().await.unwrap())
        })
        .await
    }

    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client {
            gateway: self,
            token: None,
        }
    }

    pub(crate) fn with_token(&self, token: impl Into<String>) -> Client<'_> {
        Client {
            gateway: self,
            token: Some(token.into()),
        }
    }

    /// Registers a new user.
    pub(crate) async fn register(&self, name: &str) -> Client<'_> {
        let body = json!({ "email": new_email(name), "password": PASSWORD });
        let response = self
            .anonymous()
            .send("POST", "/api/auth/register", Some(body))
            .await;
        assert_eq!(response.status, 201, "{response:?}");
        self.authenticated(&response)
    }

    /// Signs in as a seeded user of the development profile.
    pub(crate) async fn sign_in(&self, name: &str) -> Client<'_> {
        let body = json!({ "email": format!("{name}@example.com"), "password": city_events_auth::SEED_PASSWORD });
        let response = self
            .anonymous()
            .send("POST", "/api/auth/login", Some(body))
            .await;
        assert_eq!(response.status, 200, "{response:?}");
        self.authenticated(&response)
    }

    /// Returns a client with the access token of a response.
    pub(crate) fn authenticated(&self, response: &Response) -> Client<'_> {
        let token = response.json()["data"]["tokens"]["access_token"].clone();
        self.with_token(token.as_str().unwrap())
    }
}

impl Client<'_> {
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        self.send_with(method, path, body, &[]).await
    }

    pub(crate) async fn send_with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&'static str, &str)],
    ) -> Response {
        let method: Method = method.parse().unwrap();
        let mut request = self.gateway.client.request(method, path);
        if let Some(token) = &self.token {
            request = request.bearer(&Secret::new(token.clone()));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send("GET", path, None).await
    }

    /// Sends an empty JSON object.
    pub(crate) async fn post(&self, path: &str) -> Response {
        self.send("POST", path, Some(json!({}))).await
    }

    /// Publishes an event and returns its ID. A capacity of 0 is unlimited.
    pub(crate) async fn publish(&self, title: &str, capacity: u32) -> String {
        let start = chrono::Utc::now() + chrono::Duration::hours(24);
        let body = json!({
            "title": title, "description": "Something happens.", "city": "Berlin", "category": "Music",
            "start_time": start, "end_time": start + chrono::Duration::hours(2), "capacity": capacity,
        });
        let response = self.send("POST", "/api/events", Some(body)).await;
        assert_eq!(response.status, 201, "{response:?}");
        let event = response.json();
        assert_eq!(event["status"], "draft");
        assert_eq!(event["created_by"], event["owner_id"]);
        let id = event["id"].as_str().unwrap().to_owned();
        let response = self.post(&format!("/api/events/{id}/publish")).await;
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(response.json()["status"], "published");
        id
    }

    /// Joins an event. The join service learns of a published event by a message, so this waits
    /// for it. Idempotency keys are unique on a platform, so the key contains the event.
    pub(crate) async fn join(&self, event: &str, key: &str) -> Response {
        let path = format!("/api/events/{event}/join");
        let key = format!("{key}-{event}");
        eventually(
            async || match self.send_with_key("POST", &path, &key).await {
                response if response.status == 404 => Err(response),
                response => Ok(response),
            },
        )
        .await
    }

    pub(crate) async fn leave(&self, event: &str, key: &str) -> Response {
        let path = format!("/api/events/{event}/cancel");
        self.send_with_key("POST", &path, &format!("{key}-{event}"))
            .await
    }

    /// Sends an empty JSON object with an idempotency key.
    pub(crate) async fn send_with_key(&self, method: &str, path: &str, key: &str) -> Response {
        let headers = [("idempotency-key", key)];
        self.send_with(method, path, Some(json!({})), &headers)
            .await
    }

    pub(crate) async fn view(&self, event: &str) -> Value {
        let response = self.get(&format!("/api/events/{event}/view")).await;
        assert_eq!(response.status, 200, "{response:?}");
        response.json()
    }

    /// Waits until the view of an event meets a condition.
    pub(crate) async fn wait_for_view(
        &self,
        event: &str,
        condition: impl Fn(&Value) -> bool,
    ) -> Value {
        eventually(async || match self.view(event).await {
            view if condition(&view) => Ok(view),
            view => Err(view),
        })
        .await
    }
}
