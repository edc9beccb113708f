//! Checks that responses do not reveal accounts by their content, work or time.

use std::time::{Duration, Instant};

use seaworthy::config::Profile;
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, get},
};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, body, open_with};

const KNOWN: &str = "ada@example.org";
/// Pairs of alternating requests, so that load on the machine affects both.
const PAIRS: usize = 15;
const ROUNDS: usize = 3;
/// The maximum ratio of the medians. One more hash or transaction is several times as much.
const MAX_RATIO: f64 = 2.5;
/// Shorter times are not measurable over a network.
const MIN_TIME: Duration = Duration::from_millis(3);

/// Opens the service without a lockout, because these tests repeat one address. `abuse` tests the
/// lockout.
pub(crate) async fn open(empty: EmptyDatabase) -> TestApp {
    let own = [
        "rate_limit.enabled=false",
        "lockout.account.max_failures=1000",
        "lockout.ip.max_failures=1000",
        // A hash is as slow as in production, so that one more is visible.
        "passwords.parameters.memory_kib=19456",
        "passwords.parameters.iterations=2",
    ];
    open_with(empty, Profile::Development, &own).await
}

/// Returns the number of hashed passwords.
fn hash_count(app: &TestApp) -> u64 {
    let metrics = get(app.admin, "/metrics").unwrap().body;
    let line = metrics
        .lines()
        .find(|line| !line.starts_with('#') && line.contains("password_hashing_total "))
        .unwrap_or_else(|| panic!("{metrics}"));
    line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64
}

/// Returns the status, the header names and the body without the request ID.
fn summary(answer: &HttpResponse) -> (u16, Vec<String>, Value) {
    let mut names: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    let mut body = body(answer);
    if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
        error.remove("request_id");
    }
    (answer.status, names, body)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

struct Endpoint<'a> {
    path: &'a str,
    /// The body of a request for an address.
    body: fn(&str) -> Value,
    /// The number of hashes of one request.
    hashes: u64,
}

pub(crate) async fn responses_do_not_reveal_accounts_auth_2(app: TestApp) {
    app.register(KNOWN);
    for endpoint in [
        Endpoint {
            path: "/auth/v1/login",
            body: |email| json!({ "email": email, "password": "wrong wrong wrong" }),
            hashes: 1,
        },
        Endpoint {
            path: "/auth/v1/password/reset/request",
            body: |email| json!({ "email": email }),
            hashes: 0,
        },
        Endpoint {
            path: "/auth/v1/verify-email/request",
            body: |email| json!({ "email": email }),
            hashes: 0,
        },
    ] {
        compare(&app, &endpoint);
    }
    // The contract requires 409 for registration, after the same work.
    let before = hash_count(&app);
    let given = |email: &str| json!({ "email": email, "password": PASSWORD });
    assert_eq!(app.post("/auth/v1/register", &given(KNOWN)).status, 409);
    let taken = hash_count(&app) - before;
    assert_eq!(
        app.post("/auth/v1/register", &given("new@example.org"))
            .status,
        201
    );
    assert_eq!((taken, hash_count(&app) - before), (1, 2));
    let weak = |email: &str| {
        summary(&app.post(
            "/auth/v1/register",
            &json!({ "email": email, "password": "short" }),
        ))
    };
    assert_eq!(
        weak(KNOWN),
        weak("unknown@example.org"),
        "the password is checked before the address"
    );
}

/// Fails if the times differ in every round. Noise differs from round to round.
fn compare(app: &TestApp, endpoint: &Endpoint<'_>) {
    let rounds: Vec<_> = (0..ROUNDS)
        .map_while(|_| compare_once(app, endpoint).err())
        .collect();
    assert!(rounds.len() < ROUNDS, "{}: {rounds:?}", endpoint.path);
}

/// Returns the medians for a known and an unknown address if they differ.
fn compare_once(app: &TestApp, endpoint: &Endpoint<'_>) -> Result<(), (Duration, Duration)> {
    let path = endpoint.path;
    let ask = |email: &str| {
        let before = hash_count(app);
        let begun = Instant::now();
        let answer = app.post(path, &(endpoint.body)(email));
        let time = begun.elapsed();
        assert_eq!(hash_count(app) - before, endpoint.hashes, "{path} {email}");
        (summary(&answer), time)
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..PAIRS {
        let (of_known, time) = ask(KNOWN);
        known.push(time);
        let (of_unknown, time) = ask(&format!("unknown{number}@example.org"));
        unknown.push(time);
        assert_eq!(of_known, of_unknown, "{path}");
    }
    let (known, unknown) = (median(known), median(unknown));
    let (less, more) = (known.min(unknown), known.max(unknown));
    if more < MIN_TIME || more.as_secs_f64() / less.as_secs_f64() < MAX_RATIO {
        return Ok(());
    }
    Err((known, unknown))
}
