//! The territories of entities: the state and the district of a city, the ID
//! of a zone, and the cluster as locality.

use seaworthy::data::prelude::*;
use tutoring_contract::{CallerTerritory, Territory};
use tutoring_identity::levels;

use super::zones;
use crate::domain::Place;

/// Maximum number of clusters that a statement reads, more than a city has.
const MAX_CLUSTERS: u32 = 1_000;

/// An entity that belongs to an allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entity {
    Allocation(Uuid),
    Session(Uuid),
    Reschedule(Uuid),
    Substitution(Uuid),
    Journey(Uuid),
}

/// The condition of a list: whether each level is set, and its value.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    pub(crate) everywhere: i64,
    pub(crate) state: (i64, String),
    pub(crate) district: (i64, String),
    /// The zone. A text that is not an ID matches no zone.
    pub(crate) zone: (i64, Uuid),
    pub(crate) locality: (i64, String),
}

impl From<&CallerTerritory> for Limit {
    fn from(territory: &CallerTerritory) -> Self {
        // A caller without a territory gets a zone that does not exist.
        let nowhere = || Territory {
            zone: Some(String::new()),
            ..Territory::default()
        };
        let limit = territory.within().unwrap_or_else(nowhere);
        let [state, district, (has_zone, zone), locality] = levels(&limit);
        Self {
            everywhere: territory.is_everywhere().into(),
            state,
            district,
            zone: (has_zone, zone.trim().parse().unwrap_or_default()),
            locality,
        }
    }
}

/// Adds a condition to a statement: the allocation with the ID is in the territory of a [`Limit`].
macro_rules! in_territory {
    ($select:ident, $limit:expr, [$($before:tt)*], $allocation:literal, [$($after:tt)*]) => {{
        let limit: &$crate::store::Limit = $limit;
        $select!($($before)*, " AND ({limit.everywhere} = 1 OR EXISTS (SELECT 1 FROM allocations placed JOIN zones z ON z.id = placed.zone_id JOIN cities c ON c.id = z.city_id WHERE placed.id = ", $allocation, " AND ({limit.state.0} = 0 OR lower(c.state) = {&limit.state.1}) AND ({limit.district.0} = 0 OR lower(c.district) = {&limit.district.1}) AND ({limit.zone.0} = 0 OR z.id = {limit.zone.1}) AND ({limit.locality.0} = 0 OR lower(placed.locality) = {&limit.locality.1})))" $($after)*)
    }};
}

pub(crate) use in_territory;

/// A row with the state, the district, the zone and the locality.
type Levels = (Option<String>, Option<String>, Option<Uuid>, Option<String>);

fn territory((state, district, zone, locality): Levels) -> Territory {
    Territory {
        state,
        district,
        zone: zone.map(|zone| zone.to_string()),
        locality,
    }
}

/// Returns the territory of an entity. Its levels are empty without a zone. Returns `None` if the
/// entity does not exist.
pub(crate) async fn of(
    connection: &dyn Connection,
    entity: Entity,
) -> DataResult<Option<Territory>> {
    macro_rules! placed {
        ($allocation:literal) => {
            sql!("SELECT c.state, c.district, z.id, a.locality FROM allocations a LEFT JOIN zones z ON z.id = a.zone_id LEFT JOIN cities c ON c.id = z.city_id WHERE a.id = ", $allocation)
        };
    }
    let statement = match entity {
        Entity::Allocation(id) => placed!("{id}"),
        Entity::Session(id) => {
            placed!("(SELECT s.allocation_id FROM tutoring_sessions s WHERE s.id = {id})")
        }
        Entity::Reschedule(id) => {
            placed!(
                "(SELECT s.allocation_id FROM tutoring_sessions s JOIN reschedules r ON r.session_id = s.id WHERE r.id = {id})"
            )
        }
        Entity::Substitution(id) => {
            placed!(
                "(SELECT s.allocation_id FROM tutoring_sessions s JOIN substitutions r ON r.session_id = s.id WHERE r.id = {id})"
            )
        }
        Entity::Journey(id) => {
            placed!(
                "(SELECT s.allocation_id FROM tutoring_sessions s JOIN journeys r ON r.session_id = s.id WHERE r.id = {id})"
            )
        }
    };
    let found: Option<Levels> = statement.fetch_optional(connection).await?;
    Ok(found.map(territory))
}

/// Returns the territory of a city, without a zone. `None` if the city does not exist.
pub(crate) async fn of_city(
    connection: &dyn Connection,
    city: Uuid,
) -> DataResult<Option<Territory>> {
    let found: Option<(Option<String>, Option<String>)> =
        sql!("SELECT state, district FROM cities WHERE id = {city}")
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(state, district)| territory((state, district, None, None))))
}

/// Returns the territory of a zone, without a locality. `None` if the zone does not exist.
pub(crate) async fn of_zone(
    connection: &dyn Connection,
    zone: Uuid,
) -> DataResult<Option<Territory>> {
    let found: Option<(Option<String>, Option<String>)> =
        sql!("SELECT c.state, c.district FROM zones z JOIN cities c ON c.id = z.city_id WHERE z.id = {zone}")
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(state, district)| territory((state, district, Some(zone), None))))
}

/// Returns the territory of a place. `None` outside of all zones.
pub(crate) async fn of_place(
    connection: &dyn Connection,
    place: Place,
) -> DataResult<Option<Territory>> {
    let Some(zone) = zones::of(connection, place).await? else {
        return Ok(None);
    };
    let locality = locality_of(connection, zone.city_id, place).await?;
    let found = of_zone(connection, zone.id).await?;
    Ok(found.map(|found| Territory { locality, ..found }))
}

/// Returns the name of the cluster of a place: of those that contain it, the one with the nearest
/// centre.
pub(crate) async fn locality_of(
    connection: &dyn Connection,
    city: Uuid,
    place: Place,
) -> DataResult<Option<String>> {
    let clusters: Vec<(String, f64, f64, f64)> = sql!("SELECT name, latitude, longitude, radius_km FROM clusters WHERE city_id = {city} ORDER BY id LIMIT {MAX_CLUSTERS}")
        .fetch_all(connection)
        .await?;
    let near = clusters
        .into_iter()
        .filter_map(|(name, latitude, longitude, radius_km)| {
            let distance = Place::new(latitude, longitude)?.distance_km(place);
            (distance <= radius_km).then_some((distance, name))
        });
    let nearest = near.min_by(|(one, _), (other, _)| one.total_cmp(other));
    Ok(nearest.map(|(_, name)| name))
}
