//! More concurrent logins than the service can hash passwords for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use seaworthy::{config::Profile, data::sql};
use seaworthy_testkit::{database::EmptyDatabase, eventually, http::request};
use serde_json::json;

use crate::app::{PASSWORD, TestApp, code, cookie, open_with};

/// Clients that log in repeatedly, each with new addresses.
const FLOOD_CLIENTS: u64 = 12;
/// One hash is computed and two wait.
const MAX_WAITING: u64 = 3;
/// More than the failed logins that lock an account.
const OWNER_ATTEMPTS: usize = 20;

pub(crate) async fn open(empty: EmptyDatabase) -> TestApp {
    let own = [
        "rate_limit.enabled=false",
        "lockout.ip.max_failures=1000000",
        "passwords.max_concurrent_hashes=1",
        "passwords.max_queued_hashes=2",
        // A hash takes longer than a few other requests.
        "passwords.parameters.memory_kib=65536",
        "passwords.parameters.iterations=3",
    ];
    open_with(empty, Profile::Development, &own).await
}

/// The results of the flood's logins.
#[derive(Default)]
struct FloodResults {
    checked: AtomicU64,
    refused: AtomicU64,
}

pub(crate) async fn login_flood_does_not_affect_other_users_auth_2(app: TestApp) {
    let ada = app.register("ada@example.org");
    let (is_done, results) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(FloodResults::default()),
    );
    let flood: Vec<_> = (0..FLOOD_CLIENTS)
        .map(|one| {
            let (http, is_done, results) = (app.http, Arc::clone(&is_done), Arc::clone(&results));
            std::thread::spawn(move || {
                let mut number = 0;
                while !is_done.load(Ordering::Relaxed) {
                    number += 1;
                    let email = format!("guess-{one}-{number}@example.org");
                    let given = json!({ "email": email, "password": "a wrong password" });
                    let json = [("content-type", "application/json")];
                    let answer =
                        request(http, "POST", "/auth/v1/login", &json, &given.to_string()).unwrap();
                    match answer.status {
                        401 => results.checked.fetch_add(1, Ordering::Relaxed),
                        503 => {
                            assert_eq!(code(&answer), "passwords_busy");
                            assert!(answer.header("retry-after").is_some());
                            results.refused.fetch_add(1, Ordering::Relaxed)
                        }
                        other => panic!("{other}: {}", answer.body),
                    };
                }
            })
        })
        .collect();
    eventually(async || results.refused.load(Ordering::Relaxed) > 0).await;

    // Requests with a token or a session succeed while all hashing slots are in use.
    let mut session = ada.cookie.clone();
    for _ in 0..50 {
        let me = app.request_as(&ada, "GET", "/auth/v1/me", &json!(null));
        assert_eq!(me.status, 200, "{}", me.body);
    }
    for _ in 0..5 {
        let refreshed = app.with_cookie(&session, "/auth/v1/refresh");
        assert_eq!(refreshed.status, 200, "{}", refreshed.body);
        session = cookie(&refreshed);
    }
    let mut busy = 0;
    for _ in 0..OWNER_ATTEMPTS {
        let answer = app.log_in(&ada.email, PASSWORD);
        assert!([200, 503].contains(&answer.status), "{}", answer.body);
        busy += usize::from(answer.status == 503);
    }
    assert!(busy > 0, "the flood did not fill the queue");
    assert!(
        waiting(&app) <= MAX_WAITING,
        "more passwords wait than the queue holds"
    );

    is_done.store(true, Ordering::Relaxed);
    for one in flood {
        one.join().unwrap();
    }
    let answer = app.log_in(&ada.email, PASSWORD);
    assert_eq!(
        answer.status, 200,
        "attempts rejected as busy must not count: {}",
        answer.body
    );
    let (counted,): (i64,) = sql(
        "SELECT COUNT(*) FROM account_failures WHERE subject LIKE 'account:%' AND failures > 0",
    )
    .fetch_one(&app.connect().await)
    .await
    .unwrap();
    let (all,): (i64,) =
        sql("SELECT COUNT(*) FROM account_failures WHERE subject LIKE 'account:%'")
            .fetch_one(&app.connect().await)
            .await
            .unwrap();
    let checked = results.checked.load(Ordering::Relaxed).cast_signed();
    assert_eq!(
        (counted, all),
        (checked, checked),
        "a login without a password check reached the database"
    );
}

/// Returns the number of queued and running hashes, from the admin listener.
fn waiting(app: &TestApp) -> u64 {
    let metrics = request(app.admin, "GET", "/metrics", &[], "").unwrap();
    // The metric name begins with the service name.
    let line = metrics
        .body
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| Some(line.split_once("_password_hashing_waiting ")?.1));
    line.unwrap().parse().unwrap()
}
