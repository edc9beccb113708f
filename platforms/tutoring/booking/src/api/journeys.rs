use seaworthy::prelude::*;
use tutoring_contract::{Json, Path, Reply};

use super::{HandlerResult, Sessions as State};
use crate::{
    domain::{JourneyView, LocationUpdate},
    schedule::Actor,
    store::Entity,
};

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
    Ok(Reply::new("journey started", JourneyView::from(journey)).created())
}

pub(super) async fn locate(
    schedule: State,
    actor: Actor,
    Path(id): Path<Uuid>,
    Json(update): Json<LocationUpdate>,
) -> HandlerResult {
    let journey = schedule.move_journey(&actor, id, &update).await?;
    Ok(Reply::new("location stored", JourneyView::from(journey)).into_response())
}

pub(super) async fn arrive(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    let ended = schedule.arrive(&actor, id).await?;
    Ok(Reply::new("arrived", ended).into_response())
}

pub(super) async fn end(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    let ended = schedule.cancel_journey(&actor, id).await?;
    Ok(Reply::new("journey ended", ended).into_response())
}

pub(super) async fn live(schedule: State, actor: Actor, Path(id): Path<Uuid>) -> HandlerResult {
    schedule
        .require_entity(&schedule.database, &actor, Entity::Journey(id))
        .await?;
    let journey = schedule.watch_journey(&actor, id).await?;
    Ok(Reply::new("journey", JourneyView::from(journey)).into_response())
}
