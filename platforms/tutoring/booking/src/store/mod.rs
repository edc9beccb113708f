//! SQL statements and migrations.

mod allocations;
mod bookings;
mod candidates;
mod copies;
mod coupons;
mod flags;
mod journeys;
mod live_journeys;
mod migrations;
mod payments;
mod pre_bookings;
mod prices;
mod redemptions;
mod requests;
mod reviews;
mod sessions;
mod slots;
mod zones;

use jiff::Timestamp;
use seaworthy::data::prelude::*;

pub(crate) use allocations::{Allocation, Allocations, Filter};
pub(crate) use bookings::{Booking, Bookings};
pub(crate) use candidates::{After, Candidates, TrainerCopies};
pub(crate) use copies::Copies;
pub(crate) use coupons::Coupons;
pub(crate) use flags::{FLAGS, Flags};
pub(crate) use journeys::{Journeys, StoredJourney};
pub(crate) use live_journeys::LiveJourneys;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use payments::Payments;
pub(crate) use pre_bookings::{PreBooking, PreBookings};
pub(crate) use prices::Prices;
pub(crate) use redemptions::{Redemption, Redemptions};
pub(crate) use requests::{Attendance, Reschedule, Reschedules, Substitution, Substitutions};
pub(crate) use reviews::{Review, Reviews};
pub(crate) use sessions::{Session, Sessions};
pub(crate) use slots::Slots;
pub(crate) use zones::{MAX_RADIUS_KM, NewZone, Zone, Zones};

use crate::domain::Place;

/// Reads the place in the columns `latitude` and `longitude`.
fn place(row: &Row, _: &str) -> Result<Option<Place>, DataError> {
    Ok(Place::of(row.get("latitude")?, row.get("longitude")?))
}

/// Converts a timestamp of the database. Only years that no session has are `None`.
pub(crate) fn moment(time: DateTime<Utc>) -> Option<Timestamp> {
    Timestamp::from_microsecond(time.timestamp_micros()).ok()
}

/// Converts a moment to the type of timestamps in the database.
pub(crate) fn time(moment: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(moment.as_microsecond()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
