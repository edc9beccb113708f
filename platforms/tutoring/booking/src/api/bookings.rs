use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use serde_json::json;
use tutoring_contract::Reply;
use tutoring_identity::caller;

use super::{Given, HandlerResult, Sessions as State};
use crate::{
    schedule::{Assign, NewBooking},
    store::Zones,
};

#[derive(Deserialize)]
pub(super) struct CityQuery {
    city: String,
}

pub(super) async fn create(
    Extract(schedule): State,
    request: Given<Json<NewBooking>>,
) -> HandlerResult {
    let Json(new) = request?;
    let made = schedule.book(caller()?, &new).await?;
    let data = json!({ "bookingId": made.id, "status": made.status });
    Ok(Reply::new("booking", data).created())
}

pub(super) async fn assign(
    Extract(schedule): State,
    request: Given<Json<Assign>>,
) -> HandlerResult {
    let Json(request) = request?;
    let assigned = schedule.assign_booking(&request).await?;
    Ok(Reply::new("assignment", assigned).into_response())
}

pub(super) async fn demand(
    Extract(schedule): State,
    query: Given<Query<CityQuery>>,
) -> HandlerResult {
    let Query(query) = query?;
    // No stored name has this character, and PostgreSQL rejects it.
    let city = query.city.replace('\0', "\u{fffd}");
    let zones = Zones::demand(&schedule.database, &city).await?;
    let data = json!({ "city": query.city, "zones": zones });
    Ok(Reply::new("demand", data).into_response())
}
