use city_events_contract::Timestamp;
use seaworthy::data::{Connection as _, DataError, Database, Engine, Transaction, sql};

use crate::domain::{Command, Outcome};

/// Records the outcome of a command with its key. Replaces an expired entry. Returns `false` if
/// another transaction has just inserted an entry that has not expired.
pub(crate) async fn insert(
    tx: &Transaction,
    command: &Command,
    outcome: &Outcome,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, DataError> {
    if tx.engine() == Engine::MySql {
        sql("DELETE FROM idempotency_keys WHERE key_hash = ? AND expires_at <= ?")
            .bind(command.key.hash())
            .bind(now.get())
            .execute(tx)
            .await?;
    }
    let insert = sql("INSERT INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (key_hash) DO UPDATE SET user_id = excluded.user_id, event_id = excluded.event_id, action = excluded.action, answer = excluded.answer,
            answered_at = excluded.answered_at, expires_at = excluded.expires_at
         WHERE idempotency_keys.expires_at <= ?")
        .on_mysql("INSERT IGNORE INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(command.key.hash())
        .bind(command.actor.id)
        .bind(command.event)
        .bind(command.action.as_str())
        .bind(outcome.as_str())
        .bind(outcome.at.get())
        .bind(expires_at.get());
    // The condition uses `now`, because the time of the outcome can be much earlier. For a repeated
    // cancel it is the time at which the join ended.
    let insert = match tx.engine() {
        Engine::MySql => insert,
        Engine::Postgres | Engine::Sqlite => insert.bind(now.get()),
    };
    let done = insert.execute(tx).await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes expired keys. Returns `true` if more may be left.
pub(crate) async fn purge(database: &Database) -> Result<bool, DataError> {
    let now = Timestamp::now().get();
    // The outer condition keeps a key that is replaced after the page was selected.
    let page = sql("DELETE FROM idempotency_keys WHERE expires_at <= ? AND key_hash IN (SELECT key_hash FROM idempotency_keys WHERE expires_at <= ? LIMIT ?)")
        .on_mysql("DELETE FROM idempotency_keys WHERE expires_at <= ? LIMIT ?")
        .bind(now);
    let page = match database.engine() {
        Engine::MySql => page,
        Engine::Postgres | Engine::Sqlite => page.bind(now),
    };
    page.delete_page(database).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use city_events_contract::Role;
    use seaworthy::data::{DatabaseConfig, Migrator};
    use seaworthy_testkit::{database::EmptyDatabase, eventually};
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{Action, Actor, Decision, IdempotencyKey},
        store::MIGRATIONS,
    };

    #[tokio::test]
    async fn purge_keeps_key_reused_meanwhile_api_6() {
        let Some(empty) = EmptyDatabase::postgres() else {
            return;
        };
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, MIGRATIONS);
        migrator.up(false).await.unwrap();
        let now = Timestamp::now();
        let command = Command {
            actor: Actor {
                id: Uuid::from_u128(7),
                role: Role::User,
            },
            event: Uuid::from_u128(7),
            action: Action::Join,
            key: IdempotencyKey::new("key").unwrap(),
        };
        let outcome = Outcome {
            decision: Decision::Full,
            at: now,
        };
        let tx = database.begin().await.unwrap();
        assert!(insert(&tx, &command, &outcome, now, now).await.unwrap());
        tx.commit().await.unwrap();
        let tx = database.begin().await.unwrap();
        let later = Timestamp::from(now.get() + Duration::from_secs(60 * 60));
        assert!(insert(&tx, &command, &outcome, now, later).await.unwrap());
        let purge = tokio::spawn({
            let database = database.clone();
            async move { purge(&database).await }
        });
        eventually(async || empty.blocked_statements("DELETE") > 0).await;
        tx.commit().await.unwrap();
        purge.await.unwrap().unwrap();
        let (kept,): (i64,) = sql("SELECT count(*) FROM idempotency_keys")
            .fetch_one(&database)
            .await
            .unwrap();
        assert_eq!(kept, 1);
    }
}
