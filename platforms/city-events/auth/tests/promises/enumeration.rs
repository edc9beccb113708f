//! Whether answers tell who has an account: by what they say, by the work that is done for them, and by the time they take.

use std::time::{Duration, Instant};

use seaworthy::config::Profile;
use seaworthy_testkit::{database::EmptyDatabase, http::Answer};
use serde_json::{Value, json};

use crate::place::{PASSWORD, Place, body, open_with};

const KNOWN: &str = "ada@example.org";
/// Pairs of requests, one after the other, so that whatever slows the machine slows both.
const PAIRS: usize = 15;
const ROUNDS: usize = 3;
/// What would tell is a hash or a transaction more or less, which is several times as much.
const MOST_APART: f64 = 2.5;
/// Below this nothing can be told over a network, and clocks and schedulers decide.
const NOTHING: Duration = Duration::from_millis(3);

/// Without the lockout, which `abuse` looks at: one address is asked for often here.
pub(crate) async fn open(empty: EmptyDatabase) -> Place {
    let own = [
        "rate_limit.enabled=false",
        "lockout.account.max_failures=1000",
        "lockout.ip.max_failures=1000",
    ];
    open_with(empty, Profile::Development, &own).await
}

/// Passwords that were hashed until now.
fn hashed(place: &Place) -> u64 {
    let metrics = place.send("GET", "/metrics", &[], "").body;
    let line = metrics
        .lines()
        .find(|line| !line.starts_with('#') && line.contains("password_hashing_total "))
        .unwrap_or_else(|| panic!("{metrics}"));
    line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64
}

/// Status, names of headers and the body without what every request has of its own.
fn said(answer: &Answer) -> (u16, Vec<String>, Value) {
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

struct Asked<'a> {
    path: &'a str,
    /// Of a request for this address.
    body: fn(&str) -> Value,
    /// Passwords that one request has hashed.
    hashes: u64,
}

pub(crate) async fn nobody_learns_from_an_answer_who_has_an_account_auth_2(place: Place) {
    place.register(KNOWN);
    for asked in [
        Asked {
            path: "/auth/v1/login",
            body: |email| json!({ "email": email, "password": "wrong wrong wrong" }),
            hashes: 1,
        },
        Asked {
            path: "/auth/v1/password/reset/request",
            body: |email| json!({ "email": email }),
            hashes: 0,
        },
        Asked {
            path: "/auth/v1/verify-email/request",
            body: |email| json!({ "email": email }),
            hashes: 0,
        },
    ] {
        compare(&place, &asked);
    }
    // Registering says 409 by the contract; before that it does the same.
    let before = hashed(&place);
    let given = |email: &str| json!({ "email": email, "password": PASSWORD });
    assert_eq!(place.post("/auth/v1/register", &given(KNOWN)).status, 409);
    let taken = hashed(&place) - before;
    assert_eq!(
        place
            .post("/auth/v1/register", &given("new@example.org"))
            .status,
        201
    );
    assert_eq!((taken, hashed(&place) - before), (1, 2));
    let weak = |email: &str| {
        said(&place.post(
            "/auth/v1/register",
            &json!({ "email": email, "password": "short" }),
        ))
    };
    assert_eq!(
        weak(KNOWN),
        weak("nobody@example.org"),
        "a weak password is told first"
    );
}

/// What a machine does besides differs from round to round; what tells is there in each.
fn compare(place: &Place, asked: &Asked<'_>) {
    let rounds: Vec<_> = (0..ROUNDS)
        .map_while(|_| apart(place, asked).err())
        .collect();
    assert!(rounds.len() < ROUNDS, "{}: {rounds:?}", asked.path);
}

/// The times for whom is known and for nobody, where they are apart.
fn apart(place: &Place, asked: &Asked<'_>) -> Result<(), (Duration, Duration)> {
    let path = asked.path;
    let ask = |email: &str| {
        let before = hashed(place);
        let begun = Instant::now();
        let answer = place.post(path, &(asked.body)(email));
        let time = begun.elapsed();
        assert_eq!(hashed(place) - before, asked.hashes, "{path} {email}");
        (said(&answer), time)
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..PAIRS {
        let (of_known, time) = ask(KNOWN);
        known.push(time);
        let (of_unknown, time) = ask(&format!("nobody{number}@example.org"));
        unknown.push(time);
        assert_eq!(of_known, of_unknown, "{path}");
    }
    let (known, unknown) = (median(known), median(unknown));
    let (less, more) = (known.min(unknown), known.max(unknown));
    if more < NOTHING || more.as_secs_f64() / less.as_secs_f64() < MOST_APART {
        return Ok(());
    }
    Err((known, unknown))
}
