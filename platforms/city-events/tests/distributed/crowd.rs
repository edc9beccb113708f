//! Two thousand who want to go to one event, through the door of a platform (see `join/tests/service/crowd.rs` for those before the service alone).

use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use seaworthy::data::{Database, DatabaseConfig, sql};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    history::{Call, agrees_with_the_clock, history, obeys_the_rules},
    people::{Door, signed},
};

const CROWD: usize = 2_000;
const PLACES: usize = 100;
const LEAVING: usize = 50;
/// Whoever was told that something is away asks again, so long.
const PATIENCE: Duration = Duration::from_secs(240);
/// After a pause that doubles, as everybody's who does not want to be part of the problem.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// How often the crowd comes: `SEAWORTHY_TEST_CROWDS`.
pub(crate) fn times() -> usize {
    let times = std::env::var("SEAWORTHY_TEST_CROWDS").ok();
    times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// A platform, as the crowd needs it.
pub(crate) struct Venue<'door> {
    pub(crate) door: &'door Door,
    /// What access tokens are signed with: two thousand do not register first.
    pub(crate) secret: Vec<u8>,
    /// The database of the join service, whose history is checked.
    pub(crate) joins: Database,
    client: reqwest::Client,
    answered: AtomicUsize,
}

/// Somebody of the crowd.
struct Member {
    id: Uuid,
    token: String,
}

/// What came of a call, over all its tries.
struct Outcome {
    call: Call,
    said: String,
    refused: Vec<String>,
}

impl<'door> Venue<'door> {
    pub(crate) async fn open(door: &'door Door, secret: Vec<u8>, joins: &str) -> Self {
        let config = DatabaseConfig::at(joins.parse().unwrap());
        Self {
            door,
            secret,
            joins: Database::builder("look", config).open().await.unwrap(),
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            answered: AtomicUsize::new(0),
        }
    }

    /// Waits until so many of the crowd have an answer.
    pub(crate) async fn answered(&self, number: usize) {
        let begun = Instant::now();
        while self.answered.load(Ordering::Relaxed) < number {
            assert!(begun.elapsed() < PATIENCE, "the crowd gets no answers");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn members(&self, number: usize) -> Vec<Member> {
        let member = |id: Uuid| Member {
            id,
            token: signed(&self.secret, "HS256", &id.to_string()),
        };
        (0..number).map(|_| member(Uuid::new_v4())).collect()
    }

    async fn ask(&self, member: &Member, path: &str, key: &str) -> Result<(u16, Value), String> {
        let door: SocketAddr = self.door.address;
        let request = self.client.post(format!("http://{door}{path}"));
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

    /// Asks with one key until there is an answer that is none of something being away.
    async fn insist(&self, member: &Member, path: &str) -> Outcome {
        let key = Uuid::new_v4().to_string();
        let mut refused = Vec::new();
        let mut pause = FIRST_PAUSE;
        let asked = Instant::now();
        loop {
            let said = match self.ask(member, path, &key).await {
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
            match said {
                Ok(said) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    let call = Call {
                        user: member.id,
                        asked,
                        answered: Instant::now(),
                    };
                    return Outcome {
                        call,
                        said,
                        refused,
                    };
                }
                Err(error) => refused.push(error),
            }
            assert!(asked.elapsed() < PATIENCE, "no answer at all: {refused:?}");
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    async fn all(&self, members: &[&Member], path: &str) -> Vec<Outcome> {
        self.answered.store(0, Ordering::Relaxed);
        join_all(members.iter().map(|member| self.insist(member, path))).await
    }

    /// Until places are kept for the event.
    async fn is_known(&self, event: Uuid) {
        let begun = Instant::now();
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
            assert!(begun.elapsed() < PATIENCE, "{event} never came to join");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Who has which part, in the order in which they joined.
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

fn counted<'text>(texts: impl Iterator<Item = &'text String>) -> BTreeMap<&'text str, usize> {
    let mut counts = BTreeMap::new();
    for text in texts {
        *counts.entry(text.as_str()).or_default() += 1;
    }
    counts
}

/// Two thousand join at once; fifty of those who got a place give it back. What happens to the platform meanwhile is `disturbed`'s affair.
#[expect(clippy::print_stderr, reason = "figures are what this is run for")]
pub(crate) async fn comes_and_goes(
    venue: &Venue<'_>,
    what: &str,
    disturbed: impl AsyncFnOnce(&Venue<'_>),
) {
    let host = venue.door.register("host").await;
    let title = "A hundred places";
    let id = host.publish(title, u32::try_from(PLACES).unwrap()).await;
    let event: Uuid = id.parse().unwrap();
    venue.is_known(event).await;
    let crowd = venue.members(CROWD);
    let everybody: Vec<_> = crowd.iter().collect();

    let begun = Instant::now();
    let path = format!("/api/events/{id}/join");
    let (joined, ()) = tokio::join!(venue.all(&everybody, &path), disturbed(venue));
    let took = begun.elapsed();
    let mut waits: Vec<_> = joined
        .iter()
        .map(|outcome| outcome.call.answered - outcome.call.asked)
        .collect();
    waits.sort();
    let refused = counted(joined.iter().flat_map(|outcome| &outcome.refused));
    eprintln!(
        "{what}: {CROWD} joined in {took:.1?}, half of them within {:.1?}, all but twenty within {:.1?}; asked again after {refused:?}",
        waits[CROWD / 2],
        waits[CROWD - 20],
    );
    let said = counted(joined.iter().map(|outcome| &outcome.said));
    let expected = BTreeMap::from([("active", PLACES), ("waitlisted", CROWD - PLACES)]);
    assert_eq!(said, expected, "no answer but the contract's");

    let lines = history(&venue.joins, event).await;
    obeys_the_rules(&lines, PLACES, CROWD);
    let calls: Vec<_> = joined.into_iter().map(|outcome| outcome.call).collect();
    agrees_with_the_clock(&lines, &calls, |_| true);
    let order: Vec<_> = lines.iter().map(|line| line.user).collect();
    let active = users(&venue.joins, event, "active").await;
    let queue = users(&venue.joins, event, "waitlisted").await;
    assert_eq!(active, order[..PLACES], "the first have the places");
    assert_eq!(queue, order[PLACES..], "the others wait as they came");

    let leaving: HashSet<_> = active.iter().take(LEAVING).copied().collect();
    let leaving: Vec<_> = crowd
        .iter()
        .filter(|member| leaving.contains(&member.id))
        .collect();
    let left = venue
        .all(&leaving, &format!("/api/events/{id}/cancel"))
        .await;
    let said = counted(left.iter().map(|outcome| &outcome.said));
    assert_eq!(said, BTreeMap::from([("canceled", LEAVING)]));
    let lines = history(&venue.joins, event).await;
    obeys_the_rules(&lines, PLACES, CROWD);
    let promoted: Vec<_> = lines
        .iter()
        .filter(|line| line.from.as_deref() == Some("waitlisted") && line.to == "active")
        .map(|line| line.user)
        .collect();
    assert_eq!(promoted, queue[..LEAVING], "exactly the first fifty");
    let seats: (i32, i32) =
        sql("SELECT active_count, waitlist_count FROM event_capacity WHERE event_id = ?")
            .bind(event)
            .fetch_one(&venue.joins)
            .await
            .unwrap();
    let waiting = i32::try_from(CROWD - PLACES - LEAVING).unwrap();
    assert_eq!(seats, (i32::try_from(PLACES).unwrap(), waiting));
    let seen = host
        .view_until(&id, |view| view["event"]["active_participants"] == PLACES)
        .await;
    assert_eq!(seen["event"]["capacity"], PLACES);
}
