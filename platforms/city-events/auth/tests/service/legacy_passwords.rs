//! Users of a legacy database, whose passwords have bcrypt hashes.

use seaworthy::data::sql;

use crate::app::{PASSWORD, TestApp, TestUser, code};

/// The hash of [`PASSWORD`] with the cost of the legacy service, computed by libxcrypt.
const LEGACY_HASH: &str = "$2a$12$abcdefghijklmnopqrstuuE3j5FFjC71WyDL2KIK7ShSoj8tPD3m6";

async fn set_hash(app: &TestApp, user: &TestUser, hash: &str) {
    sql("UPDATE users SET password_hash = ? WHERE email = ?")
        .bind(hash)
        .bind(user.email.as_str())
        .execute(&app.connect().await)
        .await
        .unwrap();
}

async fn hash_of(app: &TestApp, user: &TestUser) -> String {
    let (hash,): (String,) = sql("SELECT password_hash FROM users WHERE email = ?")
        .bind(user.email.as_str())
        .fetch_one(&app.connect().await)
        .await
        .unwrap();
    hash
}

/// Fails to log in until the account is locked. A verification in a debug build may outlast the
/// first waits, which double with each failure.
fn assert_locked(app: &TestApp, user: &TestUser) {
    let locked = (0..10)
        .map(|_| app.log_in(&user.email, "wrong wrong wrong"))
        .find(|attempt| attempt.status != 401)
        .unwrap();
    assert_eq!(
        (locked.status, code(&locked).as_str()),
        (429, "rate_limited")
    );
}

pub(crate) async fn legacy_hash_logs_in_and_is_replaced_auth_2(app: TestApp) {
    let ada = app.register("ada@example.org");
    set_hash(&app, &ada, LEGACY_HASH).await;
    assert_eq!(app.log_in(&ada.email, PASSWORD).status, 200);
    let replaced = hash_of(&app, &ada).await;
    assert!(replaced.starts_with("$argon2id$"), "{replaced}");
    assert_eq!(app.log_in(&ada.email, PASSWORD).status, 200);
    assert_eq!(hash_of(&app, &ada).await, replaced);
}

pub(crate) async fn wrong_password_for_legacy_hash_counts_auth_2(app: TestApp) {
    let ada = app.register("ada@example.org");
    set_hash(&app, &ada, LEGACY_HASH).await;
    for _ in 0..5 {
        let wrong = app.log_in(&ada.email, "wrong wrong wrong");
        assert_eq!(
            (wrong.status, code(&wrong).as_str()),
            (401, "invalid_credentials")
        );
    }
    assert_locked(&app, &ada);
    assert_eq!(hash_of(&app, &ada).await, LEGACY_HASH);
}

pub(crate) async fn unusable_hash_is_a_failed_login_auth_2(app: TestApp) {
    let ada = app.register("ada@example.org");
    let too_expensive = LEGACY_HASH.replace("$12$", "$31$");
    let unusable = [
        "",
        "plain text",
        "$2a$12$",
        &LEGACY_HASH[..40],
        too_expensive.as_str(),
    ];
    for hash in unusable {
        set_hash(&app, &ada, hash).await;
        let refused = app.log_in(&ada.email, PASSWORD);
        assert_eq!(
            (refused.status, code(&refused).as_str()),
            (401, "invalid_credentials"),
            "{hash}"
        );
    }
    // Each of them counted.
    assert_locked(&app, &ada);
}
