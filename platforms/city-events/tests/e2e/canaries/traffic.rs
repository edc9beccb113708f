//! Requests of users and clients, with canaries in all inputs. Many of them are invalid.

use city_events_contract::auth::v1::{GetProfileRequest, auth_service_client::AuthServiceClient};
use seaworthy::data::sql;
use serde_json::{Value, json};
use tonic::{Request, transport::Endpoint};

use super::{
    caller::{Caller, Response},
    canary::Canaries,
    process::PlatformProcess,
};
use crate::{app::open_database, eventually::eventually};

/// A sampled `traceparent`.
pub(super) const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A user who plants canaries in all requests.
pub(super) struct Traffic<'platform> {
    pub(super) platform: &'platform PlatformProcess,
    pub(super) caller: Caller,
    pub(super) canaries: &'platform mut Canaries,
    pub(super) email: String,
    password: String,
}

impl<'platform> Traffic<'platform> {
    pub(super) fn new(
        platform: &'platform PlatformProcess,
        canaries: &'platform mut Canaries,
    ) -> Self {
        let name = canaries.personal("the name in an address", "zilpzalp.rohrdommel");
        let domain = canaries.personal("the domain of an address", "kanarienvogel.example");
        let secret = canaries.secret("the password", "goldammerpirol");
        Self {
            platform,
            caller: Caller::new(),
            canaries,
            email: format!("{name}@{domain}"),
            password: format!("{secret} singt am see"),
        }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let gateway = self.platform.service("bff").http;
        self.caller.send(gateway, method, path, headers, body).await
    }

    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Response {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.send("POST", path, &headers, &body.to_string()).await
    }

    /// Registers, and returns the access token and the refresh token.
    pub(super) async fn register(&mut self) -> (String, String) {
        let given = self.canaries.personal("a first name", "Wendehals");
        let family = self.canaries.personal("a last name", "Grasmuecke");
        let body = json!({ "email": self.email, "password": self.password, "name": format!("{given} {family}") });
        let response = self.post("/api/auth/register", None, &body).await;
        assert_eq!(response.status, 201, "{response:?}");
        let tokens = self.tokens(&response);
        let again = self.post("/api/auth/register", None, &body).await;
        assert_eq!(again.status, 409, "{again:?}");
        tokens
    }

    /// Registers another user and returns the access token.
    async fn register_guest(&mut self) -> String {
        let body = json!({ "email": format!("guest.{}", self.email), "password": self.password });
        let response = self.post("/api/auth/register", None, &body).await;
        assert_eq!(response.status, 201, "{response:?}");
        self.tokens(&response).0
    }

    fn tokens(&mut self, response: &Response) -> (String, String) {
        let access = response.json()["data"]["tokens"]["access_token"].clone();
        let access = self
            .canaries
            .token("an access token", access.as_str().unwrap());
        let (_, refresh) = response.cookies.split_once("refresh_token=").unwrap();
        let refresh = refresh.split(';').next().unwrap();
        (access, self.canaries.secret("a refresh token", refresh))
    }

    /// Logs in with right and wrong passwords, and refreshes with valid, used and unknown tokens.
    /// Returns an access token.
    pub(super) async fn log_in_and_refresh(&mut self, refresh: &str) -> String {
        let wrong = self
            .canaries
            .secret("a wrong password", "feldlercheheidelerche");
        let short = self.canaries.secret("a short password", "kuckuckei");
        for (path, body, status) in [
            (
                "login",
                json!({ "email": self.email, "password": wrong }),
                401,
            ),
            (
                "login",
                json!({ "email": self.email, "password": [wrong] }),
                400,
            ),
            (
                "login",
                json!({ "email": { "in": self.email }, "password": wrong }),
                400,
            ),
            ("login", json!(wrong), 400),
            (
                "register",
                json!({ "email": format!("2{}", self.email), "password": short }),
                400,
            ),
            (
                "register",
                json!({ "email": "zilpzalp.rohrdommel", "password": self.password }),
                400,
            ),
        ] {
            let response = self.post(&format!("/api/auth/{path}"), None, &body).await;
            assert_eq!(response.status, status, "{path} {body}: {response:?}");
        }
        let truncated = format!(r#"{{"email":"{}","password":"{wrong}"#, self.email);
        let duplicate = format!(r#"{{"{wrong}":1,"password":{wrong}}}"#);
        for body in [truncated, duplicate] {
            for service in ["bff", "auth"] {
                let path = match service {
                    "bff" => "/api/auth/login",
                    _ => "/auth/v1/login",
                };
                let address = self.platform.service(service).http;
                let headers = [("content-type", "application/json")];
                let response = self
                    .caller
                    .send(address, "POST", path, &headers, &body)
                    .await;
                assert_eq!(response.status, 400, "{response:?}");
            }
        }
        let body = json!({ "email": self.email, "password": self.password });
        let response = self.post("/api/auth/login", None, &body).await;
        assert_eq!(response.status, 200, "{response:?}");
        let (access, _) = self.tokens(&response);

        let cookie = format!("refresh_token={refresh}");
        let refreshed = self
            .send("POST", "/api/auth/refresh", &[("cookie", &cookie)], "")
            .await;
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        let (_, next) = self.tokens(&refreshed);
        let planted = self
            .canaries
            .secret("an unknown cookie", "bachstelzewasseramsel");
        for cookie in [
            format!("refresh_token={planted}"),
            format!("session={planted}; refresh_token={next}"),
            cookie,
        ] {
            let headers = [("cookie", cookie.as_str())];
            self.send("POST", "/api/auth/refresh", &headers, "").await;
            self.send("POST", "/api/auth/logout", &headers, "").await;
        }
        access
    }

    /// Verifies the address and resets the password with the links in mails. Each works once.
    pub(super) async fn follow_links(&mut self) {
        let mailbox = self.platform.service("email").http;
        let verification = self
            .mailed_token("Verify your email", "a verification token")
            .await;
        let page = self
            .caller
            .get(mailbox, &format!("/verify?token={verification}"))
            .await;
        assert_eq!(page.status, 200, "{page:?}");
        for status in [200, 401] {
            let body = json!({ "token": verification });
            let response = self
                .post("/api/auth/verify-email/confirm", None, &body)
                .await;
            assert_eq!(response.status, status, "{response:?}");
        }
        let body = json!({ "email": self.email });
        let requested = self
            .post("/api/auth/password/reset/request", None, &body)
            .await;
        assert_eq!(requested.status, 204, "{requested:?}");
        let reset = self
            .mailed_token("Reset your password", "a reset token")
            .await;
        let path = format!("/api/auth/password/reset/validate?token={reset}");
        let response = self.send("GET", &path, &[], "").await;
        assert_eq!(response.status, 200, "{response:?}");
        let new = self
            .canaries
            .secret("a new password", "mittelspechtgruenspecht");
        for (new, status) in [("short", 400), (new.as_str(), 204), (new.as_str(), 401)] {
            let body = json!({ "token": reset, "new_password": new });
            let response = self
                .post("/api/auth/password/reset/confirm", None, &body)
                .await;
            assert_eq!(response.status, status, "{response:?}");
        }
        self.password = new;
    }

    /// Waits for a mail with a subject, and returns the token in its link.
    async fn mailed_token(&mut self, subject: &str, label: &str) -> String {
        let mailbox = self.platform.service("email").http;
        let text = eventually(async || {
            let list = self.caller.get(mailbox, "/mailbox.json").await.json();
            let mut mails = list.as_array().unwrap().iter();
            let Some(mail) = mails.find(|mail| mail["subject"] == subject) else {
                return Err(format!("no mail {subject:?}: {list}"));
            };
            let path = format!("/mailbox/{}/json", mail["id"]);
            Ok(self.caller.get(mailbox, &path).await.text)
        })
        .await;
        assert!(text.contains(&self.email), "{text}");
        let (_, token) = text.split_once("token=").unwrap();
        let end = token.find(|byte: char| !byte.is_ascii_alphanumeric() && !"-_".contains(byte));
        let token = token.get(..end.unwrap_or(token.len())).unwrap();
        self.canaries.secret(label, token)
    }

    /// Logs in with the current password, and returns the access token.
    pub(super) async fn log_in(&mut self) -> String {
        let body = json!({ "email": self.email, "password": self.password });
        let response = self.post("/api/auth/login", None, &body).await;
        assert_eq!(response.status, 200, "{response:?}");
        self.tokens(&response).0
    }

    /// Publishes and joins an event, and sends invalid and forbidden requests.
    pub(super) async fn use_events(&mut self, access: &str) {
        let start = chrono::Utc::now() + chrono::Duration::hours(24);
        let mut event = json!({
            "title": "Birds at dawn", "description": "At the lake.", "city": "Berlin", "category": "Nature",
            "start_time": start, "end_time": start + chrono::Duration::hours(2), "capacity": 2,
        });
        let created = self.post("/api/events", Some(access), &event).await;
        assert_eq!(created.status, 201, "{created:?}");
        let id = created.json()["id"].as_str().unwrap().to_owned();
        event["capacity"] = json!(self.email);
        event[self.email.as_str()] = json!(1);
        let invalid = self.post("/api/events", Some(access), &event).await;
        assert_eq!(invalid.status, 400, "{invalid:?}");
        for status in [200, 409] {
            let path = format!("/api/events/{id}/publish");
            let response = self.post(&path, Some(access), &json!({})).await;
            assert_eq!(response.status, status, "{response:?}");
        }
        let key = format!("{}-{id}", self.email);
        let guest = format!("Bearer {}", self.register_guest().await);
        let state = format!("shop={}", self.email);
        let headers = [
            ("authorization", guest.as_str()),
            ("idempotency-key", &key),
            ("traceparent", TRACE),
            ("tracestate", &state),
        ];
        let path = format!("/api/events/{id}/join");
        // The join service learns of the event by a message.
        eventually(
            async || match self.send("POST", &path, &headers, "{}").await {
                joined if joined.status == 200 => Ok(()),
                joined => Err(joined),
            },
        )
        .await;
        let name = self.canaries.personal("a name in a reason", "Kernbeisser");
        for (path, body) in [
            (
                "bans",
                json!({ "user_id": uuid::Uuid::new_v4(), "reason": format!("{name}, {}", self.email) }),
            ),
            ("bans", json!({ "user_id": self.email, "reason": name })),
            (
                "cancel-event",
                json!({ "reason": format!("{name} is ill; ask {}", self.email) }),
            ),
        ] {
            let path = format!("/api/events/{id}/{path}");
            self.post(&path, Some(access), &body).await;
        }
        let bearer = format!("Bearer {access}");
        let picture = format!("https://x.example/{}/{}", self.email, uuid::Uuid::new_v4());
        let body = json!({ "avatar_url": picture }).to_string();
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.send("PATCH", "/api/auth/me/avatar", &headers, &body)
            .await;
        let wrong = self
            .canaries
            .secret("a wrong old password", "trauerschnaepperzwergschnaepper");
        let body = json!({ "old_password": wrong, "new_password": self.password });
        let response = self
            .post("/api/auth/password/change", Some(access), &body)
            .await;
        assert_eq!(response.status, 401, "{response:?}");
    }

    /// Calls every gRPC listener with canaries in messages and metadata.
    pub(super) async fn call_grpc(&mut self) {
        let token = self
            .canaries
            .secret("a token over gRPC", "alpenbraunellebergpieper");
        for service in ["auth", "event", "join"] {
            let address = self.platform.service(service).grpc.unwrap();
            let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
            let mut client = AuthServiceClient::new(endpoint.connect().await.unwrap());
            for user_id in [self.email.clone(), uuid::Uuid::new_v4().to_string()] {
                let mut request = Request::new(GetProfileRequest { user_id });
                let metadata = request.metadata_mut();
                metadata.insert("authorization", format!("Bearer {token}").parse().unwrap());
                metadata.insert("x-api-key", token.parse().unwrap());
                metadata.insert("x-request-id", self.email.parse().unwrap());
                metadata.insert("traceparent", TRACE.parse().unwrap());
                let state = format!("shop={}", self.email);
                metadata.insert("tracestate", state.parse().unwrap());
                client.get_profile(request).await.unwrap_err();
            }
        }
    }

    /// Removes a table, so that requests fail with 500 and log their causes.
    pub(super) async fn fail_database(&mut self) {
        let file = self.platform.directory().join("auth.db");
        let database = open_database(&format!("sqlite:{}", file.display())).await;
        let rename = sql("ALTER TABLE users RENAME TO renamed");
        rename.execute(&database).await.unwrap();
        let body = json!({ "email": self.email, "password": self.password });
        for path in ["login", "register", "password/reset/request"] {
            let response = self.post(&format!("/api/auth/{path}"), None, &body).await;
            assert!(response.status >= 500, "{path}: {response:?}");
        }
        let secret = self.platform.internal_secret.clone();
        let user = uuid::Uuid::new_v4();
        let response = self
            .caller
            .send(
                self.platform.service("auth").http,
                "GET",
                &format!("/internal/users/{user}"),
                &[("x-internal-secret", &secret)],
                "",
            )
            .await;
        assert!(response.status >= 500, "{response:?}");
    }
}
