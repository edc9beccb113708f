use std::time::Duration;

use seaworthy_account::{API_KEY_MIGRATIONS, ApiKeys, ApiKeysConfig, TokenVersions};
use seaworthy_data::{Migrator, sql};

use crate::test_database::TestDatabase;

async fn keys(test: &TestDatabase) -> ApiKeys {
    let migrator = Migrator::new(&test.database, &[API_KEY_MIGRATIONS]);
    migrator.up(false).await.unwrap();
    let config = ApiKeysConfig {
        max_per_user: 2.try_into().unwrap(),
        ..ApiKeysConfig::default()
    };
    ApiKeys::new(test.database.clone(), config)
}

fn scopes(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) async fn api_key_is_valid_until_its_owner_revokes_it_auth_5(test: TestDatabase) {
    let keys = keys(&test).await;
    let wanted = scopes(&["order:read", "report:*"]);
    let new = keys
        .create(&test.database, "ada", "nightly", &wanted, None)
        .await
        .unwrap();
    let caller = keys.verify(new.key.expose()).await.unwrap().unwrap();
    assert_eq!((caller.owner.as_str(), &caller.scopes), ("ada", &wanted));
    let listed = keys.list("ada").await.unwrap();
    assert_eq!(
        (&listed[0].name[..], &listed[0].scopes),
        ("nightly", &wanted)
    );
    // Some databases advance their clock within a statement.
    let lifetime = listed[0].expires_us - listed[0].created_us - 365 * 86_400 * 1_000_000;
    assert!((0..1_000_000).contains(&lifetime), "{lifetime}");
    assert!(keys.list("eve").await.unwrap().is_empty());
    assert!(keys.has_any(&test.database, "ada").await.unwrap());
    assert!(!keys.has_any(&test.database, "eve").await.unwrap());

    let tampered = new.key.expose().replace("sk_", "sk_x");
    for other in ["", "sk_", &tampered, &new.key.expose()[3..]] {
        assert_eq!(keys.verify(other).await.unwrap(), None, "{other}");
    }
    assert!(!keys.revoke(&test.database, "eve", &new.id).await.unwrap());
    assert!(keys.revoke(&test.database, "ada", &new.id).await.unwrap());
    assert_eq!(keys.verify(new.key.expose()).await.unwrap(), None);
}

pub(crate) async fn api_keys_expire_and_are_limited_auth_5(test: TestDatabase) {
    let keys = keys(&test).await;
    let read = scopes(&["order:read"]);
    let short = Duration::from_millis(1);
    let expired = keys
        .create(&test.database, "ada", "a", &read, Some(short))
        .await
        .unwrap();
    test.ticks().await;
    assert_eq!(keys.verify(expired.key.expose()).await.unwrap(), None);
    assert!(keys.list("ada").await.unwrap().is_empty());
    assert!(!keys.has_any(&test.database, "ada").await.unwrap());
    let long = Duration::from_secs(366 * 24 * 60 * 60);
    let refused = keys
        .create(&test.database, "ada", "a", &read, Some(long))
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), "LIFETIME_TOO_LONG");
    for _ in 0..2 {
        keys.create(&test.database, "ada", "a", &read, None)
            .await
            .unwrap();
    }
    let refused = keys
        .create(&test.database, "ada", "a", &read, None)
        .await
        .unwrap_err();
    assert_eq!(refused.reason(), "TOO_MANY_API_KEYS");
    for invalid in [
        &[][..],
        &["two words"],
        &[""],
        &["*:read"],
        &["**"],
        &["order:*:read"],
    ] {
        let refused = keys
            .create(&test.database, "eve", "a", &scopes(invalid), None)
            .await;
        assert_eq!(refused.unwrap_err().reason(), "VALIDATION_FAILED");
    }
}

pub(crate) async fn dump_reveals_no_api_key_sec_5(test: TestDatabase) {
    let keys = keys(&test).await;
    let read = scopes(&["order:read"]);
    let new = keys
        .create(&test.database, "ada", "a", &read, None)
        .await
        .unwrap();
    let (hash,): (Vec<u8>,) = sql("SELECT key_hash FROM account_api_keys")
        .fetch_one(&test.database)
        .await
        .unwrap();
    assert_eq!(hash.len(), 32);
    assert!(!String::from_utf8_lossy(&hash).contains(&new.key.expose()[3..]));
}

pub(crate) async fn raised_version_ends_api_keys_of_its_user_auth_5(test: TestDatabase) {
    let keys = keys(&test).await;
    let read = scopes(&["order:read"]);
    let mut created = Vec::new();
    for owner in ["ada", "ada", "eve"] {
        let new = keys.create(&test.database, owner, "a", &read, None).await;
        created.push(new.unwrap());
    }
    TokenVersions::increment(&test.database, "ada")
        .await
        .unwrap();
    for (new, is_valid) in created.iter().zip([false, false, true]) {
        let caller = keys.verify(new.key.expose()).await.unwrap();
        assert_eq!(caller.is_some(), is_valid, "{caller:?}");
    }
    assert!(keys.list("ada").await.unwrap().is_empty());
    // Ended keys do not count, and the next key is valid.
    let next = keys.create(&test.database, "ada", "a", &read, None).await;
    let next = keys.verify(next.unwrap().key.expose()).await.unwrap();
    assert_eq!(next.unwrap().owner, "ada");
    let (rows,): (i64,) = sql("SELECT count(*) FROM account_api_keys")
        .fetch_one(&test.database)
        .await
        .unwrap();
    assert_eq!(rows, 2);
}
