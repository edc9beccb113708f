use std::time::Duration;

use axum::{extract::State, http::HeaderMap};
use seaworthy_core::{Code, Error};
use seaworthy_http::{Json, Path, Query, Routes};
use serde::Deserialize;
use tokio::time;

use super::{
    actor, dead_letters_of,
    job::{Job, JobReport},
    require_admin_header, required,
    selection::{DeadLetterAction, DeadLetterQuery},
};
use crate::{
    DeadLetterId, Messaging,
    dead_letters::{DeadLetterDescription, DeadLetterGroup},
    transport::TransportError,
};

/// How long a request waits for the end of the job that it started.
const JOB_WAIT: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Routes<Messaging> {
    Routes::new()
        .get("/dead-letters", list)
        .get("/dead-letters/groups", groups)
        .get("/dead-letters/letters/{id}", show)
        .post("/dead-letters/replay", replay)
        .post("/dead-letters/discard", discard)
        .get("/dead-letters/job", job)
        .post("/dead-letters/job/stop", stop)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ShowOptions {
    payload: bool,
}

async fn list(
    State(messaging): State<Messaging>,
    headers: HeaderMap,
    Query(query): Query<DeadLetterQuery>,
) -> Result<Json<Vec<DeadLetterDescription>>, Error> {
    require_admin_header(&headers)?;
    let letters = dead_letters_of(&messaging)?;
    let selection = query.listed(&messaging, &letters).await?;
    let found = letters.descriptions(&selection).await;
    Ok(Json(found.map_err(unavailable)?))
}

async fn groups(
    State(messaging): State<Messaging>,
    headers: HeaderMap,
    Query(query): Query<DeadLetterQuery>,
) -> Result<Json<Vec<DeadLetterGroup>>, Error> {
    require_admin_header(&headers)?;
    let letters = dead_letters_of(&messaging)?;
    let selection = query.grouped(&messaging, &letters).await?;
    let groups = letters.groups(&selection).await.map_err(unavailable)?;
    Ok(Json(groups))
}

async fn show(
    State(messaging): State<Messaging>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(options): Query<ShowOptions>,
) -> Result<Json<DeadLetterDescription>, Error> {
    require_admin_header(&headers)?;
    let letters = dead_letters_of(&messaging)?;
    let found = letters
        .find(&messaging.topics(), &DeadLetterId::new(&id))
        .await
        .map_err(unavailable)?;
    let letter = found.ok_or_else(|| {
        let message = "no topic of this service's subscriptions has a dead letter with this ID";
        Error::new(Code::NotFound, "DEAD_LETTER_NOT_FOUND", message)
    })?;
    if !options.payload {
        return Ok(Json(DeadLetterDescription::of(&letter)));
    }
    tracing::info!(
        dead_letter = id,
        actor = actor(),
        "an operator reads the payload of a dead letter"
    );
    Ok(Json(DeadLetterDescription::with_payload(&letter)))
}

async fn replay(
    State(messaging): State<Messaging>,
    Json(action): Json<DeadLetterAction>,
) -> Result<Json<JobReport>, Error> {
    let reason = required(&action.reason)?.to_owned();
    let letters = dead_letters_of(&messaging)?;
    let (selection, options) = action.plan(&messaging, &letters).await?;
    tracing::warn!(
        reason,
        actor = actor(),
        dry_run = options.dry_run,
        ?selection,
        target = ?options.target,
        "an operator replays dead letters"
    );
    let work = |progress| async move { letters.replay(&selection, &options, &progress).await };
    started(messaging.begin("replay", work)?).await
}

async fn discard(
    State(messaging): State<Messaging>,
    Json(action): Json<DeadLetterAction>,
) -> Result<Json<JobReport>, Error> {
    let reason = required(&action.reason)?.to_owned();
    let letters = dead_letters_of(&messaging)?;
    let dry_run = action.dry_run;
    let (selection, _) = action.plan(&messaging, &letters).await?;
    tracing::warn!(
        reason,
        actor = actor(),
        dry_run,
        ?selection,
        "an operator discards dead letters"
    );
    let work = move |progress| async move { letters.discard(&selection, dry_run, &progress).await };
    started(messaging.begin("discard", work)?).await
}

/// Returns the report of a job at its end, or after [`JOB_WAIT`].
async fn started(job: Job) -> Result<Json<JobReport>, Error> {
    let _ = time::timeout(JOB_WAIT, job.ended()).await;
    Ok(Json(job.report()))
}

async fn job(State(messaging): State<Messaging>) -> Result<Json<JobReport>, Error> {
    Ok(Json(messaging.last_job()?.report()))
}

async fn stop(State(messaging): State<Messaging>) -> Result<Json<JobReport>, Error> {
    let job = messaging.last_job()?;
    job.stop();
    tracing::warn!(actor = actor(), "an operator stops the job on dead letters");
    started(job).await
}

pub(super) fn unavailable(error: TransportError) -> Error {
    let message = "the broker cannot be reached or rejects the read of its dead letters";
    Error::new(Code::Unavailable, "BROKER_UNAVAILABLE", message).with_cause(error)
}
