//! SQL statements and migrations.

pub(crate) mod allocations;
pub(crate) mod attendance;
pub(crate) mod bookings;
mod candidates;
pub(crate) mod copies;
pub(crate) mod coupons;
mod flags;
pub(crate) mod journeys;
mod live_journeys;
mod migrations;
pub(crate) mod payments;
pub(crate) mod pre_bookings;
pub(crate) mod prices;
pub(crate) mod redemptions;
pub(crate) mod reschedules;
pub(crate) mod reviews;
pub(crate) mod sessions;
pub(crate) mod slots;
pub(crate) mod substitutions;
pub(crate) mod territories;
mod trainer_copies;
pub(crate) mod zones;

use jiff::Timestamp;
use seaworthy::data::prelude::*;

pub(crate) use allocations::{Allocation, Filter};
pub(crate) use bookings::Booking;
pub(crate) use candidates::Candidates;
pub(crate) use flags::{FLAGS, Flags};
pub(crate) use journeys::StoredJourney;
pub(crate) use live_journeys::LiveJourneys;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use pre_bookings::PreBooking;
pub(crate) use redemptions::Redemption;
pub(crate) use reschedules::Reschedule;
pub(crate) use reviews::Review;
pub(crate) use sessions::Session;
pub(crate) use substitutions::Substitution;
pub(crate) use territories::{Entity, Limit, in_territory};
pub(crate) use trainer_copies::{After, TrainerCopies};
pub(crate) use zones::{MAX_RADIUS_KM, Zone};

use crate::domain::Place;

/// Reads the place in the columns `latitude` and `longitude`.
fn place(row: &Row, _: &str) -> DataResult<Option<Place>> {
    Ok(Place::of(row.get("latitude")?, row.get("longitude")?))
}

/// Converts a timestamp of the database. Returns `None` for a year that [`Timestamp`] does not
/// represent.
pub(crate) fn moment(time: DateTime<Utc>) -> Option<Timestamp> {
    Timestamp::from_microsecond(time.timestamp_micros()).ok()
}

/// Converts a timestamp to the type of the database.
pub(crate) fn time(moment: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(moment.as_microsecond()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
