use tutoring_contract::{CallerTerritory, CheckedPage, Json, Path, Query, Reply};
use tutoring_identity::TextField;
use uuid::Uuid;

use super::{
    HandlerResult, Sessions as State,
    allocations::{ListQuery, Rejection},
};
use crate::{
    domain::errors,
    schedule::{Actor, NewReschedule, NewSubstitution, RescheduleChange},
    store::{reschedules, substitutions},
};

const STATUSES: [&str; 4] = ["pending", "approved", "rejected", "cancelled"];

pub(super) async fn create(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewReschedule>,
) -> HandlerResult {
    let stored = schedule.request_reschedule(&actor, &new).await?;
    Reply::created("request stored", stored)
}

pub(super) async fn change(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(change): Json<RescheduleChange>,
) -> HandlerResult {
    let changed = schedule.change_reschedule(&actor, id, &change).await?;
    Reply::ok("request changed", changed)
}

pub(super) async fn cancel(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    let ended = schedule.cancel_reschedule(&actor, id).await?;
    Reply::ok("request cancelled", ended)
}

pub(super) async fn approve(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    let decided = schedule.approve_reschedule(&actor, id).await?;
    Reply::ok("session moved", decided)
}

pub(super) async fn reject(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<Rejection>,
) -> HandlerResult {
    let reason = TextField("rejectionReason", Some(&request.rejection_reason)).required()?;
    let decided = schedule.reject_reschedule(&actor, id, reason).await?;
    Reply::ok("request rejected", decided)
}

pub(super) async fn list(
    schedule: State,
    territory: CallerTerritory,
    page: CheckedPage,
    Query(query): Query<ListQuery>,
) -> HandlerResult {
    let status = query.status.as_deref();
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        let problem = "must be pending, approved, rejected or cancelled";
        return Err(errors::invalid("status", problem));
    }
    let found = reschedules::list(&schedule.database, status, &(&territory).into(), page).await?;
    Reply::ok("requests", found)
}

pub(super) async fn substitute(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewSubstitution>,
) -> HandlerResult {
    let stored = schedule.substitute(&actor, &new).await?;
    Reply::created("substitution stored", stored)
}

pub(super) async fn substitutions(
    schedule: State,
    territory: CallerTerritory,
    page: CheckedPage,
) -> HandlerResult {
    let limit = (&territory).into();
    let found = substitutions::list(&schedule.database, &limit, page).await?;
    Reply::ok("substitutions", found)
}

pub(super) async fn revert(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    schedule.revert(&actor, id).await?;
    Ok(Reply::message("substitution reverted").into_response())
}
