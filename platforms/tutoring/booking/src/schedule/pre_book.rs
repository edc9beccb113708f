use jiff::civil::{Date, Weekday};
use seaworthy::{
    data::chrono::{TimeDelta, Utc},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{SESSION_COUNTS, Slot, is_storable};
use tutoring_identity::NOT_STORABLE;
use uuid::Uuid;

use super::Schedule;
use crate::{
    domain::{Place, errors},
    store::{Flags, PreBooking, pre_bookings},
};

/// How long a pre-booking holds its capacity without a payment.
const TTL: TimeDelta = TimeDelta::days(7);
/// Maximum number of pre-bookings that one step ends.
const BATCH: u32 = 100;
const MAX_ADDRESS: usize = 500;
const MODES: [(&str, u8); 3] = [("1on1", 1), ("1on2", 2), ("1on3", 3)];

/// A pre-booking of a student.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPreBooking {
    address: String,
    latitude: f64,
    longitude: f64,
    pub(super) course_id: Uuid,
    pub(super) timeslot: Slot,
    mode: String,
    group_size: u8,
    session_count: u16,
    start_date: Date,
    pub(crate) coupon_code: Option<String>,
}

impl NewPreBooking {
    /// Returns the number of sessions.
    pub(crate) fn session_count(&self) -> u16 {
        self.session_count
    }

    /// Returns the number of students.
    pub(crate) fn group_size(&self) -> u8 {
        self.group_size
    }

    pub(super) fn check(&self, flags: &Flags) -> Result<(), Error> {
        let address = self.address.trim();
        if !is_storable(address) {
            return Err(errors::invalid("address", NOT_STORABLE));
        }
        if address.is_empty() || address.len() > MAX_ADDRESS {
            return Err(errors::invalid("address", "must be 1 to 500 bytes"));
        }
        if Place::new(self.latitude, self.longitude).is_none() {
            return Err(errors::coordinates_invalid());
        }
        if !MODES.contains(&(self.mode.as_str(), self.group_size)) {
            let problem = "must be 1on1, 1on2 or 1on3, with the same groupSize";
            return Err(errors::invalid("mode", problem));
        }
        if !SESSION_COUNTS.contains(&self.session_count) || !flags.offers(self.session_count) {
            return Err(errors::not_priced());
        }
        match self.start_date.weekday() {
            Weekday::Sunday => Err(errors::invalid("startDate", "must not be a Sunday")),
            _ => Ok(()),
        }
    }

    /// Returns the members that are stored.
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
    /// Stores a pre-booking, if the course and slot have capacity left. A repeat returns the same
    /// pre-booking. Returns it with the remaining capacity.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` or `CAPACITY_REACHED`.
    pub(crate) async fn pre_book(
        &self,
        student: Uuid,
        new: &NewPreBooking,
    ) -> Result<(PreBooking, u32), Error> {
        new.check(&Flags::read(&self.database).await?)?;
        let (course, slot) = (new.course_id, new.timeslot);
        self.database
            .transaction(|tx| async move {
                let known = pre_bookings::lock_pending(&tx, student, course).await?;
                let pre_booking = match known {
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
                        let inserted = pre_bookings::insert(&tx, &pre_booking).await;
                        match inserted {
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

    /// Ends a batch of expired pre-bookings. Returns whether there may be more.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn expire_pre_bookings(&self) -> Result<bool, Error> {
        let expired = pre_bookings::expired(&self.database, Utc::now(), BATCH).await?;
        for one in &expired {
            self.database
                .transaction(|tx| async move {
                    if pre_bookings::end(&tx, one.id, "expired").await? {
                        pre_bookings::release(&tx, one.course_id, one.slot).await?;
                    }
                    Ok::<_, Error>(())
                })
                .await?;
        }
        Ok(expired.len() == BATCH as usize)
    }
}
