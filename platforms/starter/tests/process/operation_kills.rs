//! The operation log of a process that was killed.

use std::{collections::HashMap, thread};

use seaworthy::{axum::http::uri::PathAndQuery, data::sql};
use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::json;
use tokio::runtime::Runtime;
use tonic::{Request, Status, client::Grpc, transport::Endpoint};
use tonic_prost::ProstCodec;

use crate::{
    app::{PASSWORD, Replica, execute, grant_admin, in_database, json_of, tokens},
    features::users,
    idempotency_keys::begin_update,
    in_flight::{WAITING, lock_changes, wait_for_transactions},
    operations::entries,
    sessions::claims,
};

pub(crate) fn entry_survives_a_kill_during_its_call_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let profile = json_of(&replica.call("GET", "/api/v1/auth/profile", &admin, ""));
    let user = profile["user_id"].as_str().unwrap();
    let body = json!({ "username": "ada_9", "password": PASSWORD }).to_string();
    // Begins many calls, and kills the process while some of them run.
    let listener = replica.http;
    let calls: Vec<_> = (0..8)
        .map(|client| {
            let (bearer, body) = (format!("Bearer {admin}"), body.clone());
            thread::spawn(move || {
                // Whether each call has ended, by its request ID.
                let mut calls = HashMap::new();
                loop {
                    let id = format!("call-{client}-{}", calls.len());
                    let headers = [
                        ("authorization", bearer.as_str()),
                        ("content-type", "application/json"),
                        ("x-request-id", id.as_str()),
                    ];
                    let path = "/api/v1/auth/totp/enroll";
                    let Ok(answer) = request(listener, "POST", path, &headers, &body) else {
                        calls.insert(id, false);
                        return calls;
                    };
                    assert_eq!(answer.header("x-request-id"), Some(id.as_str()));
                    // A replica under load refuses some calls before their handler.
                    calls.insert(id, answer.status != 503);
                }
            })
        })
        .collect();
    let seen = || entries(&replica, &admin, "page_size=100").len();
    while seen() < 20 {}
    let _replica = replica.restart();
    let calls = calls.into_iter().flat_map(|calls| calls.join().unwrap());
    let mut calls: HashMap<String, bool> = calls.collect();
    let stored: Vec<(String, Option<String>, String)> = in_database(database, async |database| {
        sql("SELECT request_id, user_id, result FROM operation_logs WHERE path = ?")
            .bind("/api/v1/auth/totp/enroll")
            .fetch_all(&database)
            .await
            .unwrap()
    });
    for (id, stored_user, result) in stored {
        // A second entry of a call has no call left.
        let has_ended = calls.remove(&id).unwrap();
        assert_eq!(stored_user.as_deref(), Some(user), "{id}");
        assert!(!has_ended || result != "unknown", "{id}");
    }
    assert!(calls.values().all(|has_ended| !has_ended), "{calls:?}");
}

#[derive(Clone, PartialEq, prost::Message)]
struct LoginRequest {
    #[prost(string, tag = "1")]
    username: String,
    #[prost(string, tag = "2")]
    password: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct LoginReply {
    #[prost(string, tag = "2")]
    refresh_token: String,
}

/// Logs a user in over gRPC.
async fn log_in(address: String, username: &str) -> Result<LoginReply, Status> {
    let channel = Endpoint::from_shared(address).unwrap();
    let mut client = Grpc::new(channel.connect().await.unwrap());
    client.ready().await.unwrap();
    let request = Request::new(LoginRequest {
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
    });
    let codec = ProstCodec::<LoginRequest, LoginReply>::default();
    let method = PathAndQuery::from_static("/auth.v1.Auth/Login");
    let reply = client.unary(request, method, codec).await?;
    Ok(reply.into_inner())
}

#[test]
fn calls_that_a_kill_interrupts_have_an_entry_obs_11() {
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let replica = Replica::start_with(&database, WAITING);
    let (admin, _) = users(&database, &replica);
    let user = claims(&admin)["sub"].as_str().unwrap().to_owned();
    execute(&database, "DELETE FROM operation_logs");
    let runtime = Runtime::new().unwrap();
    let (locked, tx) = runtime.block_on(lock_changes(&database));
    let http = replica.http;
    let grpc = format!("http://{}", replica.grpc().unwrap());
    let _client = begin_update(http, &admin);
    let login = runtime.spawn(async move { log_in(grpc, "ada").await });
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let json = [("content-type", "application/json")];
    let post = thread::spawn(move || request(http, "POST", "/api/v1/auth/login", &json, &body));
    runtime.block_on(wait_for_transactions(&locked, 3));
    let _replica = replica.restart();
    assert!(post.join().unwrap().is_err());
    assert!(runtime.block_on(login).unwrap().is_err());
    runtime.block_on(tx.rollback()).unwrap();
    let entry = |path: &str, user: Option<&str>| {
        let user = user.map(str::to_owned);
        (path.to_owned(), user, None::<i32>, "unknown".to_owned())
    };
    let expected = [
        entry("/api/v1/auth/login", None),
        entry("/api/v1/features/new_page", Some(&user)),
        entry("/auth.v1.Auth/Login", None),
    ];
    assert_eq!(stored(&database), expected);
}

/// Returns the path, the user, the status and the result of each entry.
pub(crate) fn stored(
    database: &EmptyDatabase,
) -> Vec<(String, Option<String>, Option<i32>, String)> {
    in_database(database, async |database| {
        sql("SELECT path, user_id, status, result FROM operation_logs ORDER BY path")
            .fetch_all(&database)
            .await
            .unwrap()
    })
}

/// Makes each update of an entry after its call fail, as if the process was killed before it.
fn reject_ends(database: &EmptyDatabase) {
    if database.server().is_none() {
        let trigger = "CREATE TRIGGER reject_end BEFORE UPDATE OF result ON operation_logs BEGIN SELECT RAISE(ABORT, 'killed'); END";
        return execute(database, trigger);
    }
    execute(
        database,
        "CREATE FUNCTION reject_end() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''killed''; END'",
    );
    execute(
        database,
        "CREATE TRIGGER reject_end BEFORE UPDATE OF result ON operation_logs FOR EACH ROW EXECUTE FUNCTION reject_end()",
    );
}

pub(crate) fn session_has_an_entry_with_its_user_after_a_kill_obs_11(database: &EmptyDatabase) {
    let replica = Replica::start(database);
    for username in ["ada", "bob", "eve"] {
        replica.register(username);
    }
    let (_, refresh) = tokens(&replica.login("eve", PASSWORD));
    execute(database, "DELETE FROM operation_logs");
    reject_ends(database);
    tokens(&replica.login("ada", PASSWORD));
    let address = format!("http://{}", replica.grpc().unwrap());
    let runtime = Runtime::new().unwrap();
    let reply = runtime.block_on(log_in(address, "bob")).unwrap();
    assert!(!reply.refresh_token.is_empty());
    tokens(&replica.refresh(&refresh));
    drop(replica);

    let (stored, sessions) = in_database(database, async |database| {
        let stored: Vec<(String, Option<String>, String)> =
            sql("SELECT path, user_id, result FROM operation_logs ORDER BY created_us")
                .fetch_all(&database)
                .await
                .unwrap();
        let sessions: Vec<(String,)> = sql("SELECT user_id FROM account_sessions ORDER BY used_us")
            .fetch_all(&database)
            .await
            .unwrap();
        (stored, sessions)
    });
    let paths = [
        "/api/v1/auth/login",
        "/auth.v1.Auth/Login",
        "/api/v1/auth/refresh",
    ];
    let calls = paths.into_iter().zip(sessions);
    let calls = calls.map(|(path, (user,))| (path.to_owned(), Some(user), "unknown".to_owned()));
    assert_eq!(stored, calls.collect::<Vec<_>>());
}
