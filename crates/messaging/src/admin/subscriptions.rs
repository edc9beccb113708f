use axum::extract::State;
use seaworthy_core::{Code, Error};
use seaworthy_http::{Json, Path, Routes};
use serde::Deserialize;

use super::{actor, required};
use crate::{ConsumerReport, Messaging};

pub(super) fn routes() -> Routes<Messaging> {
    Routes::new()
        .get("/subscriptions", list)
        .post("/subscriptions/{group}/pause", pause)
        .post("/subscriptions/{group}/resume", resume)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    reason: String,
}

async fn list(State(messaging): State<Messaging>) -> Json<Vec<ConsumerReport>> {
    Json(messaging.consumers())
}

async fn pause(
    State(messaging): State<Messaging>,
    Path(group): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Vec<ConsumerReport>>, Error> {
    let reason = required(&change.reason)?;
    if !messaging.pause(&group) {
        return Err(missing());
    }
    tracing::warn!(
        group,
        reason,
        actor = actor(),
        "an operator paused a subscription of this instance"
    );
    Ok(Json(messaging.consumers()))
}

async fn resume(
    State(messaging): State<Messaging>,
    Path(group): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Vec<ConsumerReport>>, Error> {
    let reason = required(&change.reason)?;
    if !messaging.resume(&group) {
        return Err(missing());
    }
    tracing::warn!(
        group,
        reason,
        actor = actor(),
        "an operator resumed a subscription of this instance"
    );
    Ok(Json(messaging.consumers()))
}

fn missing() -> Error {
    Error::new(
        Code::NotFound,
        "SUBSCRIPTION_NOT_FOUND",
        "this instance has no subscription with this consumer group",
    )
}
