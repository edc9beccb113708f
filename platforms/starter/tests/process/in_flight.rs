//! Calls during which another call changes their user. The test locks the row of the user, and
//! PostgreSQL shows which transactions wait for it. They continue in the order of their arrival.

use std::{net::SocketAddr, thread};

use seaworthy::{
    core::Timeout,
    data::{Database, DatabaseConfig, Transaction, sql, uuid::Uuid},
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    http::{Connection, HttpResponse, request},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    app::{
        PASSWORD, Replica, assert_error, grant_admin, json_of, refresh_at, set_password, tokens,
    },
    logs::{code, remembered},
};

/// Another parameter of password hashes than that of the other replicas.
const OTHER_HASHES: &str = "auth.passwords.parameters.iterations=2";

/// Settings with which calls wait longer for a lock than a test holds it, on any machine.
pub(crate) const WAITING: &[&str] = &[
    "data.database.lock_timeout=10m",
    "data.database.statement_timeout=10m",
    "data.database.transaction_timeout=10m",
    "server.http.timeout=10m",
    "server.grpc.timeout=10m",
];

/// Returns once this number of transactions wait for a lock.
pub(crate) async fn wait_for_transactions(database: &Database, expected: i64) {
    eventually(async || {
        let waiting = sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
        let (waiting,): (i64,) = waiting.fetch_one(database).await.unwrap();
        waiting == expected
    })
    .await;
}

/// Locks all users and all changed flags. Readers do not wait.
pub(crate) async fn lock_changes(database: &EmptyDatabase) -> (Database, Transaction) {
    let (database, tx) = lock_users(database).await;
    let flags = sql("LOCK TABLE feature_flag_changes IN EXCLUSIVE MODE");
    flags.execute(&tx).await.unwrap();
    (database, tx)
}

/// Locks the rows of all users.
async fn lock_users(database: &EmptyDatabase) -> (Database, Transaction) {
    let config = DatabaseConfig {
        transaction_timeout: Timeout::from_secs(600),
        ..DatabaseConfig::from_url(database.url().parse().unwrap())
    };
    let database = Database::builder("test", config).open().await.unwrap();
    let tx = database.begin().await.unwrap();
    let users: Vec<(Uuid,)> = sql("SELECT id FROM users FOR UPDATE")
        .fetch_all(&tx)
        .await
        .unwrap();
    assert!(!users.is_empty());
    (database, tx)
}

/// Returns the number of rows of a query.
fn count(database: &EmptyDatabase, query: &'static str) -> i64 {
    Runtime::new().unwrap().block_on(async {
        let config = DatabaseConfig::from_url(database.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let (count,): (i64,) = sql(query).fetch_one(&database).await.unwrap();
        count
    })
}

/// Runs two calls up to the lock of their user, and then to their ends, the first one first.
fn in_order<A: Send, B: Send>(
    database: &EmptyDatabase,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    let runtime = Runtime::new().unwrap();
    let (database, tx) = runtime.block_on(lock_users(database));
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

fn log_in(http: SocketAddr) -> HttpResponse {
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let json = [("content-type", "application/json")];
    request(http, "POST", "/api/v1/auth/login", &json, &body).unwrap()
}

fn log_out(http: SocketAddr, token: &str) {
    let answer = call(http, "logout", token, &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.body);
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
    let replica = Replica::start_with(&database, WAITING);
    let http = replica.http;
    let (access, _) = replica.user("ada");
    let secret = enroll(http, &access);
    let (confirmed, login) = in_order(
        &database,
        || confirm(http, &access, &secret),
        // An attacker with the password.
        || log_in(http),
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
    let replica = Replica::start_with(&database, WAITING);
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
    let replica = Replica::start_with(&database, WAITING);
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

#[test]
fn enrollment_in_flight_fails_after_a_new_password_auth_4() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let replica = Replica::start_with(&database, WAITING);
    let http = replica.http;
    let (access, _) = replica.user("ada");
    let new = remembered("marvelous7climate");
    let enroll = json!({ "password": PASSWORD });
    let (ran, enrolled) = in_order(
        &database,
        || set_password(&database, "ada", &new),
        || call(http, "totp/enroll", &access, &enroll),
    );
    assert!(ran.status.success(), "{ran:?}");
    assert_error(&enrolled, 409, "ACCOUNT_CHANGED");
    let enrollments = "SELECT count(*) FROM account_second_factors";
    assert_eq!(count(&database, enrollments), 0);
}

#[test]
fn login_in_flight_begins_no_session_after_a_logout_auth_3() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let replica = Replica::start_with(&database, WAITING);
    let (access, _) = replica.user("ada");
    let http = replica.http;
    let ((), login) = in_order(&database, || log_out(http, &access), || log_in(http));
    assert_error(&login, 409, "ACCOUNT_CHANGED");
    assert_eq!(count(&database, "SELECT count(*) FROM account_sessions"), 0);
}

#[test]
fn concurrent_logins_with_old_hash_parameters_succeed_auth_2() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    Replica::start_with(&database, WAITING).register("ada");
    let replica = Replica::start_with(&database, &[WAITING, &[OTHER_HASHES]].concat());
    let http = replica.http;
    let log_in = || log_in(http);
    let (first, second) = in_order(&database, log_in, log_in);
    tokens(&first);
    tokens(&second);
    tokens(&log_in());
}

#[test]
fn api_key_in_flight_may_be_repeated_after_a_new_hash_auth_2() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let before = Replica::start_with(&database, WAITING);
    before.register("ada");
    grant_admin(&database, "ada");
    let (access, _) = tokens(&before.login("ada", PASSWORD));
    let replica = Replica::start_with(&database, &[WAITING, &[OTHER_HASHES]].concat());
    let key = json!({ "name": "report", "scopes": ["feature:read"], "password": PASSWORD });
    let http = replica.http;
    let create = || call(http, "api-keys", &access, &key);
    let (login, created) = in_order(&database, || log_in(http), create);
    tokens(&login);
    assert_error(&created, 409, "ACCOUNT_CHANGED");
    let repeated = create();
    assert_eq!(repeated.status, 200, "{}", repeated.body);
}

#[test]
fn refresh_in_flight_holds_no_session_before_its_user_auth_3() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let replica = Replica::start_with(&database, WAITING);
    let (_, refresh) = replica.user("ada");
    let http = replica.http;
    let runtime = Runtime::new().unwrap();
    let (database, tx) = runtime.block_on(lock_users(&database));
    thread::scope(|scope| {
        let refreshed = scope.spawn(|| refresh_at(http, &refresh));
        runtime.block_on(async {
            wait_for_transactions(&database, 1).await;
            // A command that holds the user ends the session.
            let session = sql("SELECT id FROM account_sessions FOR UPDATE NOWAIT");
            let sessions: Vec<(String,)> = session.fetch_all(&tx).await.unwrap();
            assert_eq!(sessions.len(), 1);
            tx.commit().await.unwrap();
        });
        tokens(&refreshed.join().unwrap());
    });
}

#[test]
fn confirmation_with_a_slow_body_fails_after_a_logout_auth_4() {
    let database = EmptyDatabase::sqlite().unwrap();
    let replica = Replica::start(&database);
    // A thief of the password has begun an enrollment.
    let (stolen, _) = replica.user("ada");
    let secret = enroll(replica.http, &stolen);
    let body = json!({ "totp_code": code(&secret, 0) }).to_string();
    let mut call = Connection::open(replica.http).unwrap();
    let bearer = format!("Bearer {stolen}");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    call.send_head("/api/v1/auth/totp/confirm", &headers, &body)
        .unwrap();
    let (access, _) = tokens(&replica.login("ada", PASSWORD));
    log_out(replica.http, &access);
    let answer = call.send_body(&body).unwrap();
    assert_error(&answer, 401, "TOKEN_INVALID");
    tokens(&replica.login("ada", PASSWORD));
}
