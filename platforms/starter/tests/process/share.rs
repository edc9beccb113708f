//! The share of a percentage, over the API of two replicas.

use std::{fs, path::Path, thread};

use seaworthy_testkit::{database::EmptyDatabase, http::Connection};
use serde_json::{Value, json};

use crate::{
    app::{Replica, json_of},
    features::{call, users, wait},
};

/// The users of the contract. Their requests take minutes in a debug build.
const ALL: usize = 100_000;
const FEW: usize = 3_000;
/// Users whose decision is compared between replicas.
const COMPARED: usize = 500;
/// Connections to each replica.
const CONNECTIONS: usize = 2;

/// Replaces the flag file by a rename.
fn write(folder: &Path, percentage: &str, marker: bool) {
    let next = folder.join("next");
    let text = format!(
        "rollout:\n  enabled: true\n  strategy: percentage\n  rules:\n    percentage: {percentage}\nmarker:\n  enabled: {marker}\n"
    );
    fs::write(&next, text).unwrap();
    fs::rename(&next, folder.join("features.yaml")).unwrap();
}

/// Returns the decision for each user. The replicas take turns, and the first one begins.
fn decisions(replicas: [&Replica; 2], token: &str, users: usize) -> Vec<bool> {
    let bearer = format!("Bearer {token}");
    let lanes = replicas.len() * CONNECTIONS;
    let mut decided = vec![false; users];
    thread::scope(|scope| {
        let lane = |lane: usize| {
            let (http, bearer) = (replicas[lane % replicas.len()].http, &bearer);
            scope.spawn(move || {
                let mut connection = Connection::open(http).unwrap();
                let of_lane = (lane..users).step_by(lanes);
                let decide = |user| (user, decide(&mut connection, bearer, user));
                of_lane.map(decide).collect::<Vec<_>>()
            })
        };
        let running: Vec<_> = (0..lanes).map(lane).collect();
        for (user, is_on) in running.into_iter().flat_map(|lane| lane.join().unwrap()) {
            decided[user] = is_on;
        }
    });
    decided
}

fn decide(connection: &mut Connection, bearer: &str, user: usize) -> bool {
    let headers = [
        ("authorization", bearer),
        ("content-type", "application/json"),
    ];
    let body = json!({ "context": { "user_id": format!("user-{user}") } }).to_string();
    loop {
        let path = "/api/v1/features/rollout/evaluate";
        let answer = connection.send("POST", path, &headers, &body).unwrap();
        // A replica under load.
        if answer.status == 503 {
            continue;
        }
        assert_eq!(answer.status, 200, "{}", answer.body);
        return json_of(&answer)["enabled"] == true;
    }
}

fn assert_share(database: &EmptyDatabase, users_of_flag: usize, tolerance: f64) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "30", false);
    let directory = format!("features.directory={}", folder.path().display());
    let settings = [
        directory.as_str(),
        "server.http.rate_limit.requests=1000000",
        "server.http.rate_limit.burst=1000000",
        // The debug log of the requests fills the disk.
        "log.level=info",
        "auth.access_token_expiration=2h",
    ];
    let start = || Replica::start_with(database, &settings);
    let (first, second) = (start(), start());
    let (admin, _) = users(database, &first);
    let decided = decisions([&first, &second], &admin, users_of_flag);
    let on = decided.iter().filter(|is_on| **is_on).count();
    #[expect(clippy::cast_precision_loss, reason = "at most 100,000 users")]
    let share = on as f64 * 100.0 / users_of_flag as f64;
    assert!((share - 30.0).abs() <= tolerance, "{share}%");

    // Each replica decides as the other one, also after a restart.
    let compared = &decided[..COMPARED];
    assert_eq!(decisions([&second, &first], &admin, COMPARED), compared);
    let second = second.restart();
    assert_eq!(decisions([&second, &first], &admin, COMPARED), compared);
    // A decimal fraction is the same percentage, and a larger one keeps the users.
    for (percentage, marker) in [("30.0", true), ("45", false)] {
        write(folder.path(), percentage, marker);
        for replica in [&first, &second] {
            wait(|| {
                let read = call(replica, &admin, "GET", "/marker", &Value::Null);
                json_of(&read)["toggle"]["config"]["enabled"] == marker
            });
        }
        let again = decisions([&first, &second], &admin, COMPARED);
        let is_kept = |(before, after): (&bool, &bool)| !before || *after;
        assert!(compared.iter().zip(&again).all(is_kept), "{percentage}");
        assert_eq!(again == compared, percentage == "30.0");
    }
}

pub(crate) fn share_of_a_flag_is_equal_on_all_replicas_flag_1(database: &EmptyDatabase) {
    // Four standard deviations of this number of users.
    assert_share(database, FEW, 3.4);
}

fn share_of_100_000_users_is_30_percent_flag_1(database: &EmptyDatabase) {
    assert_share(database, ALL, 0.5);
}

#[test]
#[ignore = "takes minutes"]
fn share_of_100_000_users_on_sqlite_is_30_percent_flag_1() {
    share_of_100_000_users_is_30_percent_flag_1(&EmptyDatabase::sqlite().unwrap());
}

#[test]
#[ignore = "takes minutes"]
fn share_of_100_000_users_with_redis_is_30_percent_flag_1() {
    crate::redis::with_redis(share_of_100_000_users_is_30_percent_flag_1);
}
