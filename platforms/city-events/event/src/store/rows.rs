use seaworthy::data::{DataError, FromRow, Row};
use serde_json::Value as Json;

use crate::domain::{Details, Event, Rank, State, StateName};

/// Columns that [`Event`] is read from.
macro_rules! event_columns {
    () => {
        "id, owner_id, title, description, city, category, start_time, end_time, capacity, active_participants, status, published_at, canceled_at, created_at, updated_at, cover_image_ids"
    };
}
pub(super) use event_columns;

/// Returns the cover image IDs. The legacy service also writes `NULL` and JSON `null` for none.
fn covers(row: &Row) -> Result<Vec<String>, DataError> {
    let covers: Option<Json> = row.get("cover_image_ids")?;
    let Some(Json::Array(covers)) = covers else {
        return Ok(Vec::new());
    };
    let texts = covers.into_iter().filter_map(|cover| match cover {
        Json::String(text) => Some(text),
        _ => None,
    });
    Ok(texts.collect())
}

impl FromRow for Event {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let state = StateName::parse(&row.get::<String>("status")?);
        let state = state.ok_or_else(|| {
            DataError::unexpected_value("events.status is not draft, published or canceled")
        })?;
        let (published_at, canceled_at) = (row.get("published_at")?, row.get("canceled_at")?);
        Ok(Self {
            id: row.get("id")?,
            owner: row.get("owner_id")?,
            details: Details {
                title: row.get("title")?,
                description: row.get("description")?,
                city: row.get("city")?,
                category: row.get("category")?,
                start_time: row.get("start_time")?,
                end_time: row.get("end_time")?,
                capacity: row.get("capacity")?,
                covers: covers(row)?,
            },
            active_participants: row.get("active_participants")?,
            state: State::from_parts(state, published_at, canceled_at),
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

/// An event with the revision of its participants and waitlist.
pub(super) struct Counted(pub(super) Event, pub(super) i64);

impl FromRow for Counted {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let revision: Option<i64> = row.get("revision")?;
        Ok(Self(Event::from_row(row)?, revision.unwrap_or_default()))
    }
}

/// An event with its search rank.
pub(super) struct Ranked(pub(super) Event, pub(super) Rank);

impl FromRow for Ranked {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let units: i64 = row.get("units")?;
        Ok(Self(Event::from_row(row)?, Rank::from_units(units)))
    }
}
