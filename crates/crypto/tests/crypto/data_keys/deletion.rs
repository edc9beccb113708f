use seaworthy_crypto::{DataKeys, EncryptedColumn, KeyReport, Root, Sealer, rewrap};
use seaworthy_data::{Value, sql};
use seaworthy_testkit::eventually;

use super::{
    roots::seed,
    test_database::{NOTES, TestDatabase, config},
};

/// Waits for a lock of another transaction on the values.
const LOCKED_NOTES: EncryptedColumn = EncryptedColumn {
    select: "SELECT id, body FROM notes WHERE id > ? ORDER BY id LIMIT ? FOR UPDATE",
    ..NOTES
};

async fn delete(test: &TestDatabase, keys: &DataKeys) -> KeyReport {
    let reports = keys.delete_unused(&test.database, &[NOTES]).await.unwrap();
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.into_iter().next().unwrap()
}

/// Waits until a second proof may delete a key.
async fn wait() {
    tokio::time::sleep(config().delete_after.get()).await;
}

pub(crate) async fn keys_are_deleted_after_two_proofs_sec_5(test: TestDatabase) {
    let keys = test.keys(&config()).await;
    let sealer = Sealer::new(keys.clone());
    for id in 0..3 {
        test.insert(&sealer, id).await;
    }
    let reports = keys.delete_unused(&test.database, &[NOTES]).await.unwrap();
    assert!(reports.is_empty(), "the active key stays");
    keys.rotate().await.unwrap();
    let used = delete(&test, &keys).await;
    assert_eq!((used.values, used.deleted), (3, false));

    rewrap(&test.database, &sealer, &NOTES, |_| {})
        .await
        .unwrap();
    let first = delete(&test, &keys).await;
    assert_eq!((first.values, first.deleted), (0, false));
    wait().await;
    let second = delete(&test, &keys).await;
    assert_eq!((second.values, second.deleted), (0, true));
    assert_eq!(keys.status().await.unwrap().keys.len(), 1);
    let restarted = Sealer::new(test.keys(&config()).await);
    test.opens(&restarted, 3).await;
}

pub(crate) async fn keys_of_slow_writers_are_not_deleted_sec_5(test: TestDatabase) {
    let keys = test.keys(&config()).await;
    let sealer = Sealer::new(keys.clone());
    test.insert(&sealer, 0).await;
    let (old,): (Value,) = sql("SELECT body FROM notes WHERE id = 0")
        .fetch_one(&test.database)
        .await
        .unwrap();
    keys.rotate().await.unwrap();
    rewrap(&test.database, &sealer, &NOTES, |_| {})
        .await
        .unwrap();
    assert_eq!(delete(&test, &keys).await.values, 0);
    // A request that read the old value stores it again.
    sql("UPDATE notes SET body = ? WHERE id = 0")
        .bind(old)
        .execute(&test.database)
        .await
        .unwrap();
    wait().await;
    let kept = delete(&test, &keys).await;
    assert_eq!((kept.values, kept.deleted), (1, false));
    // The proof begins again.
    rewrap(&test.database, &sealer, &NOTES, |_| {})
        .await
        .unwrap();
    assert!(!delete(&test, &keys).await.deleted);
    test.opens(&sealer, 1).await;

    // A value that cannot be read deletes nothing.
    wait().await;
    sql("UPDATE notes SET body = 'plain' WHERE id = 0")
        .execute(&test.database)
        .await
        .unwrap();
    assert!(keys.delete_unused(&test.database, &[NOTES]).await.is_err());
    assert_eq!(keys.status().await.unwrap().keys.len(), 2);
}

pub(crate) async fn deletion_does_not_undo_a_rewrap_of_the_root_sec_5(test: TestDatabase) {
    // A statement waits for a row of another transaction on servers only.
    if test.empty.server().is_none() {
        return;
    }
    let (old, new) = (seed("old"), seed("new"));
    // The derivation takes long in a debug build, and the waiting statement has a time limit.
    let both = Root::from_seed(&new, Some(&old)).unwrap();
    let open = async |root: Root| DataKeys::open(&test.database, root, &config()).await;
    let keys = open(Root::from_seed(&old, None).unwrap()).await.unwrap();
    keys.rotate().await.unwrap();
    test.insert(&Sealer::new(keys.clone()), 0).await;
    let lock = test.database.begin().await.unwrap();
    sql("UPDATE notes SET id = 0 WHERE id = 0")
        .execute(&lock)
        .await
        .unwrap();
    let database = test.database.clone();
    let deletion =
        tokio::spawn(async move { keys.delete_unused(&database, &[LOCKED_NOTES]).await });
    // It has read the keys, and waits for the values.
    eventually(async || test.empty.blocked_statements("FOR UPDATE") > 0).await;
    let rewrapped = open(both).await.unwrap().rewrap_root().await.unwrap();
    assert_eq!(rewrapped, 2);
    lock.commit().await.unwrap();
    deletion.await.unwrap().unwrap();

    let keys = open(Root::from_seed(&new, None).unwrap()).await.unwrap();
    test.opens(&Sealer::new(keys), 1).await;
}
