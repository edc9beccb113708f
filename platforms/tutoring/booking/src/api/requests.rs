use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use tutoring_contract::{PageRequest, Reply};
use uuid::Uuid;

use super::{Given, HandlerResult, Sessions as State, allocations::Rejection};
use crate::{
    domain::errors,
    schedule::{Actor, Given as Text, NewReschedule, NewSubstitution, RescheduleChange},
    store::{Reschedules, Substitutions},
};

const STATUSES: [&str; 4] = ["pending", "approved", "rejected", "cancelled"];

#[derive(Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    status: Option<String>,
}

pub(super) async fn create(
    Extract(schedule): State,
    request: Given<Json<NewReschedule>>,
) -> HandlerResult {
    let Json(new) = request?;
    let made = schedule.request_reschedule(Actor::current()?, &new).await?;
    Ok(Reply::new("request stored", made).created())
}

pub(super) async fn change(
    Extract(schedule): State,
    id: Given<Path<Uuid>>,
    request: Given<Json<RescheduleChange>>,
) -> HandlerResult {
    let (Path(id), Json(change)) = (id?, request?);
    let actor = Actor::current()?;
    let changed = schedule.change_reschedule(actor, id, &change).await?;
    Ok(Reply::new("request changed", changed).into_response())
}

pub(super) async fn cancel(Extract(schedule): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let ended = schedule.cancel_reschedule(Actor::current()?, id).await?;
    Ok(Reply::new("request cancelled", ended).into_response())
}

pub(super) async fn approve(Extract(schedule): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let decided = schedule.approve_reschedule(Actor::current()?, id).await?;
    Ok(Reply::new("session moved", decided).into_response())
}

pub(super) async fn reject(
    Extract(schedule): State,
    id: Given<Path<Uuid>>,
    request: Given<Json<Rejection>>,
) -> HandlerResult {
    let (Path(id), Json(request)) = (id?, request?);
    let reason = Text("rejectionReason", Some(&request.rejection_reason)).required()?;
    let actor = Actor::current()?;
    let decided = schedule.reject_reschedule(actor, id, reason).await?;
    Ok(Reply::new("request rejected", decided).into_response())
}

pub(super) async fn list(
    Extract(schedule): State,
    page: Given<Query<PageRequest>>,
    query: Given<Query<ListQuery>>,
) -> HandlerResult {
    let (Query(page), Query(query)) = (page?, query?);
    let status = query.status.as_deref().unwrap_or("pending");
    if !STATUSES.contains(&status) {
        return Err(
            errors::invalid("status", "must be pending, approved, rejected or cancelled").into(),
        );
    }
    let page = page.checked()?;
    let (limit, offset) = (page.limit, page.offset());
    let (items, total) = Reschedules::list(&schedule.database, status, limit, offset).await?;
    Ok(Reply::new("requests", page.of(items, total)).into_response())
}

pub(super) async fn substitute(
    Extract(schedule): State,
    request: Given<Json<NewSubstitution>>,
) -> HandlerResult {
    let Json(new) = request?;
    let made = schedule.substitute(Actor::current()?, &new).await?;
    Ok(Reply::new("substitution stored", made).created())
}

pub(super) async fn substitutions(
    Extract(schedule): State,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let Query(page) = page?;
    let page = page.checked()?;
    let (limit, offset) = (page.limit, page.offset());
    let (items, total) = Substitutions::list(&schedule.database, limit, offset).await?;
    Ok(Reply::new("substitutions", page.of(items, total)).into_response())
}

pub(super) async fn revert(Extract(schedule): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    schedule.revert(Actor::current()?, id).await?;
    Ok(Reply::message("substitution reverted").into_response())
}
