use std::{
    net::SocketAddr,
    thread::sleep,
    time::{Duration, Instant},
};

use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::Value;

/// The maximum time that tests wait for a condition.
const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Sends a request of a mobile application to a path below `/api/v1`. An empty `token` sends no
/// token, and a `null` body sends no body.
///
/// # Panics
/// The service does not respond.
pub fn call(
    service: SocketAddr,
    (method, path): (&str, &str),
    token: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> HttpResponse {
    let bearer = format!("Bearer {token}");
    let mut all = vec![
        ("content-type", "application/json"),
        ("x-client-type", "mobile"),
    ];
    if !token.is_empty() {
        all.push(("authorization", &bearer));
    }
    all.extend(headers);
    let body = match body.is_null() {
        true => String::new(),
        false => body.to_string(),
    };
    request(service, method, &format!("/api/v1{path}"), &all, &body).unwrap()
}

/// Returns the body of a response. `null` if it is not JSON.
#[must_use]
pub fn json_of(answer: &HttpResponse) -> Value {
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

/// Returns the data of a successful response.
///
/// # Panics
/// The response is an error.
#[track_caller]
pub fn data(answer: &HttpResponse) -> Value {
    assert!((200..300).contains(&answer.status), "{}", answer.body);
    json_of(answer).get("data").cloned().unwrap_or_default()
}

/// Returns the status and the code of an error.
#[must_use]
pub fn rejection(answer: &HttpResponse) -> (u16, String) {
    let body = json_of(answer);
    let code = body.get("code").and_then(Value::as_str);
    (answer.status, code.unwrap_or_default().to_owned())
}

/// Waits until a value exists.
///
/// # Panics
/// It does not exist within a minute.
pub fn wait_for<T>(condition: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started.elapsed() < TIMEOUT, "{condition} did not happen");
        sleep(POLL_INTERVAL);
    }
}
