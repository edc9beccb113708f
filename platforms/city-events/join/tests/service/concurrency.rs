//! Thousands of concurrent requests, checked for linearizability.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use seaworthy::data::{Transaction, sql};
use serde_json::Value;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    app::{TestApp, code, joined},
    event::TestEvent,
    history::{Call, assert_real_time_order, assert_rules, history},
    user::{TestUser, user},
};

const CANCELS: usize = 50;
/// Each test opens two sockets for each user, and a process may open a limited number of files.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

fn users(count: usize) -> Vec<TestUser> {
    (0..count).map(|_| user()).collect()
}

async fn timed_join(app: &TestApp, event: &TestEvent, user: &TestUser) -> (Call, (u16, Value)) {
    let start = Instant::now();
    let response = app.join(event, user).await;
    let call = Call {
        user: user.id,
        start,
        end: Instant::now(),
    };
    (call, response)
}

async fn users_with_status(app: &TestApp, event: &TestEvent, status: &str) -> Vec<Uuid> {
    let users: Vec<(Uuid,)> =
        sql("SELECT user_id FROM joins WHERE event_id = ? AND status = ? ORDER BY created_at, id")
            .bind(event.id)
            .bind(status)
            .fetch_all(&app.database)
            .await
            .unwrap();
    users.into_iter().map(|(user,)| user).collect()
}

/// Joins an event as these users at the same time. Then 50 of those with a seat cancel.
async fn join_and_cancel(app: &TestApp, users: &[TestUser], capacity: usize, max_waitlist: usize) {
    let _only = ONE_AT_A_TIME.lock().await;
    let event = app.create_event(i32::try_from(capacity).unwrap()).await;
    let calls = join_all(users.iter().map(|user| timed_join(app, &event, user))).await;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (_, response) in &calls {
        let outcome = match response.0 {
            200 => joined(response),
            _ => code(response).1,
        };
        *counts.entry(outcome).or_default() += 1;
    }
    let waitlisted = max_waitlist.min(users.len() - capacity);
    assert_eq!(counts["active"], capacity, "{counts:?}");
    assert_eq!(counts["waitlisted"], waitlisted, "{counts:?}");
    let full = counts.get("event.full").copied().unwrap_or_default();
    assert_eq!(
        capacity + waitlisted + full,
        users.len(),
        "other error: {counts:?}"
    );

    let changes = history(&app.database, event.id).await;
    assert_rules(&changes, capacity, max_waitlist);
    let calls: Vec<_> = calls.into_iter().map(|(call, _)| call).collect();
    assert_real_time_order(&changes, &calls);
    let order: Vec<_> = changes.iter().map(|change| change.user).collect();
    let active = users_with_status(app, &event, "active").await;
    let waitlist = users_with_status(app, &event, "waitlisted").await;
    assert_eq!(active, order[..capacity]);
    assert_eq!(waitlist, order[capacity..]);

    let canceling: HashSet<_> = active.iter().take(CANCELS).copied().collect();
    let canceling = users.iter().filter(|user| canceling.contains(&user.id));
    let canceled = join_all(canceling.map(|user| app.cancel(&event, user))).await;
    assert!(canceled.iter().all(|response| response.0 == 200));
    assert_eq!(
        app.seats(&event).await,
        (capacity as u64, (waitlisted - CANCELS) as u64)
    );
    let changes = history(&app.database, event.id).await;
    assert_rules(&changes, capacity, max_waitlist);
    let promoted: Vec<_> = changes
        .iter()
        .filter(|change| change.from.as_deref() == Some("waitlisted") && change.to == "active")
        .map(|change| change.user)
        .collect();
    assert_eq!(promoted, waitlist[..CANCELS]);
}

pub(crate) async fn two_thousand_joins_fill_seats_and_long_waitlist_in_order(app: TestApp) {
    join_and_cancel(&app, &users(2_000), 100, 1_000).await;
}

pub(crate) async fn five_hundred_joins_fill_seats_and_default_waitlist_in_order(app: TestApp) {
    join_and_cancel(&app, &users(500), 100, 100).await;
}

pub(crate) async fn concurrent_joins_and_cancels_have_a_serial_history(app: TestApp) {
    let event = app.create_event(5).await;
    let users = users(120);
    let sequences = users.iter().enumerate().map(|(number, user)| {
        let (app, event) = (&app, &event);
        async move {
            for _ in 0..2 {
                let response = app.join(event, user).await;
                assert!([200, 409].contains(&response.0), "{}", response.1);
                if number % 3 != 0 {
                    let response = app.cancel(event, user).await;
                    assert!([200, 404].contains(&response.0), "{}", response.1);
                }
            }
        }
    });
    join_all(sequences).await;
    let changes = history(&app.database, event.id).await;
    assert_rules(&changes, 5, 20);
    let active = users_with_status(&app, &event, "active").await.len() as u64;
    let waitlisted = users_with_status(&app, &event, "waitlisted").await.len() as u64;
    assert_eq!(
        app.seats(&event).await,
        (active, waitlisted),
        "counters equal the lists"
    );
    assert_eq!(active, 5);
}

/// Locks the row of an event, as a change of many joins does.
async fn lock(app: &TestApp, event: &TestEvent) -> Transaction {
    let tx = app.database.begin().await.unwrap();
    sql("UPDATE event_capacity SET revision = revision WHERE event_id = ?")
        .bind(event.id)
        .execute(&tx)
        .await
        .unwrap();
    tx
}

pub(crate) async fn locked_event_delays_others_by_one_attempt(app: TestApp) {
    if app.is_sqlite() {
        // It has one lock for all events.
        return;
    }
    let (first, locked, other) = (
        app.create_event(5).await,
        app.create_event(5).await,
        app.create_event(5).await,
    );
    assert!(locked.id < other.id, "attempts follow the order of IDs");
    let app = Arc::new(app);
    let join = |event: &TestEvent| {
        let (app, event) = (Arc::clone(&app), event.clone());
        tokio::spawn(async move { app.join(&event, &user()).await })
    };
    let (gate, lock_of_locked) = (lock(&app, &first).await, lock(&app, &locked).await);
    // The worker waits for the first event, so the others are in its next batch.
    let occupied = join(&first);
    wait_for_requests(&app, 1).await;
    let (locked, other) = (join(&locked), join(&other));
    wait_for_requests(&app, 3).await;
    gate.commit().await.unwrap();
    assert_eq!(occupied.await.unwrap().0, 200);
    assert_eq!(other.await.unwrap().0, 200);
    assert!(!locked.is_finished());
    lock_of_locked.commit().await.unwrap();
    assert_eq!(locked.await.unwrap().0, 200);
}

/// Waits until this number of requests is in flight for some time.
async fn wait_for_requests(app: &TestApp, count: u64) {
    let mut seen = 0;
    while seen < 20 {
        let in_flight = app.metric("join_service_http_requests_in_flight");
        seen = if in_flight >= count { seen + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
