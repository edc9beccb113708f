//! Checks the behavior that every [`IdempotencyStore`] must have.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode},
    response::IntoResponse as _,
    routing::any,
};
use futures::future::BoxFuture;
use http_body_util::BodyExt as _;
use seaworthy_core::new_id;
use tower::Service as _;

use super::{IdempotencyConfig, IdempotencyLayer, IdempotencyStore};
use crate::error::reason;

/// Makes one change on behalf of the running call.
///
/// A store in a database gets a committed transaction. Other stores get an
/// [`Attempt`](seaworthy_core::effects::Attempt) that succeeded.
pub type Change = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A requirement that the store violates.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Violation(String);

/// The result of a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// The call runs again.
    Runs,
    /// The recorded response.
    Replayed,
    /// 409 with this reason.
    Conflict(&'static str),
}

/// A call and the required result of its repeat.
#[derive(Debug, Clone, Copy)]
struct Case {
    changes: bool,
    status: StatusCode,
    repeat: Repeat,
}

const fn case(changes: bool, status: StatusCode, repeat: Repeat) -> Case {
    Case {
        changes,
        status,
        repeat,
    }
}

const CASES: [Case; 9] = [
    case(false, StatusCode::CREATED, Repeat::Replayed),
    case(true, StatusCode::CREATED, Repeat::Replayed),
    case(false, StatusCode::NOT_FOUND, Repeat::Replayed),
    case(false, StatusCode::UNPROCESSABLE_ENTITY, Repeat::Runs),
    case(false, StatusCode::TOO_MANY_REQUESTS, Repeat::Runs),
    // A rejection after a change is a response like any other.
    case(true, StatusCode::UNPROCESSABLE_ENTITY, Repeat::Replayed),
    case(true, StatusCode::TOO_MANY_REQUESTS, Repeat::Replayed),
    case(false, StatusCode::SERVICE_UNAVAILABLE, Repeat::Runs),
    case(
        true,
        StatusCode::SERVICE_UNAVAILABLE,
        Repeat::Conflict(reason::IDEMPOTENT_RESPONSE_NOT_STORED),
    ),
];

/// Checks a store with an [`IdempotencyLayer`]. The keys are random, and stay in the store until
/// they expire.
///
/// # Errors
/// [`Violation`] for the first call whose repeat gets another result than on other stores.
pub async fn check(store: Arc<dyn IdempotencyStore>, change: Change) -> Result<(), Violation> {
    for case in CASES {
        let repeat = repeat_of(case, Arc::clone(&store), Arc::clone(&change)).await?;
        if repeat != case.repeat {
            return Err(Violation(format!(
                "a repeat of {case:?} must not be {repeat:?}"
            )));
        }
    }
    Ok(())
}

/// Sends the same request twice and returns what the second one got.
async fn repeat_of(
    case: Case,
    store: Arc<dyn IdempotencyStore>,
    change: Change,
) -> Result<Repeat, Violation> {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let serve = async move || {
        let call = counted.fetch_add(1, Ordering::SeqCst) + 1;
        if case.changes && call == 1 {
            change().await;
        }
        (case.status, format!("call {call}")).into_response()
    };
    let config = IdempotencyConfig::default();
    let spawn = |call| drop(tokio::spawn(call));
    let mut router = Router::new()
        .fallback(any(serve))
        .layer(IdempotencyLayer::new(config, store, spawn));
    let key = HeaderValue::try_from(new_id().to_string()).map_err(violation)?;
    let first = send(&mut router, &key).await?;
    if first != (case.status, "call 1".to_owned()) {
        return Err(Violation(format!("the first {case:?} got {first:?}")));
    }
    let (status, body) = send(&mut router, &key).await?;
    let is_run_again = calls.load(Ordering::SeqCst) > 1;
    let conflict = [
        reason::IDEMPOTENT_RESPONSE_NOT_STORED,
        reason::IDEMPOTENT_OUTCOME_UNKNOWN,
        reason::IDEMPOTENCY_KEY_IN_USE,
    ]
    .into_iter()
    .find(|reason| status == StatusCode::CONFLICT && body.contains(reason));
    match conflict {
        _ if is_run_again => Ok(Repeat::Runs),
        Some(reason) => Ok(Repeat::Conflict(reason)),
        None if (status, body.as_str()) == (case.status, "call 1") => Ok(Repeat::Replayed),
        None => Err(Violation(format!(
            "the repeat of {case:?} got {status}: {body}"
        ))),
    }
}

async fn send(router: &mut Router, key: &HeaderValue) -> Result<(StatusCode, String), Violation> {
    let request = Request::post("/orders")
        .header("idempotency-key", key)
        .body(Body::from("{}"))
        .map_err(violation)?;
    let response = router.call(request).await.map_err(violation)?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(violation)?;
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    Ok((status, body))
}

fn violation(error: impl fmt::Display) -> Violation {
    Violation(error.to_string())
}
