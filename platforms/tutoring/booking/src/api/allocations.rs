use jiff::civil::Date;
use seaworthy::{
    axum::{extract::State as Extract, http::StatusCode, response::IntoResponse as _},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{PageRequest, Reply, Role, Slot};
use tutoring_identity::own_or_permitted;
use uuid::Uuid;

use super::{Given, HandlerResult, Sessions as State};
use crate::{
    domain::{Package, errors},
    schedule::{
        ALLOCATION_READ, ALLOCATION_WRITE, Actor, AllocationChange, Creation, Given as Text,
    },
    store::{Allocations, Filter},
};

/// The states that a list can be limited to.
const STATUSES: [&str; 6] = [
    "pending",
    "approved",
    "active",
    "completed",
    "rejected",
    "cancelled",
];

/// An allocation by an administrator, with the package of a payment. Without a slot, the last
/// allocation of the student and course continues.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewAllocation {
    student_id: Uuid,
    course_id: Uuid,
    #[serde(default)]
    trainer_id: Option<Uuid>,
    #[serde(default)]
    session_count: Option<u16>,
    #[serde(default)]
    notes: Option<String>,
    #[serde(flatten)]
    package: Value,
}

impl NewAllocation {
    fn has_slot(&self) -> bool {
        let schedule = self.package.get("schedule");
        let slot = schedule.and_then(|schedule| schedule.get("timeSlot"));
        slot.or_else(|| self.package.get("timeSlot")).is_some()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AutoAssign {
    student_id: Uuid,
    course_id: Uuid,
    time_slot: Slot,
    date: Date,
    #[serde(default)]
    payment_metadata: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Approval {
    #[serde(default)]
    trainer_id: Option<Uuid>,
}

#[derive(Deserialize)]
pub(super) struct Cancellation {
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rejection {
    pub(super) rejection_reason: String,
}

#[derive(Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    status: Option<String>,
}

/// The smallest package, where a request names no number of sessions.
const DEFAULT_SESSIONS: u16 = 10;

pub(super) async fn create(
    Extract(schedule): State,
    request: Given<Json<NewAllocation>>,
) -> HandlerResult {
    let Json(new) = request?;
    let count = new.session_count.unwrap_or(DEFAULT_SESSIONS);
    let package = match new.has_slot() {
        true => Some((Package::of_metadata(&new.package)?, count)),
        false => None,
    };
    let notes = Text("notes", new.notes.as_deref()).optional()?;
    let creation = Creation {
        student: new.student_id,
        course: new.course_id,
        package,
        trainer: new.trainer_id,
        notes: notes.map(str::to_owned),
    };
    let created = schedule.create(Actor::current()?, &creation).await?;
    Ok(Reply::new("allocation", created).created())
}

pub(super) async fn auto_assign(
    Extract(schedule): State,
    request: Given<Json<AutoAssign>>,
) -> HandlerResult {
    let actor = Actor::current()?;
    if actor.role.is_some() {
        actor.require(&[], Some(ALLOCATION_WRITE))?;
    }
    let Json(new) = request?;
    let mut metadata = new.payment_metadata.unwrap_or_else(|| json!({}));
    let count = metadata.get("sessionCount").and_then(Value::as_u64);
    let count = count.and_then(|count| u16::try_from(count).ok());
    if let Some(members) = metadata.as_object_mut() {
        let schedule = json!({ "timeSlot": new.time_slot, "startDate": new.date });
        members.insert("schedule".to_owned(), schedule);
    }
    let package = Package::of_metadata(&metadata)?;
    let count = count.unwrap_or(DEFAULT_SESSIONS);
    let creation = Creation {
        student: new.student_id,
        course: new.course_id,
        package: Some((package, count)),
        trainer: None,
        notes: None,
    };
    let created = schedule.create(actor, &creation).await?;
    let status = match created.trainer_id {
        Some(_) => StatusCode::CREATED,
        None => StatusCode::ACCEPTED,
    };
    Ok((status, Reply::new("allocation", created)).into_response())
}

pub(super) async fn change(
    Extract(schedule): State,
    id: Given<Path<Uuid>>,
    request: Given<Json<AllocationChange>>,
) -> HandlerResult {
    let (Path(id), Json(change)) = (id?, request?);
    let actor = Actor::current()?;
    let changed = schedule.change_allocation(actor, id, &change).await?;
    Ok(Reply::new("allocation", changed).into_response())
}

pub(super) async fn approve(
    Extract(schedule): State,
    id: Given<Path<Uuid>>,
    request: Given<Json<Approval>>,
) -> HandlerResult {
    let (Path(id), Json(request)) = (id?, request?);
    let actor = Actor::current()?;
    let allocation = schedule.approve(actor, id, request.trainer_id).await?;
    Ok(Reply::new("allocation", allocation).into_response())
}

pub(super) async fn reject(
    Extract(schedule): State,
    id: Given<Path<Uuid>>,
    request: Given<Json<Rejection>>,
) -> HandlerResult {
    let (Path(id), Json(request)) = (id?, request?);
    let reason = Text("rejectionReason", Some(&request.rejection_reason)).required()?;
    let allocation = schedule.reject(Actor::current()?, id, reason).await?;
    Ok(Reply::new("allocation rejected", allocation).into_response())
}

pub(super) async fn cancel(
    Extract(schedule): State,
    id: Given<Path<Uuid>>,
    request: Given<Json<Cancellation>>,
) -> HandlerResult {
    let (Path(id), Json(request)) = (id?, request?);
    let reason = Text("reason", Some(&request.reason)).required()?;
    let actor = Actor::current()?;
    let allocation = schedule.cancel_allocation(actor, id, reason).await?;
    Ok(Reply::new("allocation cancelled", allocation).into_response())
}

pub(super) async fn create_sessions(
    Extract(schedule): State,
    id: Given<Path<Uuid>>,
) -> HandlerResult {
    let Path(id) = id?;
    let created = schedule.create_sessions(id).await?;
    Ok(Reply::new("sessions", json!({ "created": created })).into_response())
}

pub(super) async fn create_pending_sessions(Extract(schedule): State) -> HandlerResult {
    let created = schedule.create_pending_sessions().await?;
    Ok(Reply::new("sessions", json!({ "created": created })).into_response())
}

pub(super) async fn retry_pending(Extract(schedule): State) -> HandlerResult {
    let approved = schedule.retry_pending().await?;
    Ok(Reply::new("allocations", json!({ "approved": approved })).into_response())
}

pub(super) async fn list(
    Extract(schedule): State,
    page: Given<Query<PageRequest>>,
    query: Given<Query<ListQuery>>,
) -> HandlerResult {
    let (Query(page), Query(query)) = (page?, query?);
    let filter = match query.status.as_deref() {
        None => Filter::All,
        Some(status) => {
            let known = STATUSES.into_iter().find(|known| *known == status);
            let problem = "must be pending, approved, active, completed, rejected or cancelled";
            let known = known.ok_or_else(|| errors::invalid("status", problem))?;
            Filter::Status(known)
        }
    };
    list_of(&schedule, page, filter).await
}

async fn list_of(
    schedule: &crate::schedule::Schedule,
    page: PageRequest,
    filter: Filter,
) -> HandlerResult {
    let page = page.checked()?;
    let (limit, offset) = (page.limit, page.offset());
    let (items, total) = Allocations::list(&schedule.database, filter, limit, offset).await?;
    Ok(Reply::new("allocations", page.of(items, total)).into_response())
}

pub(super) async fn of_student(
    Extract(schedule): State,
    id: Given<Path<String>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let (Path(id), Query(page)) = (id?, page?);
    let id = own_or_permitted(&id, Role::Student, Some(ALLOCATION_READ))?;
    list_of(&schedule, page, Filter::Student(id)).await
}

pub(super) async fn of_trainer(
    Extract(schedule): State,
    id: Given<Path<String>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let (Path(id), Query(page)) = (id?, page?);
    let id = own_or_permitted(&id, Role::Trainer, Some(ALLOCATION_READ))?;
    list_of(&schedule, page, Filter::Trainer(id)).await
}

pub(super) async fn show(Extract(schedule): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let found = Allocations::by_id(&schedule.database, id).await?;
    // Another user's allocation does not exist for the caller.
    let found = found.ok_or_else(|| errors::not_found("allocation"))?;
    let mut owners = vec![(Role::Student, found.student_id)];
    owners.extend(found.trainer_id.map(|trainer| (Role::Trainer, trainer)));
    Actor::current()?
        .require(&owners, Some(ALLOCATION_READ))
        .map_err(|_| errors::not_found("allocation"))?;
    Ok(Reply::new("allocation", found).into_response())
}

pub(super) async fn refusals(Extract(schedule): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let rows = Allocations::refusals(&schedule.database, id).await?;
    Ok(Reply::new("refusals", rows).into_response())
}
