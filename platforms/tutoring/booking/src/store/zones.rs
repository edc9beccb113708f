//! Statements on cities, clusters and zones.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::Territory;

use super::{Limit, place};
use crate::domain::{Place, errors};

/// Maximum radius of a zone, in km. It limits the search around a place.
pub(crate) const MAX_RADIUS_KM: f64 = 50.0;
/// Maximum number of rows, more than the zones of a region or the cities of a country.
const MAX_ZONES: u32 = 1_000;

fn company() -> String {
    "company".to_owned()
}

/// A circle in which one operator works, also in requests and responses. Requests do not contain
/// the ID.
#[derive(Debug, Clone, Serialize, Deserialize, FromRow)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Zone {
    #[serde(skip_deserializing, default = "Uuid::new_v4")]
    pub(crate) id: Uuid,
    pub(crate) city_id: Uuid,
    pub(crate) name: String,
    /// `company` or `franchise`.
    #[serde(default = "company")]
    pub(crate) operator: String,
    pub(crate) franchise_id: Option<Uuid>,
    #[from_row(with = centre)]
    pub(crate) centre: Place,
    pub(crate) radius_km: f64,
}

fn centre(row: &Row, column: &str) -> DataResult<Place> {
    let unexpected = || DataError::unexpected_value("the row is not a valid zone");
    place(row, column)?.ok_or_else(unexpected)
}

/// The numbers of allocations and trainers of a zone.
#[derive(Debug, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Demand {
    zone_id: Uuid,
    zone: String,
    pending_allocations: u64,
    open_allocations: u64,
    trainers: u64,
}

/// Returns the active zones that contain a place, the nearest centre first.
pub(crate) async fn around(connection: &dyn Connection, place: Place) -> DataResult<Vec<Zone>> {
    let (south, north) = place.latitudes(MAX_RADIUS_KM);
    let (west, east) = place.longitudes(MAX_RADIUS_KM);
    let mut zones: Vec<Zone> = sql!("SELECT id, city_id, name, operator, franchise_id, latitude, longitude, radius_km FROM zones WHERE is_active = {true} AND latitude BETWEEN {south} AND {north} AND longitude BETWEEN {west} AND {east} ORDER BY id LIMIT {MAX_ZONES}")
        .fetch_all(connection)
        .await?;
    zones.retain(|zone| zone.centre.distance_km(place) <= zone.radius_km);
    zones.sort_by(|one, other| {
        let distance = |zone: &Zone| zone.centre.distance_km(place);
        distance(one).total_cmp(&distance(other))
    });
    Ok(zones)
}

/// Returns the zone of a place: the one with the nearest centre.
pub(crate) async fn of(connection: &dyn Connection, place: Place) -> DataResult<Option<Zone>> {
    Ok(around(connection, place).await?.into_iter().next())
}

/// Requires that a place is in a zone.
///
/// # Errors
/// `SERVICE_NOT_AVAILABLE`.
pub(crate) async fn require(connection: &dyn Connection, at: Place) -> Result<(), Error> {
    let zone = of(connection, at).await?;
    zone.map(drop).ok_or_else(errors::no_zone)
}

pub(crate) async fn insert(tx: &Transaction, zone: &Zone) -> DataResult<()> {
    sql!("INSERT INTO zones (id, city_id, name, operator, franchise_id, latitude, longitude, radius_km, is_active, created_at) VALUES ({zone.id}, {zone.city_id}, {&zone.name}, {&zone.operator}, {zone.franchise_id}, {zone.centre.latitude}, {zone.centre.longitude}, {zone.radius_km}, {true}, {Utc::now()})")
        .apply(tx)
        .await
}

/// Inserts a city. Returns `false` if one has its name.
pub(crate) async fn insert_city(
    tx: &Transaction,
    id: Uuid,
    name: &str,
    territory: &Territory,
    centre: Place,
) -> DataResult<bool> {
    insert_or_ignore!("cities (id, name, state, district, latitude, longitude, created_at) VALUES ({id}, {name}, {territory.state.as_deref()}, {territory.district.as_deref()}, {centre.latitude}, {centre.longitude}, {Utc::now()})")
    .changes(tx)
    .await
}

pub(crate) async fn insert_cluster(
    tx: &Transaction,
    (id, city): (Uuid, Uuid),
    name: &str,
    centre: Place,
    radius_km: f64,
) -> DataResult<()> {
    sql!("INSERT INTO clusters (id, city_id, name, latitude, longitude, radius_km, created_at) VALUES ({id}, {city}, {name}, {centre.latitude}, {centre.longitude}, {radius_km}, {Utc::now()})")
        .apply(tx)
        .await
}

/// Returns the IDs and the names of the cities, in the order of the names.
pub(crate) async fn cities(connection: &dyn Connection) -> DataResult<Vec<(Uuid, String)>> {
    sql!("SELECT id, name FROM cities ORDER BY name LIMIT {MAX_ZONES}")
        .fetch_all(connection)
        .await
}

/// Returns the demand in the active zones of a city that are in a territory. A locality is a part
/// of a zone, so its administrators do not see the demand.
pub(crate) async fn demand(
    connection: &dyn Connection,
    city: &str,
    limit: &Limit,
) -> DataResult<Vec<Demand>> {
    sql!("SELECT z.id AS zone_id, z.name AS zone,
         (SELECT COUNT(*) FROM allocations a WHERE a.zone_id = z.id AND a.status = 'pending') AS pending_allocations,
         (SELECT COUNT(*) FROM allocations a WHERE a.zone_id = z.id AND a.status IN ('approved', 'active')) AS open_allocations,
         (SELECT COUNT(*) FROM trainer_copies t WHERE t.zone_id = z.id AND t.is_allocatable = {true}) AS trainers
         FROM zones z JOIN cities c ON c.id = z.city_id WHERE c.name = {city} AND z.is_active = {true}
         AND ({limit.everywhere} = 1 OR (({limit.state.0} = 0 OR lower(c.state) = {&limit.state.1}) AND ({limit.district.0} = 0 OR lower(c.district) = {&limit.district.1}) AND ({limit.zone.0} = 0 OR z.id = {limit.zone.1}) AND {limit.locality.0} = 0)) ORDER BY z.name, z.id LIMIT {MAX_ZONES}")
        .fetch_all(connection)
        .await
}

/// Returns the blocked dates from a date on.
pub(crate) async fn holidays(connection: &dyn Connection, from: &str) -> DataResult<Vec<String>> {
    sql!("SELECT holiday_date FROM holidays WHERE holiday_date >= {from} ORDER BY holiday_date LIMIT {MAX_ZONES}")
        .fetch_all(connection)
        .await
}

/// Stores a blocked date. A repeat changes nothing.
pub(crate) async fn add_holiday(tx: &Transaction, date: &str, name: &str) -> DataResult<()> {
    insert_or_ignore!("holidays (holiday_date, name) VALUES ({date}, {name})")
        .apply(tx)
        .await
}
