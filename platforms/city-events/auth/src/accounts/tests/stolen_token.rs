use seaworthy::{account::Origin, data::sql};

use super::fixture::{TestAccounts, drop_at_poll, every_database};
use crate::domain::UserId;

/// More polls than the refresh takes on any engine: the test fails if it never completes.
const MAX_POLLS: usize = 200;

/// What a theft leaves: the sessions of the user, the version of their access tokens, audit entries
/// and messages about them. One statement, so that it sees one moment.
async fn left(accounts: &TestAccounts, user: &str) -> (i64, i64, i64, i64) {
    sql(
        "SELECT (SELECT count(*) FROM account_sessions WHERE user_id = ?),
                (SELECT count(*) FROM account_versions WHERE user_id = ?),
                (SELECT count(*) FROM audit_log WHERE action = 'session.reuse' AND target_id = ?),
                (SELECT count(*) FROM outbox WHERE message_key = ?)",
    )
    .bind(user)
    .bind(user)
    .bind(user)
    .bind(user)
    .fetch_one(&accounts.accounts.database)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reused_refresh_token_revokes_all_or_nothing_auth_3() {
    for empty in every_database() {
        let test = TestAccounts::start(empty).await;
        let accounts = &test.accounts;
        let mut is_complete = false;
        for polls in 1..MAX_POLLS {
            let user = UserId::new().to_string();
            let session = accounts
                .sessions
                .begin(&accounts.database, &user, Origin::default())
                .await
                .unwrap();
            let _next = accounts.sessions.refresh(&session.token).await.unwrap();
            sql("UPDATE account_used_tokens SET used_us = used_us - 3600000000")
                .execute(&accounts.database)
                .await
                .unwrap();

            let reuse = accounts.refresh(Some(session.token.clone()));
            is_complete = drop_at_poll(reuse, polls).await.is_some();
            let found = left(&test, &user).await;
            let none_or_all = [(1, 0, 0, 0), (0, 1, 1, 1)];
            assert!(none_or_all.contains(&found), "{polls} polls: {found:?}");

            // The thief shows the token again: what was not committed is done then.
            assert!(accounts.refresh(Some(session.token)).await.is_err());
            assert_eq!(left(&test, &user).await, (0, 1, 1, 1), "{polls} polls");
            if is_complete {
                break;
            }
        }
        assert!(is_complete, "the refresh was never polled to its end");
    }
}
