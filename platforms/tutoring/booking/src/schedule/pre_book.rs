use jiff::civil::{Date, Weekday};
use seaworthy::{
    data::chrono::{TimeDelta, Utc},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{SESSION_COUNTS, Slot, max_date};
use tutoring_identity::Checks;

use super::Schedule;
use crate::{
    domain::{Place, errors},
    store::{Flags, PreBooking, copies, pre_bookings, zones},
};

/// How long a pre-booking holds its capacity without a payment.
const TTL: TimeDelta = TimeDelta::days(7);
/// Maximum number of pre-bookings that one step ends.
const BATCH: u32 = 100;
const MAX_ADDRESS: usize = 500;
const MODES: [(&str, u8); 3] = [("1on1", 1), ("1on2", 2), ("1on3", 3)];

/// A package that a student books or pre-books.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPreBooking {
    address: String,
    latitude: f64,
    longitude: f64,
    pub(super) course_id: Uuid,
    pub(super) timeslot: Slot,
    mode: String,
    /// The number of students.
    pub(crate) group_size: u8,
    pub(crate) session_count: u16,
    start_date: Date,
    pub(crate) coupon_code: Option<String>,
    /// The other students of a group. A pre-booking is for one student and ignores them.
    #[serde(default)]
    pub(super) student_ids: Vec<Uuid>,
}

impl NewPreBooking {
    /// Checks the package, and returns the place of the student.
    fn check(&self, flags: &Flags, today: Date) -> Result<Place, Error> {
        let (address, count) = (self.address.trim(), self.session_count);
        let mut checks = Checks::new();
        checks.storable("address", address);
        let has_length = (1..=MAX_ADDRESS).contains(&address.len());
        checks.require("address", has_length, "must be 1 to 500 bytes");
        let is_mode = MODES.contains(&(self.mode.as_str(), self.group_size));
        let problem = "must be 1on1, 1on2 or 1on3, with the same groupSize";
        checks.require("mode", is_mode, problem);
        let is_offered = SESSION_COUNTS.contains(&count) && flags.offers(count);
        checks.require("sessionCount", is_offered, "is not offered");
        let is_sunday = self.start_date.weekday() == Weekday::Sunday;
        checks.require("startDate", !is_sunday, "must not be a Sunday");
        let is_near = self.start_date <= max_date(today);
        checks.require("startDate", is_near, errors::MAX_DATE);
        let place = Place::new(self.latitude, self.longitude);
        checks.require("latitude", place.is_some(), errors::COORDINATES);
        checks.finish()?;
        place.ok_or_else(errors::coordinates_invalid)
    }

    /// Returns the fields that are stored.
    pub(super) fn details(&self) -> Value {
        json!({
            "address": self.address.trim(),
            "latitude": self.latitude,
            "longitude": self.longitude,
            "mode": self.mode,
            "groupSize": self.group_size,
            "sessionCount": self.session_count,
            "startDate": self.start_date,
        })
    }
}

impl Schedule {
    /// Checks a package, its place and its course.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `SERVICE_NOT_AVAILABLE` outside of all zones, and `NOT_FOUND` for a
    /// course that is not published.
    pub(crate) async fn check_package(&self, package: &NewPreBooking) -> Result<(), Error> {
        let flags = Flags::read(&self.database).await?;
        let place = package.check(&flags, self.zone.today())?;
        zones::require(&self.database, place).await?;
        match copies::is_published(&self.database, package.course_id).await? {
            true => Ok(()),
            false => Err(errors::not_found("course")),
        }
    }

    /// Stores a checked pre-booking if the course and slot have capacity left. A repeated request
    /// returns the same pre-booking. Returns it with the remaining capacity.
    ///
    /// # Errors
    /// Those of [`check_package`](Self::check_package), `CAPACITY_REACHED`, and `CONFLICT` if the
    /// student has a pre-booking of the course in another slot.
    pub(crate) async fn pre_book(
        &self,
        student: Uuid,
        new: &NewPreBooking,
    ) -> Result<(PreBooking, u32), Error> {
        let (course, slot) = (new.course_id, new.timeslot);
        self.database
            .transaction(|tx| async move {
                let known = pre_bookings::lock_pending(&tx, student, course).await?;
                let pre_booking = match known {
                    Some(known) if known.slot != slot => return Err(errors::pre_booked()),
                    Some(known) => known,
                    None => {
                        if !pre_bookings::take(&tx, course, slot).await? {
                            return Err(errors::capacity_reached());
                        }
                        let pre_booking = PreBooking {
                            id: Uuid::new_v4(),
                            student_id: student,
                            course_id: course,
                            slot,
                            details: new.details(),
                            status: "pending".to_owned(),
                            expires_at: Utc::now() + TTL,
                        };
                        match pre_bookings::insert(&tx, &pre_booking).await {
                            // A concurrent request of the same student has stored the pre-booking.
                            Err(error) if error.is_unique_violation() => {
                                return Err(errors::pre_booked());
                            }
                            inserted => inserted?,
                        }
                        pre_booking
                    }
                };
                let (count, max) = pre_bookings::capacity(&tx, course, pre_booking.slot).await?;
                Ok((pre_booking, max.saturating_sub(count)))
            })
            .await
    }

    /// Ends a batch of expired pre-bookings. Returns whether there may be more. A pre-booking that
    /// is not ended does not block the others.
    ///
    /// # Errors
    /// The last error of the database.
    pub(crate) async fn expire_pre_bookings(&self) -> Result<bool, Error> {
        let expired = pre_bookings::expired(&self.database, Utc::now(), BATCH).await?;
        let mut result = Ok(expired.len() == BATCH as usize);
        for one in &expired {
            let ended = self.database.transaction(|tx| async move {
                if pre_bookings::end(&tx, one.id, "expired").await? {
                    pre_bookings::release(&tx, one.course_id, one.slot).await?;
                }
                Ok::<_, Error>(())
            });
            if let Err(error) = ended.await {
                tracing::warn!(pre_booking = %one.id, %error, "an expired pre-booking was not ended and is retried later");
                result = Err(error);
            }
        }
        result
    }
}
