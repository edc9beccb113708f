use jiff::{ToSpan as _, civil::Date};
use seaworthy::prelude::*;
use tutoring_contract::{CallerTerritory, CheckedPage, Json, Path, Reply, Role};
use tutoring_identity::{TextField, own_or_permitted};

use super::{ExtractResult, HandlerResult, Sessions as State, allocations::Reason};
use crate::{
    domain::errors,
    schedule::{Actor, EndRequest, SESSION_READ, SESSION_WRITE, Schedule, StartRequest},
    store::{Entity, sessions, slots},
};

/// The days of a trainer's schedule, set by the contract of the platform.
const SCHEDULE_DAYS: i64 = 30;

#[derive(Deserialize)]
pub(super) struct Code {
    otp: String,
}

#[derive(Deserialize)]
pub(super) struct Confirmation {
    confirmed: bool,
    notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resolution {
    was_held: bool,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttendanceRequest {
    session_id: Uuid,
    status: String,
    notes: Option<String>,
}

pub(super) async fn show(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    let found = sessions::by_id(&schedule.database, id).await?;
    let found = found.ok_or_else(|| errors::not_found("session"))?;
    let owners = [
        (Role::Student, found.student_id),
        (Role::Trainer, found.trainer_id),
    ];
    actor
        .require(&owners, Some(SESSION_READ))
        .map_err(|_| errors::not_found("session"))?;
    schedule
        .require_entity(&schedule.database, &actor, Entity::Session(id))
        .await?;
    Reply::ok("session", found)
}

async fn list_of(
    schedule: &Schedule,
    territory: &CallerTerritory,
    (user, is_trainer): (Uuid, bool),
    page: CheckedPage,
) -> HandlerResult {
    let limit = territory.into();
    let found = sessions::of_user(&schedule.database, user, is_trainer, &limit, page).await?;
    Reply::ok("sessions", found)
}

pub(super) async fn of_student(
    schedule: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    page: CheckedPage,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Student, Some(SESSION_READ))?;
    list_of(&schedule, &territory, (id, false), page).await
}

pub(super) async fn of_trainer(
    schedule: State,
    territory: CallerTerritory,
    Path(id): Path<String>,
    page: CheckedPage,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Trainer, Some(SESSION_READ))?;
    list_of(&schedule, &territory, (id, true), page).await
}

pub(super) async fn start(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<StartRequest>,
) -> HandlerResult {
    let session = schedule.start(&actor, id, &request).await?;
    Reply::ok("the code was sent to the student", session)
}

pub(super) async fn verify(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<Code>,
) -> HandlerResult {
    let session = schedule.verify(&actor, id, &request.otp).await?;
    Reply::ok("session started", session)
}

pub(super) async fn end(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<EndRequest>,
) -> HandlerResult {
    let session = schedule.end_session(&actor, id, &request).await?;
    Reply::ok("session ended", session)
}

pub(super) async fn confirm(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<Confirmation>,
) -> HandlerResult {
    let notes = TextField("notes", request.notes.as_deref()).optional()?;
    let session = schedule
        .confirm(&actor, id, request.confirmed, notes)
        .await?;
    Reply::ok("session", session)
}

pub(super) async fn cancel(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<Reason>,
) -> HandlerResult {
    let reason = TextField("reason", Some(&request.reason)).required()?;
    let session = schedule.cancel_session(&actor, id, reason).await?;
    Reply::ok("session cancelled", session)
}

pub(super) async fn resolve(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(request): Json<Resolution>,
) -> HandlerResult {
    let reason = TextField("reason", Some(&request.reason)).required()?;
    let session = schedule
        .resolve(&actor, id, request.was_held, reason)
        .await?;
    Reply::ok("session", session)
}

pub(super) async fn schedule(
    schedule: State,
    actor: Actor,
    Path(id): Path<String>,
) -> HandlerResult {
    let id = own_or_permitted(&id, Role::Trainer, Some(SESSION_READ))?;
    schedule
        .require_trainer(&schedule.database, &actor, id)
        .await?;
    let first = schedule.zone.today();
    let last = first.checked_add(SCHEDULE_DAYS.days()).unwrap_or(Date::MAX);
    let booked = slots::booked(&schedule.database, id, (first, last)).await?;
    let view = booked
        .iter()
        .map(|one| json!({ "date": one.date, "timeSlot": one.slot, "place": one.place }));
    Reply::ok("schedule", view.collect::<Vec<_>>())
}

pub(super) async fn attend(
    schedule: State,
    actor: Actor,
    request: ExtractResult<Json<AttendanceRequest>>,
) -> HandlerResult {
    actor.require(&[(Role::Trainer, actor.id)], Some(SESSION_WRITE))?;
    let Json(request) = request?;
    let notes = TextField("notes", request.notes.as_deref()).optional()?;
    let id = request.session_id;
    schedule.attend(&actor, id, &request.status, notes).await?;
    Ok(Reply::message("attendance stored").into_response())
}
