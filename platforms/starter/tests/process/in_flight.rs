//! Calls during which another call changes their user. The test locks the row of the user, and
//! PostgreSQL shows which transactions wait for it. They continue in the order of their arrival.

use std::{net::SocketAddr, thread};

use seaworthy::data::{Database, DatabaseConfig, sql, uuid::Uuid};
use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    http::{HttpResponse, request},
    totp::code,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    app::{PASSWORD, Replica, assert_error, grant_admin, json_of, set_password, tokens},
    logs::remembered,
};

/// Returns once this number of transactions wait for a lock.
async fn wait_for_transactions(database: &Database, expected: i64) {
    eventually(async || {
        let waiting = sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
        let (waiting,): (i64,) = waiting.fetch_one(database).await.unwrap();
        waiting == expected
    })
    .await;
}

/// Runs two calls up to the lock of their user, and then to their ends, the first one first.
fn in_order<A: Send, B: Send>(
    database: &EmptyDatabase,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    let runtime = Runtime::new().unwrap();
    let (database, tx) = runtime.block_on(async {
        let config = DatabaseConfig::at(database.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let tx = database.begin().await.unwrap();
        let users: Vec<(Uuid,)> = sql("SELECT id FROM users FOR UPDATE")
            .fetch_all(&tx)
            .await
            .unwrap();
        assert!(!users.is_empty());
        (database, tx)
    });
    thread::scope(|scope| {
        let first = scope.spawn(first);
        runtime.block_on(wait_for_transactions(&database, 1));
        let second = scope.spawn(second);
        runtime.block_on(wait_for_transactions(&database, 2));
        runtime.block_on(tx.commit()).unwrap();
        (first.join().unwrap(), second.join().unwrap())
    })
}

fn call(http: SocketAddr, path: &str, token: &str, body: &Value) -> HttpResponse {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let path = format!("/api/v1/auth/{path}");
    request(http, "POST", &path, &headers, &body.to_string()).unwrap()
}

/// Begins an enrollment. Returns its secret.
fn enroll(http: SocketAddr, token: &str) -> String {
    let enrolled = call(http, "totp/enroll", token, &json!({ "password": PASSWORD }));
    json_of(&enrolled)["secret"].as_str().unwrap().to_owned()
}

fn confirm(http: SocketAddr, token: &str, secret: &str) -> HttpResponse {
    let body = json!({ "totp_code": code(secret, 0) });
    call(http, "totp/confirm", token, &body)
}

#[test]
fn login_in_flight_fails_after_a_new_second_factor_auth_4() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let replica = Replica::start(&database);
    let http = replica.http;
    let (access, _) = replica.user("ada");
    let secret = enroll(http, &access);
    let (confirmed, login) = in_order(
        &database,
        || confirm(http, &access, &secret),
        // An attacker with the password.
        || {
            let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
            let json = [("content-type", "application/json")];
            request(http, "POST", "/api/v1/auth/login", &json, &body).unwrap()
        },
    );
    tokens(&confirmed);
    assert_error(&login, 409, "ACCOUNT_CHANGED");
    assert_error(&replica.login("ada", PASSWORD), 400, "TOTP_REQUIRED");
}

#[test]
fn api_key_in_flight_fails_after_a_new_second_factor_auth_4() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let replica = Replica::start(&database);
    let http = replica.http;
    replica.register("ada");
    grant_admin(&database, "ada");
    let (access, _) = tokens(&replica.login("ada", PASSWORD));
    let secret = enroll(http, &access);
    let key = json!({ "name": "report", "scopes": ["feature:read"], "password": PASSWORD });
    let (confirmed, created) = in_order(
        &database,
        || confirm(http, &access, &secret),
        || call(http, "api-keys", &access, &key),
    );
    tokens(&confirmed);
    assert_error(&created, 409, "ACCOUNT_CHANGED");
}

#[test]
fn confirmation_in_flight_fails_after_a_new_password_auth_4() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let replica = Replica::start(&database);
    let http = replica.http;
    let (access, _) = replica.user("ada");
    let secret = enroll(http, &access);
    let new = remembered("marvelous7climate");
    let (ran, confirmed) = in_order(
        &database,
        || set_password(&database, "ada", &new),
        || confirm(http, &access, &secret),
    );
    assert!(ran.status.success(), "{ran:?}");
    assert_error(&confirmed, 401, "TOKEN_INVALID");
    tokens(&replica.login("ada", &new));
}
