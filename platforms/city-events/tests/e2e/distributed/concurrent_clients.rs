//! Two thousand clients who join one event through the gateway.
//! `join/tests/service/concurrency.rs` has the same for the join service alone.

use std::{
    collections::{BTreeMap, HashSet},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use seaworthy::data::{Database, sql};
use serde_json::Value;
use uuid::Uuid;

use super::history::{Call, assert_real_time_order, assert_rules, history};
use crate::{
    app::open_database,
    client::{Gateway, sign_token},
};

const CROWD: usize = 2_000;
const SEATS: usize = 100;
/// Length of the waitlist: the maximum of `waitlist.max_length`.
const WAITLIST: usize = 1_000;
const LEAVING: usize = 50;
/// Time limit of a client that repeats a failed request.
const TIMEOUT: Duration = Duration::from_secs(240);
const INITIAL_BACKOFF: Duration = Duration::from_millis(250);
const MAX_BACKOFF: Duration = Duration::from_secs(4);

/// Returns the number of crowds: `SEAWORTHY_TEST_CROWDS`, or 1.
pub(crate) fn rounds() -> usize {
    let rounds = std::env::var("SEAWORTHY_TEST_CROWDS").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

/// A platform with everything that a crowd needs.
pub(crate) struct Venue<'gateway> {
    gateway: &'gateway Gateway,
    /// The secret of access tokens. The clients sign their own, because two thousand registrations
    /// take too long.
    secret: Vec<u8>,
    /// The database of the join service.
    joins: Database,
    client: reqwest::Client,
    responses: AtomicUsize,
}

struct Member {
    id: Uuid,
    token: String,
}

/// The result of a call after all attempts.
struct CallResult {
    call: Call,
    status: String,
    failures: Vec<String>,
}

impl<'gateway> Venue<'gateway> {
    pub(crate) async fn open(gateway: &'gateway Gateway, secret: Vec<u8>, joins: &str) -> Self {
        Self {
            gateway,
            secret,
            joins: open_database(joins).await,
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            responses: AtomicUsize::new(0),
        }
    }

    /// Waits until this number of clients have a response.
    pub(crate) async fn wait_for_responses(&self, count: usize) {
        let start = Instant::now();
        while self.responses.load(Ordering::Relaxed) < count {
            assert!(start.elapsed() < TIMEOUT, "the crowd gets no responses");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn members(&self, count: usize) -> Vec<Member> {
        let member = |id: Uuid| Member {
            id,
            token: sign_token(&self.secret, "HS256", &id.to_string()),
        };
        (0..count).map(|_| member(Uuid::new_v4())).collect()
    }

    async fn send(&self, member: &Member, path: &str, key: &str) -> Result<(u16, Value), String> {
        let url = format!("http://{}{path}", self.gateway.address);
        let request = self.client.post(url);
        let request = request
            .bearer_auth(&member.token)
            .header("idempotency-key", key)
            .header("content-type", "application/json")
            .body("{}");
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|error| error.to_string())?;
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    /// Repeats a request with one idempotency key until its result is not a transient failure.
    async fn send_with_retries(&self, member: &Member, path: &str) -> CallResult {
        let key = Uuid::new_v4().to_string();
        let mut failures = Vec::new();
        let mut backoff = INITIAL_BACKOFF;
        let start = Instant::now();
        loop {
            let result = match self.send(member, path, &key).await {
                Ok((200, body)) => Ok(body["status"].as_str().unwrap().to_owned()),
                Ok((status, body)) => {
                    let code = format!("{status} {}", body["error"]["code"]);
                    if status < 500 && status != 429 {
                        Ok(code)
                    } else {
                        Err(code)
                    }
                }
                Err(error) => Err(error),
            };
            match result {
                Ok(status) => {
                    self.responses.fetch_add(1, Ordering::Relaxed);
                    let call = Call {
                        user: member.id,
                        start,
                        end: Instant::now(),
                    };
                    return CallResult {
                        call,
                        status,
                        failures,
                    };
                }
                Err(failure) => failures.push(failure),
            }
            assert!(start.elapsed() < TIMEOUT, "only failures: {failures:?}");
            tokio::time::sleep(backoff.mul_f64(rand::random_range(0.5..1.5))).await;
            backoff = MAX_BACKOFF.min(backoff * 2);
        }
    }

    async fn send_all(&self, members: &[&Member], path: &str) -> Vec<CallResult> {
        self.responses.store(0, Ordering::Relaxed);
        let calls = members
            .iter()
            .map(|member| self.send_with_retries(member, path));
        join_all(calls).await
    }

    /// Waits until the join service has the event.
    async fn wait_for_event(&self, event: Uuid) {
        let start = Instant::now();
        loop {
            let found: Option<(i32,)> =
                sql("SELECT capacity FROM event_capacity WHERE event_id = ?")
                    .bind(event)
                    .fetch_optional(&self.joins)
                    .await
                    .unwrap();
            if found.is_some() {
                return;
            }
            assert!(start.elapsed() < TIMEOUT, "join does not have {event}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Returns the users with a status, in the order in which they joined.
async fn users(joins: &Database, event: Uuid, status: &str) -> Vec<Uuid> {
    let users: Vec<(Uuid,)> =
        sql("SELECT user_id FROM joins WHERE event_id = ? AND status = ? ORDER BY created_at, id")
            .bind(event)
            .bind(status)
            .fetch_all(joins)
            .await
            .unwrap();
    users.into_iter().map(|(user,)| user).collect()
}

fn count<'text>(texts: impl Iterator<Item = &'text String>) -> BTreeMap<&'text str, usize> {
    let mut counts = BTreeMap::new();
    for text in texts {
        *counts.entry(text.as_str()).or_default() += 1;
    }
    counts
}

#[expect(clippy::print_stderr, reason = "the latencies are for people")]
fn print_latencies(label: &str, duration: Duration, results: &[CallResult]) {
    let mut latencies: Vec<_> = results
        .iter()
        .map(|result| result.call.end - result.call.start)
        .collect();
    latencies.sort();
    let failures = count(results.iter().flat_map(|result| &result.failures));
    eprintln!(
        "{label}: {CROWD} joined in {duration:.1?}, half of them within {:.1?}, 99% within {:.1?}; repeated after {failures:?}",
        latencies[CROWD / 2],
        latencies[CROWD - 20],
    );
}

/// Lets the whole crowd join at the same time while `outage` runs, and half of the active users
/// leave afterwards. Checks the order of seats and the waitlist.
pub(crate) async fn join_and_leave(
    venue: &Venue<'_>,
    label: &str,
    outage: impl AsyncFnOnce(&Venue<'_>),
) {
    let host = venue.gateway.register("host").await;
    let title = "A hundred seats";
    let id = host.publish(title, u32::try_from(SEATS).unwrap()).await;
    let event: Uuid = id.parse().unwrap();
    venue.wait_for_event(event).await;
    let crowd = venue.members(CROWD);
    let everyone: Vec<_> = crowd.iter().collect();

    let start = Instant::now();
    let path = format!("/api/events/{id}/join");
    let (joined, ()) = tokio::join!(venue.send_all(&everyone, &path), outage(venue));
    print_latencies(label, start.elapsed(), &joined);
    let statuses = count(joined.iter().map(|result| &result.status));
    let expected = BTreeMap::from([
        ("active", SEATS),
        ("waitlisted", WAITLIST),
        ("409 \"event.full\"", CROWD - SEATS - WAITLIST),
    ]);
    assert_eq!(statuses, expected);

    let lines = history(&venue.joins, event).await;
    assert_rules(&lines, SEATS, WAITLIST);
    let calls: Vec<_> = joined.into_iter().map(|result| result.call).collect();
    assert_real_time_order(&lines, &calls);
    let order: Vec<_> = lines.iter().map(|line| line.user).collect();
    let active = users(&venue.joins, event, "active").await;
    let queue = users(&venue.joins, event, "waitlisted").await;
    assert_eq!(active, order[..SEATS], "the first users are active");
    assert_eq!(queue, order[SEATS..], "the waitlist keeps the order");

    let leaving: HashSet<_> = active.iter().take(LEAVING).copied().collect();
    let leaving: Vec<_> = crowd
        .iter()
        .filter(|member| leaving.contains(&member.id))
        .collect();
    let left = venue
        .send_all(&leaving, &format!("/api/events/{id}/cancel"))
        .await;
    let statuses = count(left.iter().map(|result| &result.status));
    assert_eq!(statuses, BTreeMap::from([("canceled", LEAVING)]));
    let lines = history(&venue.joins, event).await;
    assert_rules(&lines, SEATS, WAITLIST);
    let promoted: Vec<_> = lines
        .iter()
        .filter(|line| line.from.as_deref() == Some("waitlisted") && line.to == "active")
        .map(|line| line.user)
        .collect();
    assert_eq!(promoted, queue[..LEAVING], "the first of the waitlist");
    let counters: (i32, i32) =
        sql("SELECT active_count, waitlist_count FROM event_capacity WHERE event_id = ?")
            .bind(event)
            .fetch_one(&venue.joins)
            .await
            .unwrap();
    let waiting = i32::try_from(WAITLIST - LEAVING).unwrap();
    assert_eq!(counters, (i32::try_from(SEATS).unwrap(), waiting));
    let view = host
        .wait_for_view(&id, |view| view["event"]["active_participants"] == SEATS)
        .await;
    assert_eq!(view["event"]["capacity"], SEATS);
}
