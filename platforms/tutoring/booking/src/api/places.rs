use std::sync::Arc;

use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use serde_json::json;
use tutoring_contract::{ClassType, Reply, Slot};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{Given, HandlerResult, Sessions as State};
use crate::{
    domain::{Place, errors},
    prices::{PriceList, QuoteRequest},
    schedule::{Actor, NewCity, NewCluster, NewHoliday, NewPreBooking, Schedule, ServiceRequest},
    store::{NewZone, PreBookings, Zones},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ZoneQuery {
    #[serde(default)]
    city_id: Option<Uuid>,
    lat: f64,
    lng: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CapacityQuery {
    course_id: Uuid,
    timeslot: Slot,
}

pub(super) async fn check_service(
    Extract(schedule): State,
    request: Given<Json<ServiceRequest>>,
) -> HandlerResult {
    let Json(request) = request?;
    let found = schedule.check_service(&request).await?;
    Ok(Reply::new("availability", found).into_response())
}

pub(super) async fn zones(
    Extract(schedule): State,
    query: Given<Query<ZoneQuery>>,
) -> HandlerResult {
    let Query(query) = query?;
    let place = Place::new(query.lat, query.lng);
    let problem = "must be from -90 to 90, with lng from -180 to 180";
    let place = place.ok_or_else(|| errors::invalid("lat", problem))?;
    let mut zones = Zones::around(&schedule.database, place).await?;
    zones.retain(|zone| query.city_id.is_none_or(|city| city == zone.city_id));
    match zones.is_empty() {
        true => Err(errors::no_zone().into()),
        false => Ok(Reply::new("zones", zones).into_response()),
    }
}

pub(super) async fn cities(Extract(schedule): State) -> HandlerResult {
    let cities = Zones::cities(&schedule.database).await?;
    let view = cities
        .into_iter()
        .map(|(id, name)| json!({ "id": id, "name": name }));
    Ok(Reply::new("cities", view.collect::<Vec<_>>()).into_response())
}

pub(super) async fn capacity(
    Extract(schedule): State,
    query: Given<Query<CapacityQuery>>,
) -> HandlerResult {
    let Query(query) = query?;
    let (course, slot) = (query.course_id, query.timeslot);
    let (count, max) = PreBookings::capacity(&schedule.database, course, slot).await?;
    let data = json!({
        "currentCount": count,
        "maxCapacity": max,
        "available": count < max,
        "remaining": max.saturating_sub(count),
    });
    Ok(Reply::new("capacity", data).into_response())
}

pub(super) async fn pre_book(
    Extract((schedule, prices)): Extract<(Arc<Schedule>, Arc<PriceList>)>,
    request: Given<Json<NewPreBooking>>,
) -> HandlerResult {
    let Json(new) = request?;
    let class_type = match new.group_size() {
        2 => ClassType::OneOnTwo,
        3 => ClassType::OneOnThree,
        _ => ClassType::OneOnOne,
    };
    let pricing = prices
        .quote(&QuoteRequest {
            class_type,
            session_count: new.session_count(),
            coupon_code: new.coupon_code.clone(),
            claim_deal: false,
        })
        .await?;
    let (made, remaining) = schedule.pre_book(caller()?, &new).await?;
    let data = json!({
        "preBookingId": made.id,
        "status": made.status,
        "capacityRemaining": remaining,
        "pricing": pricing,
    });
    Ok(Reply::new("pre-booking", data).created())
}

pub(super) async fn create_city(
    Extract(schedule): State,
    request: Given<Json<NewCity>>,
) -> HandlerResult {
    let Json(new) = request?;
    let made = schedule.create_city(Actor::current()?, &new).await?;
    Ok(Reply::new("city created", made).created())
}

pub(super) async fn create_cluster(
    Extract(schedule): State,
    request: Given<Json<NewCluster>>,
) -> HandlerResult {
    let Json(new) = request?;
    let made = schedule.create_cluster(Actor::current()?, &new).await?;
    Ok(Reply::new("cluster created", made).created())
}

pub(super) async fn create_zone(
    Extract(schedule): State,
    request: Given<Json<NewZone>>,
) -> HandlerResult {
    let Json(new) = request?;
    let made = schedule.create_zone(Actor::current()?, &new).await?;
    Ok(Reply::new("zone created", made).created())
}

pub(super) async fn add_holiday(
    Extract(schedule): State,
    request: Given<Json<NewHoliday>>,
) -> HandlerResult {
    let Json(new) = request?;
    schedule.add_holiday(Actor::current()?, &new).await?;
    Ok(Reply::message("holiday stored").into_response())
}
