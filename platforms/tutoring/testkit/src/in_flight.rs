//! Calls during which another call changes their user. A test holds a lock, and PostgreSQL shows
//! which transactions wait for it. They continue in the order of their arrival.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
};

use seaworthy::data::{Database, Statement, Transaction, sql};
use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    http::{Connection, HttpResponse},
    redis::RedisServer,
};
use serde_json::Value;

use crate::connect;

/// Returns once this number of statements wait for a lock.
///
/// # Panics
/// They do not wait within a minute.
pub async fn wait_for_blocked_statements(database: &EmptyDatabase, expected: usize) {
    eventually(async || database.blocked_statements("") == expected).await;
}

/// Runs two calls up to the lock of rows, and then to their ends, the first one first. `lock` is
/// the statement that locks the rows.
///
/// # Panics
/// A call does not wait for the lock.
pub async fn in_order<A, B>(
    database: &EmptyDatabase,
    lock: Statement,
    first: impl FnOnce() -> A + Send + 'static,
    second: impl FnOnce() -> B + Send + 'static,
) -> (A, B)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let connected = connect(database).await;
    let tx = connected.begin().await.unwrap();
    lock.execute(&tx).await.unwrap();
    let first = thread::spawn(first);
    wait_for_blocked_statements(database, 1).await;
    let second = thread::spawn(second);
    wait_for_blocked_statements(database, 2).await;
    tx.commit().await.unwrap();
    (first.join().unwrap(), second.join().unwrap())
}

/// Stops the commit of each transaction that begins or refreshes a session, until the returned
/// transaction ends.
///
/// # Panics
/// The tables of `account` are missing.
pub async fn hold_commits(database: &Database) -> Transaction {
    for statement in [
        "CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END'",
        "CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT OR UPDATE ON account_sessions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit()",
    ] {
        sql(statement).execute(database).await.unwrap();
    }
    let tx = database.begin().await.unwrap();
    let hold = sql("SELECT pg_advisory_xact_lock(7)");
    hold.execute(&tx).await.unwrap();
    tx
}

/// Returns the number of active sessions.
///
/// # Panics
/// Redis does not respond.
#[must_use]
pub fn active_sessions(redis: &RedisServer) -> usize {
    let mut stream = TcpStream::connect(redis.address()).unwrap();
    stream.write_all(b"KEYS session:*\r\nQUIT\r\n").unwrap();
    let mut keys = String::new();
    stream.read_to_string(&mut keys).unwrap();
    keys.lines()
        .filter(|line| line.starts_with("session:"))
        .count()
}

/// Sends the head of a `POST` call, then calls `change`, then sends the body. The service has
/// checked the token before `change`.
///
/// # Panics
/// The service does not wait for the body.
pub fn with_late_body(
    service: SocketAddr,
    path: &str,
    token: &str,
    body: &Value,
    change: impl FnOnce(),
) -> HttpResponse {
    let (bearer, body) = (format!("Bearer {token}"), body.to_string());
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    let mut call = Connection::open(service).unwrap();
    call.send_head(path, &headers, &body).unwrap();
    change();
    call.send_body(&body).unwrap()
}
