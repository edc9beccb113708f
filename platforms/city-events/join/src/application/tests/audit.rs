use city_events_contract::Role;
use seaworthy::data::sql;
use seaworthy_testkit::database::EmptyDatabase;

use super::fixture::{Replica, event};
use crate::domain::{Actor, IdempotencyKey};

/// Number of users: more than one batch.
const USERS: usize = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_move_each_change_to_audit_log_once_obs_11() {
    for empty in EmptyDatabase::every_engine() {
        let (one, other) = (Replica::start(&empty).await, Replica::start(&empty).await);
        let unlimited = event(0);
        one.open(&unlimited).await;
        for number in 0..USERS {
            let actor = Actor {
                id: seaworthy::core::new_id(),
                role: Role::User,
            };
            let key = IdempotencyKey::new(&number.to_string()).unwrap();
            one.joins
                .join(actor, unlimited.event_id, key)
                .await
                .unwrap();
        }
        let move_all = async |replica: &Replica| {
            // A replica fails if another one has moved a part of its batch.
            while !matches!(replica.joins.audit_changes().await, Ok(false)) {}
        };
        tokio::join!(move_all(&one), move_all(&other));
        move_all(&one).await;
        let counts: (i64, i64) = sql("SELECT count(*), count(DISTINCT target_id) FROM audit_log WHERE action = 'join.create'")
            .fetch_one(&one.database)
            .await
            .unwrap();
        let users = i64::try_from(USERS).unwrap();
        assert_eq!(counts, (users, users));
        one.stop().await;
        other.stop().await;
    }
}
