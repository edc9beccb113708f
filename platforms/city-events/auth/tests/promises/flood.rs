//! Many more logins than passwords can be looked at.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use seaworthy::{config::Profile, data::sql};
use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::json;

use crate::place::{PASSWORD, PATIENCE, Place, code, cookie, open_with};

/// Those who log in all the time, each under another name.
const FLOOD: u64 = 12;
/// One is looked at and so many wait.
const PLACES: u64 = 3;
/// More than the failures that lock an account.
const OWNERS_TRIES: usize = 20;

pub(crate) async fn open(empty: EmptyDatabase) -> Place {
    let own = [
        "rate_limit.enabled=false",
        "lockout.ip.max_failures=1000000",
        "passwords.max_concurrent_hashes=1",
        "passwords.max_queued_hashes=2",
        // Longer than a few requests of others take.
        "passwords.parameters.memory_kib=65536",
        "passwords.parameters.iterations=3",
    ];
    open_with(empty, Profile::Development, &own).await
}

/// What came of the flood's logins.
#[derive(Default)]
struct Came {
    looked_at: AtomicU64,
    refused: AtomicU64,
}

pub(crate) async fn a_login_flood_costs_others_nothing_and_counts_against_nobody_auth_2(
    place: Place,
) {
    let ada = place.register("ada@example.org");
    let (is_over, came) = (Arc::new(AtomicBool::new(false)), Arc::new(Came::default()));
    let flood: Vec<_> = (0..FLOOD)
        .map(|one| {
            let (http, is_over, came) = (place.http, Arc::clone(&is_over), Arc::clone(&came));
            std::thread::spawn(move || {
                let mut number = 0;
                while !is_over.load(Ordering::Relaxed) {
                    number += 1;
                    let email = format!("guess-{one}-{number}@example.org");
                    let given = json!({ "email": email, "password": "a guess, and no password" });
                    let json = [("content-type", "application/json")];
                    let answer =
                        request(http, "POST", "/auth/v1/login", &json, &given.to_string()).unwrap();
                    match answer.status {
                        401 => came.looked_at.fetch_add(1, Ordering::Relaxed),
                        503 => {
                            assert_eq!(code(&answer), "passwords_busy");
                            assert!(answer.header("retry-after").is_some());
                            came.refused.fetch_add(1, Ordering::Relaxed)
                        }
                        other => panic!("{other}: {}", answer.body),
                    };
                }
            })
        })
        .collect();
    until(|| came.refused.load(Ordering::Relaxed) > 0).await;

    // Whoever has a token or a session goes on as ever while all places are taken.
    let mut session = ada.cookie.clone();
    for _ in 0..50 {
        let me = place.as_person(&ada, "GET", "/auth/v1/me", &json!(null));
        assert_eq!(me.status, 200, "{}", me.body);
    }
    for _ in 0..5 {
        let refreshed = place.with_cookie(&session, "/auth/v1/refresh");
        assert_eq!(refreshed.status, 200, "{}", refreshed.body);
        session = cookie(&refreshed);
    }
    let mut turned_away = 0;
    for _ in 0..OWNERS_TRIES {
        let answer = place.log_in(&ada.email, PASSWORD);
        assert!([200, 503].contains(&answer.status), "{}", answer.body);
        turned_away += usize::from(answer.status == 503);
    }
    assert!(turned_away > 0, "there was no flood");
    assert!(
        waiting(&place) <= PLACES,
        "more wait than there are places for"
    );

    is_over.store(true, Ordering::Relaxed);
    for one in flood {
        one.join().unwrap();
    }
    let answer = place.log_in(&ada.email, PASSWORD);
    assert_eq!(answer.status, 200, "their own tries: {}", answer.body);
    let (counted,): (i64,) = sql(
        "SELECT COUNT(*) FROM account_failures WHERE subject LIKE 'account:%' AND failures > 0",
    )
    .fetch_one(&place.connected().await)
    .await
    .unwrap();
    let (all,): (i64,) =
        sql("SELECT COUNT(*) FROM account_failures WHERE subject LIKE 'account:%'")
            .fetch_one(&place.connected().await)
            .await
            .unwrap();
    let looked_at = came.looked_at.load(Ordering::Relaxed).cast_signed();
    assert_eq!(
        (counted, all),
        (looked_at, looked_at),
        "the database was asked about a login that nobody looked at"
    );
}

/// Passwords that wait, or are looked at, as operators see it.
fn waiting(place: &Place) -> u64 {
    let metrics = request(place.operators, "GET", "/metrics", &[], "").unwrap();
    // The name of the service stands before that of the metric.
    let line = metrics
        .body
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| Some(line.split_once("_password_hashing_waiting ")?.1));
    line.unwrap().parse().unwrap()
}

async fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never was");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
