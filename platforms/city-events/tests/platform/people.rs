//! Whoever stands before the door of a platform, wherever its services run.

use std::{net::SocketAddr, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use seaworthy::{
    axum::http::{HeaderMap, Method},
    client::{HttpClient, HttpClientConfig},
    prelude::Secret,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// What everybody here signs in with.
pub(crate) const PASSWORD: &str = "a long enough sentence";
/// Looks until something must have happened: thirty seconds of them, for services that share two cores with others.
const PATIENCE: u32 = 600;
const GLANCE: Duration = Duration::from_millis(50);

/// The door of a platform, and where its mail can be read.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    client: HttpClient,
    mailbox: HttpClient,
}

/// An address that nobody had before, with a name for people.
pub(crate) fn address(name: &str) -> String {
    format!("{name}@{}.example.org", Uuid::new_v4().simple())
}

/// A token that was signed outside of the auth service, as the load script makes them: no `iat`, no `ver`, a claim that nobody knows.
pub(crate) fn signed(secret: &[u8], algorithm: &str, user: &str) -> String {
    let expiry = chrono::Utc::now().timestamp() + 3_600;
    let claims = json!({ "iss": "elsewhere", "sub": user, "uid": user, "username": "u", "role": "user", "exp": expiry });
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({ "alg": algorithm, "typ": "JWT" }));
    let text = format!("{head}.{}", part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()));
    format!("{text}.{signature}")
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
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
}

/// Somebody who is signed in, or nobody.
pub(crate) struct Person<'door> {
    door: &'door Door,
    pub(crate) token: Option<String>,
}

impl Door {
    /// That of this address, whose mail is read at that one.
    pub(crate) fn at(address: SocketAddr, mailbox: SocketAddr) -> Self {
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

    /// The newest text that was sent to an address.
    pub(crate) async fn mail_to(&self, address: &str) -> String {
        for _ in 0..PATIENCE {
            let answer = self.mailbox.get("/mailbox.json").send().await.unwrap();
            let mails: Vec<Value> = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            if let Some(mail) = mails.iter().find(|mail| mail.to_string().contains(address)) {
                let path = format!("/mailbox/{}/json", mail["id"]);
                let answer = self.mailbox.get(&path).send().await.unwrap();
                return answer.text().await.unwrap();
            }
            tokio::time::sleep(GLANCE).await;
        }
        panic!("nothing was sent to {address}");
    }

    pub(crate) fn nobody(&self) -> Person<'_> {
        Person {
            door: self,
            token: None,
        }
    }

    /// Somebody new.
    pub(crate) async fn register(&self, name: &str) -> Person<'_> {
        let body = json!({ "email": address(name), "password": PASSWORD });
        let answer = self
            .nobody()
            .send("POST", "/api/auth/register", Some(body))
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.with_token(&answer)
    }

    /// Somebody whom every platform under development has.
    pub(crate) async fn sign_in(&self, name: &str) -> Person<'_> {
        let body = json!({ "email": format!("{name}@example.com"), "password": city_events_auth::SEED_PASSWORD });
        let answer = self
            .nobody()
            .send("POST", "/api/auth/login", Some(body))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.with_token(&answer)
    }

    fn with_token(&self, answer: &Answer) -> Person<'_> {
        let token = answer.json()["data"]["tokens"]["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        Person {
            door: self,
            token: Some(token),
        }
    }
}

impl Person<'_> {
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.send_with(method, path, body, &[]).await
    }

    pub(crate) async fn send_with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let method: Method = method.parse().unwrap();
        let mut request = self.door.client.request(method, path);
        if let Some(token) = &self.token {
            request = request.bearer(&Secret::new(token.clone()));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.send("POST", path, Some(json!({}))).await
    }

    /// Publishes an event with so many places, and returns its id.
    pub(crate) async fn publish(&self, title: &str, capacity: u32) -> String {
        let begins = chrono::Utc::now() + chrono::Duration::hours(24);
        let body = json!({
            "title": title, "description": "Something happens.", "city": "Berlin", "category": "Music",
            "start_time": begins, "end_time": begins + chrono::Duration::hours(2), "capacity": capacity,
        });
        let answer = self.send("POST", "/api/events", Some(body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let event = answer.json();
        assert_eq!(event["status"], "draft");
        assert_eq!(event["created_by"], event["owner_id"]);
        let id = event["id"].as_str().unwrap().to_owned();
        let answer = self.post(&format!("/api/events/{id}/publish")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["status"], "published");
        id
    }

    /// Joins; an event is known where places are kept a moment after it is published. Keys are good once on a whole platform, so each has the event in it.
    pub(crate) async fn join(&self, event: &str, key: &str) -> Answer {
        let path = format!("/api/events/{event}/join");
        for _ in 0..PATIENCE {
            let answer = self.keyed("POST", &path, &format!("{key}-{event}")).await;
            if answer.status != 404 {
                return answer;
            }
            tokio::time::sleep(GLANCE).await;
        }
        panic!("the join service never heard of {event}");
    }

    pub(crate) async fn leave(&self, event: &str, key: &str) -> Answer {
        let path = format!("/api/events/{event}/cancel");
        self.keyed("POST", &path, &format!("{key}-{event}")).await
    }

    pub(crate) async fn keyed(&self, method: &str, path: &str, key: &str) -> Answer {
        self.send_with(method, path, Some(json!({})), &[("idempotency-key", key)])
            .await
    }

    pub(crate) async fn view(&self, event: &str) -> Value {
        let answer = self.get(&format!("/api/events/{event}/view")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Looks at an event until it is as it will be.
    pub(crate) async fn view_until(&self, event: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..PATIENCE {
            let view = self.view(event).await;
            if is_so(&view) {
                return view;
            }
            tokio::time::sleep(GLANCE).await;
        }
        panic!("it never came: {}", self.view(event).await);
    }
}
