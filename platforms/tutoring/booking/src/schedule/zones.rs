use jiff::civil::Date;
use seaworthy::{core::is_storable, data::Transaction, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::{Slot, Territory};

use super::{
    Actor, Schedule,
    availability::{AvailabilityQuery, NO_SERVICE, NO_TRAINER},
};
use crate::{
    domain::{Place, errors},
    store::{MAX_RADIUS_KM, TrainerCopies, Zone, territories, zones},
};

/// The permission to change cities, zones and holidays. They decide where packages are sold.
pub(crate) const ZONE_WRITE: &str = crate::prices::PRICE_WRITE;
/// The default radius of a cluster, in km.
const DEFAULT_CLUSTER_RADIUS_KM: f64 = 2.5;
const MAX_NAME: usize = 100;

/// A city to create.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCity {
    name: String,
    /// The names as in the territories of administrators. Without them, only super admins see the
    /// entities of the city.
    state: Option<String>,
    district: Option<String>,
    centre: Place,
}

/// A part of a city to create.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCluster {
    city_id: Uuid,
    name: String,
    centre: Place,
    radius_km: Option<f64>,
}

/// A date without sessions.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewHoliday {
    date: Date,
    name: String,
}

/// A query whether sessions are possible at a place and time.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceRequest {
    latitude: f64,
    longitude: f64,
    course_id: Uuid,
    timeslot: Slot,
}

/// Returns a name without white space at both ends.
fn checked_name<'a>(field: &str, name: &'a str) -> Result<&'a str, Error> {
    let name = name.trim();
    match !name.is_empty() && name.len() <= MAX_NAME && is_storable(name) {
        true => Ok(name),
        false => Err(errors::invalid(
            field,
            "must be 1 to 100 bytes without U+0000",
        )),
    }
}

/// Requires that a city exists.
async fn require_city(tx: &Transaction, city: Uuid) -> Result<(), Error> {
    match territories::of_city(tx, city).await? {
        Some(_) => Ok(()),
        None => Err(errors::not_found("city")),
    }
}

fn radius(km: f64) -> Result<f64, Error> {
    match km > 0.0 && km <= MAX_RADIUS_KM {
        true => Ok(km),
        false => Err(errors::invalid(
            "radiusKm",
            "must be above 0 and at most 50",
        )),
    }
}

impl Schedule {
    /// Creates a city.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, or `CONFLICT` if its name exists.
    pub(crate) async fn create_city(&self, actor: &Actor, new: &NewCity) -> Result<Value, Error> {
        let (id, name) = (Uuid::new_v4(), checked_name("name", &new.name)?);
        let given = |field: &str, name: &Option<String>| {
            let name = name.as_deref().map(|name| checked_name(field, name));
            Ok::<_, Error>(name.transpose()?.map(str::to_owned))
        };
        let place = &Territory {
            state: given("state", &new.state)?,
            district: given("district", &new.district)?,
            ..Territory::default()
        };
        self.database
            .transaction(|tx| async move {
                if !zones::insert_city(&tx, id, name, place, new.centre).await? {
                    return Err(errors::city_taken());
                }
                let city = json!({
                    "id": id, "name": name, "state": place.state, "district": place.district,
                    "centre": new.centre,
                });
                let action = ("city.create", ZONE_WRITE);
                let changes = ("", Value::Null, city.clone());
                self.record(&tx, actor, action, ("city", id), changes)
                    .await?;
                Ok(city)
            })
            .await
    }

    /// Creates a cluster of a city.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` or `NOT_FOUND`.
    pub(crate) async fn create_cluster(
        &self,
        actor: &Actor,
        new: &NewCluster,
    ) -> Result<Value, Error> {
        let (id, name) = (Uuid::new_v4(), checked_name("name", &new.name)?);
        let km = radius(new.radius_km.unwrap_or(DEFAULT_CLUSTER_RADIUS_KM))?;
        self.database
            .transaction(|tx| async move {
                require_city(&tx, new.city_id).await?;
                let ids = (id, new.city_id);
                zones::insert_cluster(&tx, ids, name, new.centre, km).await?;
                let cluster = json!({
                    "id": id, "cityId": new.city_id, "name": name,
                    "centre": new.centre, "radiusKm": km,
                });
                let action = ("cluster.create", ZONE_WRITE);
                let changes = ("", Value::Null, cluster.clone());
                self.record(&tx, actor, action, ("cluster", id), changes)
                    .await?;
                Ok(cluster)
            })
            .await
    }

    /// Creates a zone, and assigns the trainers around it again.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` or `NOT_FOUND`.
    pub(crate) async fn create_zone(&self, actor: &Actor, mut zone: Zone) -> Result<Zone, Error> {
        let is_franchise = match zone.operator.as_str() {
            "company" => false,
            "franchise" => true,
            _ => return Err(errors::invalid("operator", "must be company or franchise")),
        };
        if is_franchise != zone.franchise_id.is_some() {
            let problem = "must be set for a franchise, and must not be set otherwise";
            return Err(errors::invalid("franchiseId", problem));
        }
        zone.name = checked_name("name", &zone.name)?.to_owned();
        zone.radius_km = radius(zone.radius_km)?;
        let stored = &zone;
        self.database
            .transaction(|tx| async move {
                require_city(&tx, stored.city_id).await?;
                zones::insert(&tx, stored).await?;
                TrainerCopies::reassign_zones(&tx, stored.centre, stored.radius_km).await?;
                let action = ("zone.create", ZONE_WRITE);
                let changes = ("", Value::Null, json!(stored));
                self.record(&tx, actor, action, ("zone", stored.id), changes)
                    .await
            })
            .await?;
        Ok(zone)
    }

    /// Stores a date without sessions. Sessions that exist stay.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) async fn add_holiday(&self, actor: &Actor, new: &NewHoliday) -> Result<(), Error> {
        let name = checked_name("name", &new.name)?;
        self.database
            .transaction(|tx| async move {
                let date = new.date.to_string();
                zones::add_holiday(&tx, &date, name).await?;
                let action = ("holiday.create", ZONE_WRITE);
                let changes = ("", Value::Null, json!({ "date": date, "name": name }));
                let target = ("holiday", Uuid::nil());
                self.record(&tx, actor, action, target, changes).await
            })
            .await
    }

    /// Returns whether a trainer could hold sessions at a place and time.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`.
    pub(crate) async fn check_service(&self, request: &ServiceRequest) -> Result<Value, Error> {
        let place = Place::new(request.latitude, request.longitude);
        let place = place.ok_or_else(errors::coordinates_invalid)?;
        let (course, slot) = (request.course_id, request.timeslot);
        let query = AvailabilityQuery {
            course,
            place,
            uses_distances: false,
        };
        let Some((zone, requirements)) = self.requirements_at(query, slot, Vec::new()).await?
        else {
            return Ok(json!({ "available": false, "reason": NO_SERVICE }));
        };
        let (fit, _) = Self::candidates(&self.database, (zone, course), &requirements).await?;
        Ok(match fit.is_empty() {
            false => json!({ "available": true, "zoneId": zone }),
            true => json!({ "available": false, "zoneId": zone, "reason": NO_TRAINER }),
        })
    }
}
