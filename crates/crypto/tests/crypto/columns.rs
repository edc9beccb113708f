//! Encrypted columns and the rotation of their keys (SEC-5).
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use seaworthy_core::Secret;
use seaworthy_crypto::{
    Context, Encrypted, EncryptedColumn, KeyId, Keyring, RowKey, Sealer, rewrap,
};
use seaworthy_data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::database::EmptyDatabase;

const PHONES: EncryptedColumn = EncryptedColumn {
    name: "users.phone",
    key: RowKey::Integer,
    select: "SELECT id, phone FROM users WHERE id > ? AND phone IS NOT NULL ORDER BY id LIMIT ?",
    update: "UPDATE users SET phone = ? WHERE id = ? AND phone = ?",
};
/// More than one page.
const USERS: i64 = 700;

fn place(id: i64) -> Context {
    Context::new("users", "phone").row(&id.to_string())
}

pub(crate) async fn keys_of_column_are_rotated_sec_5(empty: EmptyDatabase) {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    sql("CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, phone TEXT)")
        .execute(&database)
        .await
        .unwrap();
    let [old, new] = ["2025", "2026"].map(|name| KeyId::new(name).unwrap());
    let keyring = Keyring::new(old.clone(), &Secret::new([1; 32])).unwrap();
    let sealer = Sealer::new(keyring.clone());
    for id in 0..USERS {
        let phone = match id {
            7 => None,
            _ => Some(sealer.seal(&format!("+33 {id}"), &place(id)).await.unwrap()),
        };
        sql("INSERT INTO users (id, phone) VALUES (?, ?)")
            .bind(id)
            .bind(phone)
            .execute(&database)
            .await
            .unwrap();
    }

    keyring.add(new.clone(), &Secret::new([2; 32])).unwrap();
    keyring.activate(&new).unwrap();
    let mut pages = 0;
    let report = rewrap(&database, &sealer, &PHONES, |_| pages += 1)
        .await
        .unwrap();
    assert_eq!((report.seen, report.changed, pages), (699, 699, 2));
    let again = rewrap(&database, &sealer, &PHONES, |_| {}).await.unwrap();
    assert_eq!((again.seen, again.changed), (699, 0));

    // No value needs the old key, and a value decrypts only with its context.
    keyring.remove(&old).unwrap();
    let sealer = Sealer::new(keyring);
    let rows: Vec<(i64, Option<Encrypted<String>>)> =
        sql("SELECT id, phone FROM users WHERE id IN (3, 7, 650) ORDER BY id")
            .fetch_all(&database)
            .await
            .unwrap();
    for (id, phone) in rows {
        let Some(phone) = phone else {
            assert_eq!(id, 7);
            continue;
        };
        assert_eq!(phone.envelope().key_id(), &new);
        assert_eq!(
            sealer.open(&phone, &place(id)).await.unwrap(),
            format!("+33 {id}")
        );
        assert!(sealer.open(&phone, &place(id + 1)).await.is_err());
    }
    let plain: Vec<(i64,)> = sql("SELECT id FROM users WHERE phone LIKE '%+33%'")
        .fetch_all(&database)
        .await
        .unwrap();
    assert!(plain.is_empty());
    sql("UPDATE users SET phone = 'no envelope' WHERE id = 650")
        .execute(&database)
        .await
        .unwrap();
    assert!(rewrap(&database, &sealer, &PHONES, |_| {}).await.is_err());
}
