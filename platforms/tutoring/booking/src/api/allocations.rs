use jiff::civil::Date;
use seaworthy::{
    axum::{http::StatusCode, response::IntoResponse as _},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{CallerTerritory, CheckedPage, Json, Path, Query, Reply, Role, Slot};
use tutoring_identity::{TextField, own_or_permitted};

use super::{ExtractResult, HandlerResult, Sessions as State};
use crate::{
    domain::{Package, errors},
    schedule::{ALLOCATION_READ, ALLOCATION_WRITE, Actor, AllocationChange, Creation},
    store::{Entity, Filter, allocations},
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
    trainer_id: Option<Uuid>,
    session_count: Option<u16>,
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
    payment_metadata: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Approval {
    trainer_id: Option<Uuid>,
}

#[derive(Deserialize)]
pub(super) struct Reason {
    pub(super) reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rejection {
    pub(super) rejection_reason: String,
}

#[derive(Deserialize)]
pub(super) struct ListQuery {
    pub(super) status: Option<String>,
}

/// The default number of sessions: the smallest package.
const DEFAULT_SESSIONS: u16 = 10;

pub(super) async fn create(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewAllocation>,
) -> HandlerResult {
    let count = new.session_count.unwrap_or(DEFAULT_SESSIONS);
    let package = match new.has_slot() {
        true => Some((Package::from_metadata(&new.package)?, count)),
        false => None,
    };
    let notes = TextField("notes", new.notes.as_deref()).optional()?;
    let creation = Creation {
        student: new.student_id,
        course: new.course_id,
        package,
        trainer: new.trainer_id,
        notes: notes.map(str::to_owned),
    };
    Reply::created("allocation", schedule.create(&actor, &creation).await?)
}

pub(super) async fn auto_assign(
    schedule: State,
    actor: Actor,
    request: ExtractResult<Json<AutoAssign>>,
) -> HandlerResult {
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
    let package = Package::from_metadata(&metadata)?;
    let count = count.unwrap_or(DEFAULT_SESSIONS);
    let creation = Creation {
        student: new.student_id,
        course: new.course_id,
        package: Some((package, count)),
        trainer: None,
        notes: None,
    };
    let created = schedule.create(&actor, &creation).await?;
    let status = match created.trainer_id {
        Some(_) => StatusCode::CREATED,
        None => StatusCode::ACCEPTED,
    };
    Ok((status, Reply::new("allocation", created)).into_response())
}

pub(super) async fn change(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(change): Json<AllocationChange>,
) -> HandlerResult {
    let changed = schedule.change_allocation(&actor, id, &change).await?;
    Reply::ok("allocation", changed)
}

pub(super) async fn approve(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    request: ExtractResult<Option<Json<Approval>>>,
) -> HandlerResult {
    let trainer = request?.and_then(|Json(request)| request.trainer_id);
    Reply::ok("allocation", schedule.approve(&actor, id, trainer).await?)
}

pub(super) async fn reject(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<Rejection>,
) -> HandlerResult {
    let reason = TextField("rejectionReason", Some(&request.rejection_reason)).required()?;
    let allocation = schedule.reject(&actor, id, reason).await?;
    Reply::ok("allocation rejected", allocation)
}

pub(super) async fn cancel(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<Reason>,
) -> HandlerResult {
    let reason = TextField("reason", Some(&request.reason)).required()?;
    let allocation = schedule.cancel_allocation(&actor, id, reason).await?;
    Reply::ok("allocation cancelled", allocation)
}

pub(super) async fn create_sessions(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> HandlerResult {
    let created = schedule.create_sessions(&actor, id).await?;
    Reply::ok("sessions", json!({ "created": created }))
}

pub(super) async fn create_pending_sessions(schedule: State, actor: Actor) -> HandlerResult {
    let created = schedule.create_pending_sessions(&actor).await?;
    Reply::ok("sessions", json!({ "created": created }))
}

pub(super) async fn retry_pending(schedule: State, actor: Actor) -> HandlerResult {
    let approved = schedule.retry_pending(Some(&actor)).await?;
    Reply::ok("allocations", json!({ "approved": approved }))
}

pub(super) async fn list(
    schedule: State,
    territory: CallerTerritory,
    page: CheckedPage,
    Query(query): Query<ListQuery>,
) -> HandlerResult {
    let filter = match query.status.as_deref() {
        None => Filter::All,
        Some(status) => {
            let known = STATUSES.into_iter().find(|known| *known == status);
            let problem = "must be pending, approved, active, completed, rejected or cancelled";
            let known = known.ok_or_else(|| errors::invalid("status", problem))?;
            Filter::Status(known)
        }
    };
    list_of(&schedule, &territory, page, filter).await
}

async fn list_of(
    schedule: &crate::schedule::Schedule,
    territory: &CallerTerritory,
    page: CheckedPage,
    filter: Filter,
) -> HandlerResult {
    let found = allocations::list(&schedule.database, filter, &territory.into(), page).await?;
    Reply::ok("allocations", found)
}

pub(super) async fn of_student(
    schedule: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    page: CheckedPage,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Student, Some(ALLOCATION_READ))?;
    list_of(&schedule, &territory, page, Filter::Student(id)).await
}

pub(super) async fn of_trainer(
    schedule: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    page: CheckedPage,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Trainer, Some(ALLOCATION_READ))?;
    list_of(&schedule, &territory, page, Filter::Trainer(id)).await
}

pub(super) async fn show(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    let found = allocations::by_id(&schedule.database, id).await?;
    // Return NOT_FOUND for another user's allocation, because its existence is private.
    let found = found.ok_or_else(|| errors::not_found("allocation"))?;
    let mut owners = vec![(Role::Student, found.student_id)];
    owners.extend(found.trainer_id.map(|trainer| (Role::Trainer, trainer)));
    actor
        .require(&owners, Some(ALLOCATION_READ))
        .map_err(|_| errors::not_found("allocation"))?;
    schedule
        .require_entity(&schedule.database, &actor, Entity::Allocation(id))
        .await?;
    Reply::ok("allocation", found)
}

pub(super) async fn rejections(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> HandlerResult {
    schedule
        .require_entity(&schedule.database, &actor, Entity::Allocation(id))
        .await?;
    let rows = allocations::rejections(&schedule.database, id).await?;
    Reply::ok("refusals", rows)
}
