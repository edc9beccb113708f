use seaworthy_core::Secret;
use seaworthy_crypto::{KeyId, Keyring, Sealer, key_from_text};
use seaworthy_data::sql;

use super::test_database::{FEW, PAGES, TestDatabase, new_key};

/// The settings of a keyring with one key.
fn only(name: &str, key: &str) -> Sealer {
    let key = key_from_text(&Secret::new(key.to_owned())).unwrap();
    Sealer::new(Keyring::new(KeyId::new(name).unwrap(), &key).unwrap())
}

fn answer(changed: bool) -> Vec<String> {
    ["integers", "texts", "uuids"]
        .into_iter()
        .flat_map(|table| [(table, "words", PAGES - 1), (table, "raw", PAGES)])
        .map(|(table, column, seen)| {
            let changed = if changed { seen } else { 0 };
            format!("{table}.{column}: {changed} of {seen} changed")
        })
        .collect()
}

pub(crate) async fn command_rewraps_columns_of_every_key_type_sec_5(test_database: TestDatabase) {
    let [old, new] = [(); 2].map(|()| new_key());
    test_database.fill(&only("old", &old), PAGES).await;
    let both = [("NEW", new.as_str()), ("OLD", old.as_str())];
    let done = test_database.run(&["rewrap"], &both);
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    assert_eq!(done.stdout, answer(true));
    // A second run changes nothing, and the old key can be removed.
    let again = test_database.run(&["rewrap"], &both[..1]);
    assert_eq!(again.status.code(), Some(0), "{}", again.stderr);
    assert_eq!(again.stdout, answer(false));
    test_database.opens(&only("new", &new), PAGES).await;
}

pub(crate) async fn command_fails_on_plain_value_without_printing_it_sec_5(
    test_database: TestDatabase,
) {
    let [old, new] = [(); 2].map(|()| new_key());
    test_database.fill(&only("old", &old), FEW).await;
    sql("UPDATE texts SET words = 'canary' WHERE number = 9")
        .execute(&test_database.database)
        .await
        .unwrap();
    let ended = test_database.run(&["rewrap"], &[("NEW", &new), ("OLD", &old)]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stdout.is_empty(), "{:?}", ended.stdout);
    assert!(ended.stderr.contains("texts.words"), "{}", ended.stderr);
    for secret in ["canary", old.as_str(), new.as_str()] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
    // A missing key is an error, even without values to rewrap.
    let ended = test_database.run(&["rewrap"], &[("NEW", &old)]);
    assert_eq!(ended.status.code(), Some(1));
}
