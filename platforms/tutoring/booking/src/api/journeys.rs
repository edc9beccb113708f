use seaworthy::prelude::*;
use tutoring_contract::{Json, Path, Reply};

use super::{HandlerResult, Sessions as State};
use crate::{domain::LocationUpdate, schedule::Actor, store::Entity};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartRequest {
    session_id: Uuid,
}

pub(super) async fn start(
    schedule: State,
    actor: Actor,
    Json(request): Json<StartRequest>,
) -> HandlerResult {
    let journey = schedule.start_journey(&actor, request.session_id).await?;
    Reply::created("journey started", journey)
}

pub(super) async fn locate(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(update): Json<LocationUpdate>,
) -> HandlerResult {
    let journey = schedule.move_journey(&actor, id, &update).await?;
    Reply::ok("location stored", journey)
}

pub(super) async fn arrive(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    Reply::ok("arrived", schedule.arrive(&actor, id).await?)
}

pub(super) async fn end(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    Reply::ok("journey ended", schedule.cancel_journey(&actor, id).await?)
}

pub(super) async fn live(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    schedule
        .require_entity(&schedule.database, &actor, Entity::Journey(id))
        .await?;
    let journey = schedule.watch_journey(&actor, id).await?;
    Reply::ok("journey", journey)
}
