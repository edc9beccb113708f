//! Everything that people, their programs and their mistakes send.

use std::time::{Duration, Instant};

use city_events_contract::auth::v1::{GetProfileRequest, auth_service_client::AuthServiceClient};
use seaworthy::data::{Database, DatabaseConfig, sql};
use serde_json::{Value, json};
use tonic::{Request, transport::Endpoint};

use crate::{
    caller::{Answer, Caller},
    canary::Canaries,
    house::House,
};

/// Nothing that is waited for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(100);
/// A trace that a caller has begun and wants to see.
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Somebody who visits a platform.
pub(crate) struct Visit<'house> {
    house: &'house House,
    pub(crate) caller: Caller,
    pub(crate) canaries: &'house mut Canaries,
    pub(crate) email: String,
    password: String,
}

impl<'house> Visit<'house> {
    pub(crate) fn new(house: &'house House, canaries: &'house mut Canaries) -> Self {
        let name = canaries.person("the name in an address", "zilpzalp.rohrdommel");
        let domain = canaries.person("the domain of an address", "kanarienvogel.example");
        let secret = canaries.secret("the password", "goldammerpirol");
        Self {
            house,
            caller: Caller::new(),
            canaries,
            email: format!("{name}@{domain}"),
            password: format!("{secret} singt am see"),
        }
    }

    async fn door(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let door = self.house.at("bff").http;
        self.caller.send(door, method, path, headers, body).await
    }

    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.door("POST", path, &headers, &body.to_string()).await
    }

    /// Registers, and returns the access token and the refresh token.
    pub(crate) async fn register(&mut self) -> (String, String) {
        let given = self.canaries.person("a first name", "Wendehals");
        let family = self.canaries.person("a last name", "Grasmuecke");
        let body = json!({ "email": self.email, "password": self.password, "name": format!("{given} {family}") });
        let answer = self.post("/api/auth/register", None, &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let tokens = self.tokens_of(&answer);
        let again = self.post("/api/auth/register", None, &body).await;
        assert_eq!(again.status, 409, "{again:?}");
        tokens
    }

    /// Somebody else's access token.
    async fn guest(&mut self) -> String {
        let body = json!({ "email": format!("guest.{}", self.email), "password": self.password });
        let answer = self.post("/api/auth/register", None, &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.tokens_of(&answer).0
    }

    fn tokens_of(&mut self, answer: &Answer) -> (String, String) {
        let access = answer.json()["data"]["tokens"]["access_token"].clone();
        let access = self
            .canaries
            .token("an access token", access.as_str().unwrap());
        let (_, refresh) = answer.cookie.split_once("refresh_token=").unwrap();
        let refresh = refresh.split(';').next().unwrap();
        (access, self.canaries.secret("a refresh token", refresh))
    }

    /// Logs in rightly and wrongly, refreshes, and shows a refresh token once more than is allowed.
    pub(crate) async fn come_and_go(&mut self, refresh: &str) -> String {
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
                json!({ "email": { "of": self.email }, "password": wrong }),
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
            let answer = self.post(&format!("/api/auth/{path}"), None, &body).await;
            assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        }
        let cut_off = format!(r#"{{"email":"{}","password":"{wrong}"#, self.email);
        let twice = format!(r#"{{"{wrong}":1,"password":{wrong}}}"#);
        for body in [cut_off, twice] {
            for service in ["bff", "auth"] {
                let path = match service {
                    "bff" => "/api/auth/login",
                    _ => "/auth/v1/login",
                };
                let at = self.house.at(service).http;
                let headers = [("content-type", "application/json")];
                let answer = self.caller.send(at, "POST", path, &headers, &body).await;
                assert_eq!(answer.status, 400, "{answer:?}");
            }
        }
        let body = json!({ "email": self.email, "password": self.password });
        let answer = self.post("/api/auth/login", None, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let (access, _) = self.tokens_of(&answer);

        let cookie = format!("refresh_token={refresh}");
        let refreshed = self
            .door("POST", "/api/auth/refresh", &[("cookie", &cookie)], "")
            .await;
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        let (_, next) = self.tokens_of(&refreshed);
        let planted = self
            .canaries
            .secret("a cookie of nobody", "bachstelzewasseramsel");
        for cookie in [
            format!("refresh_token={planted}"),
            format!("session={planted}; refresh_token={next}"),
            cookie,
        ] {
            let headers = [("cookie", cookie.as_str())];
            self.door("POST", "/api/auth/refresh", &headers, "").await;
            self.door("POST", "/api/auth/logout", &headers, "").await;
        }
        access
    }

    /// What is in headers, queries and paths, to every service.
    pub(crate) async fn knock_everywhere(&mut self, access: &str) {
        let token = self
            .canaries
            .secret("a token of nobody", "braunkehlchenblaukehlchen");
        let key = self
            .canaries
            .secret("an API key", "steinschmaetzerheckenbraunelle");
        let origin = self.canaries.person("a network address", "203.0.113.177");
        let origin_6 = self
            .canaries
            .person("a network address of version 6", "2001:db8:17:4::77");
        let email = self.email.clone();
        let bearer = format!("Bearer {token}");
        let basic = format!("Basic {}", base64_of(&format!("{email}:{token}")));
        let jwt = format!("Bearer {access}x");
        let agent = format!("crawler (+mailto:{email})");
        let from = format!("crawler at {origin} and [{origin_6}]:443");
        let states = [
            format!("shop={email}"),
            format!("shop=1,login=Bearer {token}"),
            format!("at={origin}"),
        ];
        for (_, at) in self.house.services() {
            for headers in [
                [("authorization", bearer.as_str()), ("x-api-key", &key)],
                [("authorization", &basic), ("user-agent", &agent)],
                [("authorization", &jwt), ("x-request-id", &email)],
                [("x-internal-secret", &token), ("baggage", &email)],
                [("proxy-authorization", &basic), ("x-forwarded-for", &email)],
                [("traceparent", TRACE), ("tracestate", &states[0])],
                [("traceparent", TRACE), ("tracestate", &states[1])],
                [("traceparent", TRACE), ("tracestate", &states[2])],
                [("x-forwarded-for", &origin), ("user-agent", &from)],
                [("x-forwarded-for", &origin_6), ("x-request-id", &origin)],
                [
                    ("cookie", &token),
                    ("referer", &format!("http://x.example/?token={token}")),
                ],
            ] {
                for path in [
                    "/auth/v1/me".to_owned(),
                    "/event/v1/organizer/events".to_owned(),
                    "/api/me/joins".to_owned(),
                    "/internal/users/7".to_owned(),
                    format!("/nowhere/{email}"),
                    format!("/nowhere/{origin}"),
                    format!("/api/events?from={origin},{origin_6}"),
                    format!("/api/events/{access}/view"),
                    format!("/event/v1/events/{email}"),
                    format!("/api/events?q={email}&token={token}"),
                    format!("/?email={email}&password={token}&api_key={key}"),
                    format!(
                        "/event/v1/events?access_token={access}&next=https://me:{token}@x.example/"
                    ),
                    format!("/verify-email?token={token}"),
                    format!("/reset-password?token={token}"),
                    format!("/verify?token={token}"),
                    format!("/api/auth/oauth/google/callback?code={token}&state={key}"),
                    format!("/auth/v1/password/reset/validate?token={token}"),
                    format!("/api/auth/password/reset/validate?token={token}"),
                ] {
                    self.caller.send(at.http, "GET", &path, &headers, "").await;
                }
            }
            let wrong_kind = format!("password={token}&email={email}");
            for path in ["/api/events", "/auth/v1/login", "/event/v1/events/batch"] {
                self.caller
                    .send(at.http, "POST", path, &[], &wrong_kind)
                    .await;
            }
        }
    }

    /// The links of messages, which are good once.
    pub(crate) async fn follow_links(&mut self) {
        let mailbox = self.house.at("email").http;
        let verification = self.link("Verify your email", "a verification token").await;
        let page = self
            .caller
            .get(mailbox, &format!("/verify?token={verification}"))
            .await;
        assert_eq!(page.status, 200, "{page:?}");
        for status in [200, 401] {
            let body = json!({ "token": verification });
            let answer = self
                .post("/api/auth/verify-email/confirm", None, &body)
                .await;
            assert_eq!(answer.status, status, "{answer:?}");
        }
        let body = json!({ "email": self.email });
        let asked = self
            .post("/api/auth/password/reset/request", None, &body)
            .await;
        assert_eq!(asked.status, 204, "{asked:?}");
        let reset = self.link("Reset your password", "a reset token").await;
        let path = format!("/api/auth/password/reset/validate?token={reset}");
        let answer = self.door("GET", &path, &[], "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let new = self
            .canaries
            .secret("a new password", "mittelspechtgruenspecht");
        for (new, status) in [("short", 400), (new.as_str(), 204), (new.as_str(), 401)] {
            let body = json!({ "token": reset, "new_password": new });
            let answer = self
                .post("/api/auth/password/reset/confirm", None, &body)
                .await;
            assert_eq!(answer.status, status, "{answer:?}");
        }
        self.password = new;
    }

    /// The token in the newest message with this subject.
    async fn link(&mut self, subject: &str, what: &str) -> String {
        let mailbox = self.house.at("email").http;
        let begun = Instant::now();
        loop {
            let list = self.caller.get(mailbox, "/mailbox.json").await.json();
            let mails = list.as_array().unwrap().iter();
            let mut mails = mails.filter(|mail| mail["subject"] == subject);
            if let Some(mail) = mails.next() {
                let path = format!("/mailbox/{}/json", mail["id"]);
                let text = self.caller.get(mailbox, &path).await.text;
                assert!(text.contains(&self.email), "whom it is for: {text}");
                let (_, token) = text.split_once("token=").unwrap();
                let end =
                    token.find(|byte: char| !byte.is_ascii_alphanumeric() && !"-_".contains(byte));
                let token = token.get(..end.unwrap_or(token.len())).unwrap();
                return self.canaries.secret(what, token);
            }
            assert!(begun.elapsed() < PATIENCE, "no message `{subject}`: {list}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Logs in with the password of now.
    pub(crate) async fn log_in(&mut self) -> String {
        let body = json!({ "email": self.email, "password": self.password });
        let answer = self.post("/api/auth/login", None, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.tokens_of(&answer).0
    }

    /// Makes an event, joins it, and does what is refused.
    pub(crate) async fn take_part(&mut self, access: &str) {
        let begins = chrono::Utc::now() + chrono::Duration::hours(24);
        let mut event = json!({
            "title": "Birds at dawn", "description": "At the lake.", "city": "Berlin", "category": "Nature",
            "start_time": begins, "end_time": begins + chrono::Duration::hours(2), "capacity": 2,
        });
        let created = self.post("/api/events", Some(access), &event).await;
        assert_eq!(created.status, 201, "{created:?}");
        let id = created.json()["id"].as_str().unwrap().to_owned();
        event["capacity"] = json!(self.email);
        event[self.email.as_str()] = json!(1);
        let refused = self.post("/api/events", Some(access), &event).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        for status in [200, 409] {
            let path = format!("/api/events/{id}/publish");
            let answer = self.post(&path, Some(access), &json!({})).await;
            assert_eq!(answer.status, status, "{answer:?}");
        }
        let key = format!("{}-{id}", self.email);
        let guest = format!("Bearer {}", self.guest().await);
        let state = format!("shop={}", self.email);
        let headers = [
            ("authorization", guest.as_str()),
            ("idempotency-key", &key),
            ("traceparent", TRACE),
            ("tracestate", &state),
        ];
        let path = format!("/api/events/{id}/join");
        let begun = Instant::now();
        loop {
            let joined = self.door("POST", &path, &headers, "{}").await;
            if joined.status == 200 {
                break;
            }
            assert!(
                joined.status == 404 && begun.elapsed() < PATIENCE,
                "{joined:?}"
            );
            tokio::time::sleep(GLANCE).await;
        }
        let name = self.canaries.person("a name in a reason", "Kernbeisser");
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
        self.door("PATCH", "/api/auth/me/avatar", &headers, &body)
            .await;
        let wrong = self
            .canaries
            .secret("a wrong old password", "trauerschnaepperzwergschnaepper");
        let body = json!({ "old_password": wrong, "new_password": self.password });
        let answer = self
            .post("/api/auth/password/change", Some(access), &body)
            .await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }

    /// The same over gRPC, with what a program sends by mistake.
    pub(crate) async fn call(&mut self) {
        let token = self
            .canaries
            .secret("a token over gRPC", "alpenbraunellebergpieper");
        for service in ["auth", "event", "join"] {
            let address = self.house.at(service).grpc.unwrap();
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

    /// What happens where a table is gone: answers with 500, and causes in the log.
    pub(crate) async fn find_it_broken(&mut self) {
        let file = self.house.place().join("auth.db");
        let url = format!("sqlite:{}", file.display());
        let config = DatabaseConfig::at(url.parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let gone = sql("ALTER TABLE users RENAME TO gone");
        gone.execute(&database).await.unwrap();
        let body = json!({ "email": self.email, "password": self.password });
        for path in ["login", "register", "password/reset/request"] {
            let answer = self.post(&format!("/api/auth/{path}"), None, &body).await;
            assert!(answer.status >= 500, "{path}: {answer:?}");
        }
        let secret = self.house.internal_secret.clone();
        let user = uuid::Uuid::new_v4();
        let answer = self
            .caller
            .send(
                self.house.at("auth").http,
                "GET",
                &format!("/internal/users/{user}"),
                &[("x-internal-secret", &secret)],
                "",
            )
            .await;
        assert!(answer.status >= 500, "{answer:?}");
    }
}

fn base64_of(text: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(text)
}
