use std::time::Duration;

use axum::extract::State;
use seaworthy_core::{Code, Error};
use seaworthy_http::{Json, Path, Query, Routes};
use serde::Deserialize;
use tokio::time;

use super::{
    actor, given,
    job::{Job, JobReport},
    letters_of,
    wish::{Asked, Wish},
};
use crate::{
    DeadLetterId, Messaging,
    dead_letters::{DeadLetterDescription, DeadLetterGroup},
    transport::TransportError,
};

/// A request waits so long for the end of what it began; most are done by then.
const WAIT: Duration = Duration::from_secs(2);

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
struct Shown {
    payload: bool,
}

async fn list(
    State(messaging): State<Messaging>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<DeadLetterDescription>>, Error> {
    let letters = letters_of(&messaging)?;
    let selection = asked.selection(&messaging, true);
    let found = letters.select(&selection).await.map_err(unanswered)?;
    Ok(Json(found.iter().map(DeadLetterDescription::of).collect()))
}

async fn groups(
    State(messaging): State<Messaging>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<DeadLetterGroup>>, Error> {
    let letters = letters_of(&messaging)?;
    let selection = asked.selection(&messaging, false);
    let groups = letters.groups(&selection).await.map_err(unanswered)?;
    Ok(Json(groups))
}

async fn show(
    State(messaging): State<Messaging>,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Json<DeadLetterDescription>, Error> {
    let letters = letters_of(&messaging)?;
    let found = letters
        .find(&messaging.topics(), &DeadLetterId::new(&id))
        .await
        .map_err(unanswered)?;
    let letter = found.ok_or_else(|| {
        let message = "no dead letter of this service's topics has this identifier";
        Error::new(Code::NotFound, "NO_SUCH_DEAD_LETTER", message)
    })?;
    if !shown.payload {
        return Ok(Json(DeadLetterDescription::of(&letter)));
    }
    tracing::info!(
        dead_letter = id,
        actor = actor(),
        "the payload of a dead letter is shown to an operator"
    );
    Ok(Json(DeadLetterDescription::with_payload(&letter)))
}

async fn replay(
    State(messaging): State<Messaging>,
    Json(wish): Json<Wish>,
) -> Result<Json<JobReport>, Error> {
    let reason = given(&wish.reason)?.to_owned();
    let letters = letters_of(&messaging)?;
    let (selection, how) = wish.plan(&messaging)?;
    tracing::warn!(
        reason,
        actor = actor(),
        dry_run = how.dry_run,
        ?selection,
        target = ?how.target,
        "dead letters are replayed by an operator"
    );
    let work = |progress| async move { letters.replay(&selection, &how, &progress).await };
    begun(messaging.begin("replay", work)?).await
}

async fn discard(
    State(messaging): State<Messaging>,
    Json(wish): Json<Wish>,
) -> Result<Json<JobReport>, Error> {
    let reason = given(&wish.reason)?.to_owned();
    let letters = letters_of(&messaging)?;
    let dry_run = wish.dry_run;
    let (selection, _) = wish.plan(&messaging)?;
    tracing::warn!(
        reason,
        actor = actor(),
        dry_run,
        ?selection,
        "dead letters are discarded by an operator"
    );
    let work = move |progress| async move { letters.discard(&selection, dry_run, &progress).await };
    begun(messaging.begin("discard", work)?).await
}

/// What became of it within a moment; the rest is asked for.
async fn begun(job: Job) -> Result<Json<JobReport>, Error> {
    let _ = time::timeout(WAIT, job.ended()).await;
    Ok(Json(job.report()))
}

async fn job(State(messaging): State<Messaging>) -> Result<Json<JobReport>, Error> {
    Ok(Json(messaging.last_job()?.report()))
}

async fn stop(State(messaging): State<Messaging>) -> Result<Json<JobReport>, Error> {
    let job = messaging.last_job()?;
    job.stop();
    tracing::warn!(
        actor = actor(),
        "the work on dead letters was stopped by an operator"
    );
    begun(job).await
}

fn unanswered(error: TransportError) -> Error {
    let message = "the broker does not show its dead letters";
    Error::new(Code::Unavailable, "BROKER_UNAVAILABLE", message).with_cause(error)
}
