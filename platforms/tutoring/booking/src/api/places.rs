use std::sync::Arc;

use seaworthy::{axum::extract::State as Extract, prelude::*};
use tutoring_contract::{ClassType, Json, Query, Reply, Slot};
use tutoring_identity::caller;

use super::{HandlerResult, Sessions as State};
use crate::{
    domain::{Place, errors},
    prices::{PriceList, QuoteRequest},
    schedule::{Actor, NewCity, NewCluster, NewHoliday, NewPreBooking, Schedule, ServiceRequest},
    store::{Zone, pre_bookings, zones},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ZoneQuery {
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
    schedule: State,
    Json(request): Json<ServiceRequest>,
) -> HandlerResult {
    Reply::ok("availability", schedule.check_service(&request).await?)
}

pub(super) async fn zones(schedule: State, Query(query): Query<ZoneQuery>) -> HandlerResult {
    let place = Place::new(query.lat, query.lng);
    let problem = "must be from -90 to 90, with lng from -180 to 180";
    let place = place.ok_or_else(|| errors::invalid("lat", problem))?;
    let mut zones = zones::around(&schedule.database, place).await?;
    zones.retain(|zone| query.city_id.is_none_or(|city| city == zone.city_id));
    match zones.is_empty() {
        true => Err(errors::no_zone()),
        false => Reply::ok("zones", zones),
    }
}

pub(super) async fn cities(schedule: State) -> HandlerResult {
    let cities = zones::cities(&schedule.database).await?;
    let view = cities
        .into_iter()
        .map(|(id, name)| json!({ "id": id, "name": name }));
    Reply::ok("cities", view.collect::<Vec<_>>())
}

pub(super) async fn capacity(schedule: State, Query(query): Query<CapacityQuery>) -> HandlerResult {
    let (course, slot) = (query.course_id, query.timeslot);
    let (count, max) = pre_bookings::capacity(&schedule.database, course, slot).await?;
    let data = json!({
        "currentCount": count,
        "maxCapacity": max,
        "available": count < max,
        "remaining": max.saturating_sub(count),
    });
    Reply::ok("capacity", data)
}

pub(super) async fn pre_book(
    Extract((schedule, prices)): Extract<(Arc<Schedule>, Arc<PriceList>)>,
    Json(new): Json<NewPreBooking>,
) -> HandlerResult {
    schedule.check_package(&new).await?;
    let class_type = match new.group_size {
        2 => ClassType::OneOnTwo,
        3 => ClassType::OneOnThree,
        _ => ClassType::OneOnOne,
    };
    let pricing = prices
        .quote(&QuoteRequest {
            class_type,
            session_count: new.session_count,
            coupon_code: new.coupon_code.clone(),
            claim_deal: false,
            delivery_mode: None,
        })
        .await?;
    let (pre_booking, remaining) = schedule.pre_book(caller()?, &new).await?;
    let data = json!({
        "preBookingId": pre_booking.id,
        "status": pre_booking.status,
        "capacityRemaining": remaining,
        "pricing": pricing,
    });
    Reply::created("pre-booking", data)
}

pub(super) async fn create_city(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewCity>,
) -> HandlerResult {
    Reply::created("city created", schedule.create_city(&actor, &new).await?)
}

pub(super) async fn create_cluster(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewCluster>,
) -> HandlerResult {
    let created = schedule.create_cluster(&actor, &new).await?;
    Reply::created("cluster created", created)
}

pub(super) async fn create_zone(
    schedule: State,
    actor: Actor,
    Json(zone): Json<Zone>,
) -> HandlerResult {
    Reply::created("zone created", schedule.create_zone(&actor, zone).await?)
}

pub(super) async fn add_holiday(
    schedule: State,
    actor: Actor,
    Json(new): Json<NewHoliday>,
) -> HandlerResult {
    schedule.add_holiday(&actor, &new).await?;
    Ok(Reply::message("holiday stored").into_response())
}
