//! Purchases at the rate of the acceptance, with their allocations.

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tutoring_contract::{PlatformZone, max_date};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, data},
    bought::bought,
    peer::Peer,
    test_servers::TestServers,
};

/// Purchases of a run: two minutes.
const PURCHASES: usize = 1_000;
/// 500 purchases per minute.
const INTERVAL: Duration = Duration::from_millis(120);
const RATING: f64 = 4.8;
const SLOTS: [&str; 12] = [
    "08:00", "09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00", "17:00",
    "18:00", "19:00",
];
const SESSIONS: usize = 10;
/// The capacity of a trainer with this rating.
const STUDENTS_PER_TRAINER: usize = 8;

/// Buys, pays, confirms, and waits for the sessions. Returns how long that took, or `None` if a
/// response is not successful.
fn purchase(app: &TestPlatform, slot: &str) -> Option<Duration> {
    let student = Uuid::new_v4();
    let start = max_date(PlatformZone::default().today());
    let schedule = json!({
        "timeSlot": slot, "startDate": start, "deliveryMode": "WEEKDAY_DAILY",
    });
    let changes = json!({ "schedule": schedule, "sessionCount": SESSIONS });
    let started = Instant::now();
    let created = app.buy(student, &changes, "first")?;
    if created.status != 201 {
        return None;
    }
    let bought = bought(student, &data(&created));
    let paid = app.provider.pay(&bought.order, "captured");
    let confirmed = app.confirm(&bought, &paid)?;
    if confirmed.status != 200 {
        return None;
    }
    app.wait_for_sessions(student, SESSIONS);
    Some(started.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "a measurement: takes three minutes, and needs an idle machine and a dist build"]
async fn measures_500_purchases_per_minute() {
    let Some(servers) = TestServers::postgres_and_redis().await else {
        return;
    };
    let app = TestPlatform::start(servers).await;
    let peer = Peer::start(&app).await;
    for _ in 0..PURCHASES.div_ceil(STUDENTS_PER_TRAINER) + 1 {
        app.approve(&peer, RATING).await;
    }
    let took = Mutex::new(Vec::new());
    let started = Instant::now();
    thread::scope(|scope| {
        for number in 0..PURCHASES {
            let due = INTERVAL * u32::try_from(number).unwrap();
            thread::sleep(due.saturating_sub(started.elapsed()));
            let (app, took) = (&app, &took);
            scope.spawn(move || {
                let purchase = purchase(app, SLOTS[number % SLOTS.len()]);
                took.lock().unwrap().extend(purchase);
            });
        }
    });
    let mut took = took.into_inner().unwrap();
    took.sort_unstable();
    let percentile = |percent: usize| took[took.len() * percent / 100];
    println!(
        "{} of {PURCHASES} purchases in {:.1?}: p50 {:.0?}, p99 {:.0?}, maximum {:.0?}",
        took.len(),
        started.elapsed(),
        percentile(50),
        percentile(99),
        took.last().unwrap(),
    );
    assert_eq!(took.len(), PURCHASES, "purchases failed");
    app.finish_pending_work().await;
    app.check_invariants().await;
}
