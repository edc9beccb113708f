use std::collections::HashSet;

use city_events_contract::Role;
use seaworthy_testkit::{
    cancellation::{DropPoint, drop_at},
    database::EmptyDatabase,
};
use uuid::Uuid;

use super::{
    super::JoinError,
    fixture::{Replica, change, event},
};
use crate::domain::{Actor, IdempotencyKey, Rejection};

const ACTIVE: usize = 14_900;
const WAITLISTED: usize = 100;
/// Pages that are dropped, each at a later await.
const DROPPED_PAGES: usize = 60;

/// Number of failed pages after which the test fails.
const MAX_FAILED_PAGES: u32 = 50;

const EXPIRED: &str = "SELECT count(*) FROM joins WHERE event_id = ? AND status = 'expired'";
const NOT_EXPIRED: &str =
    "SELECT count(*) FROM joins WHERE event_id = ? AND status IN ('active', 'waitlisted')";

/// Expires all joins as the worker does. Retries a page that exceeds the transaction timeout on a
/// loaded machine.
async fn expire_all(replica: &Replica, event: Uuid) {
    for _ in 0..MAX_FAILED_PAGES {
        loop {
            match replica.joins.expire_page(event).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(_failed) => break,
            }
        }
    }
    panic!("the joins of the event did not expire");
}

async fn canceled_event(empty: &EmptyDatabase) -> (Replica, Uuid) {
    let replica = Replica::start(empty).await;
    let mut large = event(i32::try_from(ACTIVE).unwrap());
    replica.open(&large).await;
    replica.seed(large.event_id, ACTIVE, WAITLISTED).await;
    large.reason = Some("the hall burnt down".to_owned());
    let large = &large;
    let joins = &replica.joins;
    replica
        .database
        .transaction(|tx| async move { joins.cancel_event(&tx, change(large)).await })
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
    replica.joins.join(actor, event, key).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canceling_expires_15000_joins_once_across_crashes_msg_5() {
    let total = i64::try_from(ACTIVE + WAITLISTED).unwrap();
    for empty in EmptyDatabase::every_engine() {
        let (replica, event) = canceled_event(&empty).await;
        assert!(
            matches!(
                join(&replica, event).await,
                Err(JoinError::Rejected(Rejection::EventClosed))
            ),
            "joining is rejected before the first join expires"
        );
        for number in 1..DROPPED_PAGES {
            let page = replica.joins.expire_page(event);
            let _ = drop_at(DropPoint::Woken, number, page).await;
            let (expired, mails) = replica.count_expired_and_mails(event).await;
            assert_eq!(
                mails, expired,
                "a page and its mails are committed together"
            );
        }
        replica.stop().await;

        let (one, other) = (Replica::start(&empty).await, Replica::start(&empty).await);
        assert!(
            one.count(NOT_EXPIRED, event).await > 0,
            "the expiry was interrupted"
        );
        tokio::join!(expire_all(&one, event), expire_all(&other, event));

        assert_eq!(one.count(EXPIRED, event).await, total);
        let mails = one.mails().await;
        let users: HashSet<_> = mails.iter().map(|mail| mail["user_id"].clone()).collect();
        assert_eq!((mails.len(), users.len()), (15_000, 15_000));
        assert!(
            mails
                .iter()
                .all(|mail| mail["reason"] == "the hall burnt down")
        );
        let waitlisted = mails
            .iter()
            .filter(|mail| mail["prev_status"] == "waitlisted");
        assert_eq!(waitlisted.count(), WAITLISTED);
        let history = "SELECT count(*) FROM join_history WHERE event_id = ?";
        assert_eq!(one.count(history, event).await, total);
        let pending = "SELECT count(*) FROM event_cancellations WHERE event_id = ?";
        assert_eq!(one.count(pending, event).await, 0);
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
        let (joins, small) = (&replica.joins, &small);
        replica
            .database
            .transaction(|tx| async move { joins.cancel_event(&tx, change(small)).await })
            .await
            .unwrap();
        let counted = replica.stored_messages("join.counted").await;
        let seats = &counted.last().unwrap()["seats"];
        assert_eq!(
            (seats["active"].as_i64(), seats["waitlisted"].as_i64()),
            (Some(0), Some(0))
        );
        expire_all(&replica, small.event_id).await;
        replica
            .joins
            .publish_event_counts(small.event_id)
            .await
            .unwrap();
        assert_eq!(
            replica.stored_messages("join.counted").await.len(),
            1,
            "expiry changes no published count"
        );
        replica.stop().await;
    }
}
