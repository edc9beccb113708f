use tutoring_contract::{CallerTerritory, CheckedPage, Json, Path, Query, Reply};
use uuid::Uuid;

use super::{
    HandlerResult, Sessions as State,
    allocations::{ListQuery, Rejection},
};
use crate::{
    domain::errors,
    schedule::{Actor, NewReschedule, NewSubstitution, RescheduleChange, TextField},
    store::{reschedules, substitutions},
};

const STATUSES: [&str; 4] = ["pending", "approved", "rejected", "cancelled"];

pub(super) async fn create(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewReschedule>,
) -> HandlerResult {
    let made = schedule.request_reschedule(&actor, &new).await?;
    Ok(Reply::new("request stored", made).created())
}

pub(super) async fn change(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(change): Json<RescheduleChange>,
) -> HandlerResult {
    let changed = schedule.change_reschedule(&actor, id, &change).await?;
    Ok(Reply::new("request changed", changed).into_response())
}

pub(super) async fn cancel(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    let ended = schedule.cancel_reschedule(&actor, id).await?;
    Ok(Reply::new("request cancelled", ended).into_response())
}

pub(super) async fn approve(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    let decided = schedule.approve_reschedule(&actor, id).await?;
    Ok(Reply::new("session moved", decided).into_response())
}

pub(super) async fn reject(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<Rejection>,
) -> HandlerResult {
    let reason = TextField("rejectionReason", Some(&request.rejection_reason)).required()?;
    let decided = schedule.reject_reschedule(&actor, id, reason).await?;
    Ok(Reply::new("request rejected", decided).into_response())
}

pub(super) async fn list(
    schedule: State,
    territory: CallerTerritory,
    page: CheckedPage,
    Query(query): Query<ListQuery>,
) -> HandlerResult {
    let status = query.status.as_deref();
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(
            errors::invalid("status", "must be pending, approved, rejected or cancelled").into(),
        );
    }
    let found = reschedules::list(&schedule.database, status, &(&territory).into(), page).await?;
    Ok(Reply::new("requests", found).into_response())
}

pub(super) async fn substitute(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewSubstitution>,
) -> HandlerResult {
    let made = schedule.substitute(&actor, &new).await?;
    Ok(Reply::new("substitution stored", made).created())
}

pub(super) async fn substitutions(
    schedule: State,
    territory: CallerTerritory,
    page: CheckedPage,
) -> HandlerResult {
    let limit = (&territory).into();
    let found = substitutions::list(&schedule.database, &limit, page).await?;
    Ok(Reply::new("substitutions", found).into_response())
}

pub(super) async fn revert(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    schedule.revert(&actor, id).await?;
    Ok(Reply::message("substitution reverted").into_response())
}
