use std::collections::HashMap;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use seaworthy::data::sql;
use seaworthy_testkit::database::EmptyDatabase;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{
    super::{EventFilter, JoinChange},
    app::TestDatabase,
    naive,
};

const CASES: u32 = 12;
const EVENTS: usize = 2;
const USERS: u128 = 3;

#[derive(Debug, Clone)]
enum Step {
    /// A join or a leave. Messages arrive late and out of order.
    Join {
        event: usize,
        user: u128,
        is_joined: bool,
        revision: Option<i64>,
        minutes_late: i64,
    },
    /// The last join or leave is delivered again.
    Redeliver,
    View {
        event: usize,
        user: u128,
    },
    /// Time passes and the worker runs.
    Wait {
        minutes: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let join = (
        0..EVENTS,
        0..USERS,
        prop::bool::weighted(0.6),
        prop::option::of(0..20_i64),
        0..3_i64,
    );
    prop_oneof![
        6 => join.prop_map(|(event, user, is_joined, revision, minutes_late)| Step::Join {
            event, user, is_joined, revision, minutes_late,
        }),
        1 => Just(Step::Redeliver),
        2 => (0..EVENTS, 0..USERS).prop_map(|(event, user)| Step::View { event, user }),
        3 => (1..3_000_i64).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

/// Returns the points of all events at a time.
async fn stored_points(
    test: &TestDatabase,
    now: DateTime<Utc>,
    at: DateTime<Utc>,
) -> HashMap<Uuid, i64> {
    let candidates = test.store.upcoming(&EventFilter::default(), now, at).await;
    let points = candidates.unwrap().into_iter();
    points.map(|event| (event.id, event.points)).collect()
}

fn assert_equal(
    stored: &HashMap<Uuid, i64>,
    naive: &HashMap<Uuid, i64>,
    events: &[Uuid],
) -> Result<(), TestCaseError> {
    let of = |points: &HashMap<Uuid, i64>| -> Vec<i64> {
        let points = events.iter().map(|event| points.get(event).copied());
        points.map(Option::unwrap_or_default).collect()
    };
    prop_assert_eq!(of(stored), of(naive));
    Ok(())
}

async fn run(test: &TestDatabase, steps: &[Step]) -> Result<(), TestCaseError> {
    for table in [
        "DELETE FROM feed_joins",
        "DELETE FROM feed_actions",
        "DELETE FROM feed_contributions",
        "DELETE FROM feed_scores",
        "DELETE FROM feed_score_changes",
        "DELETE FROM feed_events",
    ] {
        sql(table).execute(&test.database).await.unwrap();
    }
    let mut now = Utc::now().trunc_subsecs(3);
    let start_time = now + TimeDelta::days(300);
    let events: Vec<_> = (0..EVENTS).map(|_| seaworthy::core::new_id()).collect();
    for event in &events {
        test.publish(*event, start_time).await;
    }
    let mut last = None;
    let mut history = Vec::new();
    for step in steps {
        now += TimeDelta::milliseconds(1);
        match step {
            Step::Join {
                event,
                user,
                is_joined,
                revision,
                minutes_late,
            } => {
                let change = JoinChange {
                    user: Uuid::from_u128(*user),
                    event: events[*event],
                    is_joined: *is_joined,
                    revision: *revision,
                    occurred_at: now - TimeDelta::minutes(*minutes_late),
                };
                test.join(change, now).await;
                last = Some(change);
            }
            Step::Redeliver => {
                if let Some(change) = last {
                    test.join(change, now).await;
                }
            }
            Step::View { event, user } => {
                let actor = format!("u:{}", Uuid::from_u128(*user));
                let viewed = test
                    .store
                    .record_action(&actor, events[*event], "view", now);
                viewed.await.unwrap();
            }
            Step::Wait { minutes } => now += TimeDelta::minutes(*minutes),
        }
        test.expire(now).await;
        let naive = naive::points(&test.database, now).await;
        assert_equal(&stored_points(test, now, now).await, &naive, &events)?;
        history.push((now, naive));
    }
    // Later pages of a list use the points at the time of its first page.
    for (at, naive) in &history {
        assert_equal(&stored_points(test, now, *at).await, naive, &events)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_points_equal_counted_rows_for_any_history_msg_5() {
    for empty in EmptyDatabase::every_engine() {
        let test = TestDatabase::open(empty).await;
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let handle = Handle::current();
        tokio::task::block_in_place(|| {
            let steps = prop::collection::vec(step(), 1..30);
            let result =
                TestRunner::new(config).run(&steps, |steps| handle.block_on(run(&test, &steps)));
            result.unwrap();
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_join_and_leave_leave_correct_points_msg_5() {
    for empty in EmptyDatabase::every_engine() {
        let url = empty.url().to_owned();
        let test = TestDatabase::open(empty).await;
        let config = seaworthy::data::DatabaseConfig::from_url(url.parse().unwrap());
        let other = seaworthy::data::Database::builder("other", config);
        let other = &other.open().await.unwrap();
        let now = Utc::now().trunc_subsecs(3);
        let event = seaworthy::core::new_id();
        test.publish(event, now + TimeDelta::days(1)).await;
        for round in 0..10_u128 {
            let change = |is_joined, revision| JoinChange {
                user: Uuid::from_u128(round),
                event,
                is_joined,
                revision: Some(revision),
                occurred_at: now,
            };
            let leave = other.transaction(|tx| {
                let leave = change(false, 2);
                async move { super::super::record_join(&tx, leave, now).await }
            });
            let (left, ()) = tokio::join!(leave, test.join(change(true, 1), now));
            left.unwrap();
        }
        let points = stored_points(&test, now, now).await;
        assert_eq!(points.get(&event), Some(&0), "{url}");
    }
}
