use seaworthy::prelude::*;
use tutoring_contract::{CallerTerritory, Json, Query, Reply};
use tutoring_identity::caller;

use super::{HandlerResult, Sessions as State};
use crate::{
    schedule::{Assign, NewPreBooking},
    store::zones,
};

#[derive(Deserialize)]
pub(super) struct CityQuery {
    city: String,
}

pub(super) async fn create(schedule: State, Json(new): Json<NewPreBooking>) -> HandlerResult {
    let booking = schedule.book(caller()?, &new).await?;
    let data = json!({ "bookingId": booking.id, "status": booking.status });
    Reply::created("booking", data)
}

pub(super) async fn assign(schedule: State, Json(request): Json<Assign>) -> HandlerResult {
    Reply::ok("assignment", schedule.assign_booking(&request).await?)
}

pub(super) async fn demand(
    schedule: State,
    territory: CallerTerritory,
    Query(query): Query<CityQuery>,
) -> HandlerResult {
    // No stored name has this character, and PostgreSQL rejects it.
    let city = query.city.replace('\0', "\u{fffd}");
    let zones = zones::demand(&schedule.database, &city, &(&territory).into()).await?;
    let data = json!({ "city": query.city, "zones": zones });
    Reply::ok("demand", data)
}
