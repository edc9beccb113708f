use std::time::Duration;

use futures::future::join_all;
use seaworthy_account::ReplayGuard;
use seaworthy_data::sql;

use crate::test_database::TestDatabase;

const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) async fn recorded_use_is_not_first_until_it_expires_auth_4(test: TestDatabase) {
    let database = &test.database;
    let logins = ReplayGuard::new(database.clone(), "login");
    // Another replica.
    let replica = ReplayGuard::new(database.clone(), "login");
    let requests = ReplayGuard::new(database.clone(), "request");
    assert!(logins.record("a", HOUR).await.unwrap());
    assert!(!replica.record("a", HOUR).await.unwrap());
    assert!(replica.is_used("a").await.unwrap());
    assert!(!replica.is_used("b").await.unwrap());
    assert!(logins.record("A", HOUR).await.unwrap());
    assert!(requests.record("a", HOUR).await.unwrap(), "another purpose");

    let brief = Duration::from_micros(1);
    assert!(logins.record("brief", brief).await.unwrap());
    // More than two pages of the purge.
    for page in 0..5_u32 {
        let rows = (0..500_u32).map(|row| {
            let hash = (page * 500 + row).to_be_bytes().repeat(8);
            [hash.into(), 1_i64.into()]
        });
        sql("INSERT INTO account_replays (use_hash, until_us) VALUES (?, ?)**")
            .bind_rows(rows)
            .execute(database)
            .await
            .unwrap();
    }
    test.ticks().await;
    while logins.purge().await.unwrap() {}
    let (kept,): (i64,) = sql("SELECT COUNT(*) FROM account_replays")
        .fetch_one(database)
        .await
        .unwrap();
    assert_eq!(kept, 3, "the purge deletes only expired uses");
}

pub(crate) async fn concurrent_uses_have_one_first_auth_4(test: TestDatabase) {
    let guard = ReplayGuard::new(test.database.clone(), "login");
    let uses = join_all((0..8).map(|_| guard.record("a", HOUR))).await;
    let first = uses.into_iter().filter(|first| matches!(first, Ok(true)));
    assert_eq!(first.count(), 1);
}
