use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::people::{Door, signed};

/// Those who look, and those who join.
const LOOKING: usize = 4;
const JOINING: usize = 4;
/// Between two requests of one of them: the services are to be kept busy, and not this test.
const PAUSE: Duration = Duration::from_millis(20);

/// What was asked, and how it was answered: a status, or what went wrong with the connection.
pub(crate) type Seen = BTreeMap<(&'static str, String), usize>;

/// People who look at an event and join it, until they are told to stop.
pub(crate) struct Load {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    door: Door,
    client: reqwest::Client,
    secret: String,
    event: String,
    stop: AtomicBool,
    seen: Mutex<Seen>,
    joined: AtomicUsize,
}

impl Load {
    pub(crate) fn start(door: &Door, secret: &str, event: &str) -> Self {
        let shared = Arc::new(Shared {
            door: door.clone(),
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(15))
                .build()
                .unwrap(),
            secret: secret.to_owned(),
            event: event.to_owned(),
            stop: AtomicBool::new(false),
            seen: Mutex::default(),
            joined: AtomicUsize::new(0),
        });
        let mut tasks = JoinSet::new();
        for _ in 0..LOOKING {
            let shared = Arc::clone(&shared);
            tasks.spawn(async move { shared.look().await });
        }
        for _ in 0..JOINING {
            let shared = Arc::clone(&shared);
            tasks.spawn(async move { shared.join().await });
        }
        Self { shared, tasks }
    }

    /// What was seen since the last time.
    pub(crate) fn seen(&self) -> Seen {
        let mut seen = self
            .shared
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *seen)
    }

    /// How many have a place, as they were told.
    pub(crate) fn joined(&self) -> usize {
        self.shared.joined.load(Ordering::Relaxed)
    }

    /// Lets everybody finish what they began, and tells how many have a place.
    pub(crate) async fn stop(mut self) -> usize {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.joined()
    }
}

impl Shared {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn count(&self, what: &'static str, how: String) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry((what, how)).or_default() += 1;
    }

    /// One request of a client that tries nothing again by itself; none where the connection was refused or broke.
    async fn ask(
        &self,
        what: &'static str,
        token: Option<&str>,
        path: &str,
        key: Option<&str>,
    ) -> Option<(u16, Value)> {
        let url = format!("http://{}{path}", self.door.address);
        let mut request = match key {
            None => self.client.get(url),
            Some(key) => {
                let request = self.client.post(url).header("idempotency-key", key);
                request
                    .header("content-type", "application/json")
                    .body("{}")
            }
        };
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answered = async {
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            Ok::<_, reqwest::Error>((status, answer.text().await?))
        };
        match answered.await {
            Ok((status, text)) => {
                let body: Value = serde_json::from_str(&text).unwrap_or_default();
                let code = body["error"]["code"].as_str().unwrap_or_default();
                self.count(what, format!("{status} {code}").trim_end().to_owned());
                Some((status, body))
            }
            Err(error) => {
                let cause = std::error::Error::source(&error);
                let cause = cause.map(|cause| format!("{cause:?}")).unwrap_or_default();
                self.count(what, format!("{error} {cause}"));
                None
            }
        }
    }

    async fn look(&self) {
        let token = signed(self.secret.as_bytes(), "HS256", &Uuid::new_v4().to_string());
        let view = format!("/api/events/{}/view", self.event);
        while self.goes_on() {
            if let Some(answer) = self.ask("view", Some(&token), &view, None).await
                && answer.0 == 200
            {
                let view = answer.1;
                let how = match view["participation"] {
                    Value::Null => format!("without a part: {}", view["degraded"]["participation"]),
                    _ => "whole".to_owned(),
                };
                self.count("page", how);
            }
            self.ask("list", None, "/api/events", None).await;
            let feed = "/api/feed/recommended?type=trending";
            self.ask("feed", Some(&token), feed, None).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn join(&self) {
        let path = format!("/api/events/{}/join", self.event);
        while self.goes_on() {
            let token = signed(self.secret.as_bytes(), "HS256", &Uuid::new_v4().to_string());
            let key = Uuid::new_v4().to_string();
            // Everybody who began gets a place, however often they have to ask.
            while self
                .ask("join", Some(&token), &path, Some(&key))
                .await
                .is_none_or(|answer| answer.0 != 200)
            {
                tokio::time::sleep(PAUSE * 5).await;
            }
            self.joined.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
    }
}
