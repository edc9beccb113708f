use std::{
    collections::BTreeMap,
    mem,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::client::{Gateway, sign_token};

/// Number of clients that read pages, and of clients that join, on an idle machine.
pub(crate) const CLIENTS: usize = 4;
/// The number of kinds of single requests.
pub(crate) const KINDS: u32 = 7;
const KINDS_WITHOUT_ACCOUNT: u32 = 4;
/// Pause between two requests of a client, so that the services are busy and not this test.
const PAUSE: Duration = Duration::from_millis(20);

/// Counts by request and result. A result is a status with its code, or a connection error.
pub(crate) type Results = BTreeMap<(&'static str, String), usize>;

/// The data for requests to the services of accounts, e-mail and pictures.
pub(crate) struct Account {
    /// The access token of a registered user.
    pub(crate) token: String,
    /// The ID of an upload of the user.
    pub(crate) upload: String,
    /// The HTTP address of the e-mail service, whose pages do not pass through the gateway.
    pub(crate) email: SocketAddr,
}

/// Clients that read and join an event until they are stopped.
pub(crate) struct Load {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    gateway: Gateway,
    client: reqwest::Client,
    secret: String,
    event: String,
    account: Option<Account>,
    stop: AtomicBool,
    results: Mutex<Results>,
    joined: AtomicUsize,
}

impl Load {
    /// Starts this number of clients that read pages, and as many that join.
    pub(crate) fn start(gateway: &Gateway, secret: &str, event: &str, clients: usize) -> Self {
        let mut load = Self::new(gateway, secret, event, None);
        for _ in 0..clients {
            let shared = Arc::clone(&load.shared);
            load.tasks.spawn(async move { shared.read().await });
            let shared = Arc::clone(&load.shared);
            load.tasks.spawn(async move { shared.join().await });
        }
        load
    }

    /// Returns a load without clients, which sends only single requests. With an account it reaches
    /// every service with routes.
    pub(crate) fn new(
        gateway: &Gateway,
        secret: &str,
        event: &str,
        account: Option<Account>,
    ) -> Self {
        let shared = Arc::new(Shared {
            gateway: gateway.clone(),
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(15))
                .build()
                .unwrap(),
            secret: secret.to_owned(),
            event: event.to_owned(),
            account,
            stop: AtomicBool::new(false),
            results: Mutex::default(),
            joined: AtomicUsize::new(0),
        });
        Self {
            shared,
            tasks: JoinSet::new(),
        }
    }

    /// Sends one request, of a kind that depends on its number.
    pub(crate) async fn one(&self, number: u32) {
        let shared = &self.shared;
        let token = || shared.token();
        let kinds = match &shared.account {
            Some(_) => KINDS,
            None => KINDS_WITHOUT_ACCOUNT,
        };
        let kind = number % kinds;
        if let Some(account) = &shared.account
            && let Some(kind) = kind.checked_sub(KINDS_WITHOUT_ACCOUNT)
        {
            shared.send_of(account, kind).await;
            return;
        }
        match kind {
            0 => drop(shared.send("list", None, "/api/events", None).await),
            1 => {
                let path = format!("/api/events/{}/view", shared.event);
                drop(shared.send("view", Some(&token()), &path, None).await);
            }
            2 => {
                let path = "/api/feed/recommended?type=trending";
                drop(shared.send("feed", Some(&token()), path, None).await);
            }
            _ => {
                let path = format!("/api/events/{}/join", shared.event);
                let key = Uuid::new_v4().to_string();
                drop(shared.send("join", Some(&token()), &path, Some(&key)).await);
            }
        }
    }

    /// Returns the results since the last call.
    pub(crate) fn take_results(&self) -> Results {
        mem::take(&mut *self.shared.results())
    }

    /// Returns the number of successful joins.
    pub(crate) fn joined(&self) -> usize {
        self.shared.joined.load(Ordering::Relaxed)
    }

    /// Lets all clients finish their requests, and returns the number of successful joins.
    pub(crate) async fn stop(mut self) -> usize {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.joined()
    }
}

impl Shared {
    fn results(&self) -> std::sync::MutexGuard<'_, Results> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the access token of a new user.
    fn token(&self) -> String {
        sign_token(self.secret.as_bytes(), "HS256", &Uuid::new_v4().to_string())
    }

    fn is_running(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn count(&self, request: &'static str, result: String) {
        *self.results().entry((request, result)).or_default() += 1;
    }

    /// Sends a request to the service of accounts, of pictures or of e-mail.
    async fn send_of(&self, account: &Account, kind: u32) {
        let token = Some(account.token.as_str());
        let upload = format!("/api/media/{}/status", account.upload);
        let gateway = self.gateway.address;
        let (request, address, path) = match kind {
            0 => ("me", gateway, "/api/auth/me"),
            1 => ("upload", gateway, upload.as_str()),
            _ => ("link", account.email, "/verify?token=unknown"),
        };
        self.send_to(address, request, token, path, None).await;
    }

    /// Sends a request to the gateway once. Returns `None` after a connection error.
    async fn send(
        &self,
        request: &'static str,
        token: Option<&str>,
        path: &str,
        key: Option<&str>,
    ) -> Option<(u16, Value)> {
        self.send_to(self.gateway.address, request, token, path, key)
            .await
    }

    async fn send_to(
        &self,
        address: SocketAddr,
        request: &'static str,
        token: Option<&str>,
        path: &str,
        key: Option<&str>,
    ) -> Option<(u16, Value)> {
        let url = format!("http://{address}{path}");
        let mut builder = match key {
            None => self.client.get(url),
            Some(key) => {
                let builder = self.client.post(url).header("idempotency-key", key);
                builder
                    .header("content-type", "application/json")
                    .body("{}")
            }
        };
        if let Some(token) = token {
            builder = builder.bearer_auth(token);
        }
        let response = async {
            let response = builder.send().await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>((status, response.text().await?))
        };
        match response.await {
            Ok((status, text)) => {
                let body: Value = serde_json::from_str(&text).unwrap_or_default();
                let code = body["error"]["code"].as_str().unwrap_or_default();
                self.count(request, format!("{status} {code}").trim_end().to_owned());
                Some((status, body))
            }
            Err(error) => {
                let cause = std::error::Error::source(&error);
                let cause = cause.map(|cause| format!("{cause:?}")).unwrap_or_default();
                self.count(request, format!("{error} {cause}"));
                None
            }
        }
    }

    async fn read(&self) {
        let token = self.token();
        let view = format!("/api/events/{}/view", self.event);
        while self.is_running() {
            if let Some((200, view)) = self.send("view", Some(&token), &view, None).await {
                let result = match view["participation"] {
                    Value::Null => format!("degraded: {}", view["degraded"]["participation"]),
                    _ => "complete".to_owned(),
                };
                self.count("page", result);
            }
            self.send("list", None, "/api/events", None).await;
            let feed = "/api/feed/recommended?type=trending";
            self.send("feed", Some(&token), feed, None).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn join(&self) {
        let path = format!("/api/events/{}/join", self.event);
        while self.is_running() {
            let token = self.token();
            let key = Uuid::new_v4().to_string();
            // A started join is repeated until it succeeds.
            while self
                .send("join", Some(&token), &path, Some(&key))
                .await
                .is_none_or(|(status, _)| status != 200)
            {
                tokio::time::sleep(PAUSE * 5).await;
            }
            self.joined.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
    }
}
