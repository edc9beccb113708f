use std::collections::HashSet;

use city_events_contract::Role;
use seaworthy_testkit::{
    cancellation::{Moment, drop_at},
    database::EmptyDatabase,
};
use uuid::Uuid;

use super::fixture::{Replica, announced, event};
use crate::domain::{Actor, IdempotencyKey, JoinError};

const ACTIVE: usize = 14_900;
const WAITLISTED: usize = 100;
/// Pages that are dropped, each one await later than the one before.
const DROPS: usize = 60;

/// Pages that may fail before the test does.
const MAX_FAILED_PAGES: u32 = 50;

const EXPIRED: &str = "SELECT count(*) FROM joins WHERE event_id = ? AND status = 'expired'";
const LEFT: &str =
    "SELECT count(*) FROM joins WHERE event_id = ? AND status IN ('active', 'waitlisted')";

/// Expires all joins as the worker does: a page that a loaded machine does not finish within the
/// transaction timeout is retried.
async fn finish(replica: &Replica, event: Uuid) {
    for _ in 0..MAX_FAILED_PAGES {
        loop {
            match replica.store.expire_page(event).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(_failed) => break,
            }
        }
    }
    panic!("the joins of the event did not expire");
}

async fn canceled(empty: &EmptyDatabase) -> (Replica, Uuid) {
    let replica = Replica::start(empty).await;
    let mut large = event(i32::try_from(ACTIVE).unwrap());
    replica.open(&large).await;
    replica.seed(large.event_id, ACTIVE, WAITLISTED).await;
    large.reason = Some("the hall burnt down".to_owned());
    let large = &large;
    let store = &replica.store;
    replica
        .database
        .transaction(|tx| async move { store.canceled(&tx, announced(large)).await })
        .await
        .unwrap();
    (replica, large.event_id)
}

async fn join(replica: &Replica, event: Uuid) -> Result<(), JoinError> {
    let actor = Actor {
        id: seaworthy::core::new_id(),
        role: Role::User,
    };
    let key = IdempotencyKey::new("one").unwrap();
    replica.store.join(actor, event, key).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canceling_expires_15000_joins_once_across_crashes_msg_5() {
    let all = i64::try_from(ACTIVE + WAITLISTED).unwrap();
    for empty in EmptyDatabase::every_engine() {
        let (replica, event) = canceled(&empty).await;
        assert!(
            matches!(join(&replica, event).await, Err(JoinError::Closed)),
            "joining is refused before the first join expires"
        );
        for number in 1..DROPS {
            let page = replica.store.expire_page(event);
            let _ = drop_at(Moment::Woken, number, page).await;
            let expired = replica.count(EXPIRED, event).await;
            assert_eq!(
                replica.count_mails().await,
                expired,
                "a page is stored with its messages or not"
            );
        }
        replica.stop().await;

        let (one, other) = (Replica::start(&empty).await, Replica::start(&empty).await);
        assert!(one.count(LEFT, event).await > 0, "it was interrupted");
        tokio::join!(finish(&one, event), finish(&other, event));

        assert_eq!(one.count(EXPIRED, event).await, all);
        let mails = one.mails().await;
        let to: HashSet<_> = mails.iter().map(|mail| mail["user_id"].clone()).collect();
        assert_eq!((mails.len(), to.len()), (15_000, 15_000));
        assert!(
            mails
                .iter()
                .all(|mail| mail["reason"] == "the hall burnt down")
        );
        let waited = mails
            .iter()
            .filter(|mail| mail["prev_status"] == "waitlisted");
        assert_eq!(waited.count(), WAITLISTED);
        let history = "SELECT count(*) FROM join_history WHERE event_id = ?";
        assert_eq!(one.count(history, event).await, all);
        let open = "SELECT count(*) FROM event_cancellations WHERE event_id = ?";
        assert_eq!(one.count(open, event).await, 0);
        one.stop().await;
        other.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canceling_publishes_zero_seats_at_once_msg_5() {
    for empty in EmptyDatabase::every_engine() {
        let replica = Replica::start(&empty).await;
        let small = event(2);
        replica.open(&small).await;
        replica.seed(small.event_id, 2, 1).await;
        let (store, small) = (&replica.store, &small);
        replica
            .database
            .transaction(|tx| async move { store.canceled(&tx, announced(small)).await })
            .await
            .unwrap();
        let counted = replica.stored("join.counted").await;
        let seats = &counted.last().unwrap()["seats"];
        assert_eq!(
            (seats["active"].as_i64(), seats["waitlisted"].as_i64()),
            (Some(0), Some(0))
        );
        finish(&replica, small.event_id).await;
        replica.store.publish_count(small.event_id).await.unwrap();
        assert_eq!(
            replica.stored("join.counted").await.len(),
            1,
            "expiry changes no published count"
        );
        replica.stop().await;
    }
}
