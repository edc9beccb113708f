use seaworthy::{axum::extract::State as Extract, prelude::*};
use tutoring_contract::{CallerTerritory, Json, Path, Reply};
use uuid::Uuid;

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
    Extract(schedule): State,
    Json(request): Json<StartRequest>,
) -> HandlerResult {
    let journey = schedule
        .start_journey(Actor::current()?, request.session_id)
        .await?;
    Ok(Reply::new("journey started", JourneyView::from(journey)).created())
}

pub(super) async fn locate(
    Extract(schedule): State,
    Path(id): Path<Uuid>,
    Json(update): Json<LocationUpdate>,
) -> HandlerResult {
    let journey = schedule
        .move_journey(Actor::current()?, id, &update)
        .await?;
    Ok(Reply::new("location stored", JourneyView::from(journey)).into_response())
}

pub(super) async fn arrive(Extract(schedule): State, Path(id): Path<Uuid>) -> HandlerResult {
    let ended = schedule.arrive(Actor::current()?, id).await?;
    Ok(Reply::new("arrived", ended).into_response())
}

pub(super) async fn end(Extract(schedule): State, Path(id): Path<Uuid>) -> HandlerResult {
    let ended = schedule.cancel_journey(Actor::current()?, id).await?;
    Ok(Reply::new("journey ended", ended).into_response())
}

pub(super) async fn live(
    Extract(schedule): State,
    territory: CallerTerritory,
    Path(id): Path<Uuid>,
) -> HandlerResult {
    schedule
        .require_entity(&territory, Entity::Journey(id))
        .await?;
    let journey = schedule.watch_journey(Actor::current()?, id).await?;
    Ok(Reply::new("journey", JourneyView::from(journey)).into_response())
}
