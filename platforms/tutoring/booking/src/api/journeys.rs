use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use tutoring_contract::Reply;
use uuid::Uuid;

use super::{Given, HandlerResult, Sessions as State};
use crate::{
    domain::{JourneyView, LocationUpdate},
    schedule::Actor,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartRequest {
    session_id: Uuid,
}

pub(super) async fn start(
    Extract(schedule): State,
    request: Given<Json<StartRequest>>,
) -> HandlerResult {
    let Json(request) = request?;
    let journey = schedule
        .start_journey(Actor::current()?, request.session_id)
        .await?;
    Ok(Reply::new("journey started", JourneyView::from(journey)).created())
}

pub(super) async fn locate(
    Extract(schedule): State,
    id: Given<Path<Uuid>>,
    update: Given<Json<LocationUpdate>>,
) -> HandlerResult {
    let (Path(id), Json(update)) = (id?, update?);
    let journey = schedule
        .move_journey(Actor::current()?, id, &update)
        .await?;
    Ok(Reply::new("location stored", JourneyView::from(journey)).into_response())
}

pub(super) async fn arrive(Extract(schedule): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let ended = schedule.arrive(Actor::current()?, id).await?;
    Ok(Reply::new("arrived", ended).into_response())
}

pub(super) async fn end(Extract(schedule): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let ended = schedule.cancel_journey(Actor::current()?, id).await?;
    Ok(Reply::new("journey ended", ended).into_response())
}

pub(super) async fn live(Extract(schedule): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let Path(id) = id?;
    let journey = schedule.watch_journey(Actor::current()?, id).await?;
    Ok(Reply::new("journey", JourneyView::from(journey)).into_response())
}
