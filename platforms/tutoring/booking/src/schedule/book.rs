use jiff::civil::Date;
use seaworthy::prelude::*;
use tutoring_contract::{ClassType, DeliveryMode, Slot};

use super::{NewPreBooking, Schedule, allocate::SYSTEM};
use crate::{
    domain::{Place, errors},
    store::{Booking, bookings, payments, pre_bookings, slots, zones},
};

/// A paid booking that a service assigns to a trainer. The payment has the first date and the
/// students of a group, so these fields of a request are ignored.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assign {
    booking_id: Uuid,
    course_id: Uuid,
    class_type: ClassType,
    total_sessions: u16,
    delivery_mode: DeliveryMode,
    preferred_time_slot: Slot,
    student_location: Place,
}

/// The result of an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum AssignStatus {
    Assigned,
    /// The allocation is pending until a trainer is free.
    Waitlisted,
    ServiceNotAvailable,
    /// The booking does not exist, is not paid, or does not match what was paid.
    InvalidPurchase,
}

/// The result of an assignment with the trainer and the dates.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assignment {
    status: AssignStatus,
    booking_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    allocation_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trainer_id: Option<Uuid>,
    schedule: Vec<PlannedSession>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedSession {
    session_number: u16,
    date: Date,
    time_slot: Slot,
}

impl Assignment {
    const fn without_trainer(booking_id: Uuid, status: AssignStatus) -> Self {
        Self {
            status,
            booking_id,
            allocation_id: None,
            trainer_id: None,
            schedule: Vec::new(),
        }
    }
}

impl Schedule {
    /// Stores a booking. A repeat returns the pending booking of the student and course. The other
    /// students of a group must have a pre-booking of the course and slot.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `SERVICE_NOT_AVAILABLE` outside of all zones, and `NOT_FOUND` for a
    /// course that is not published.
    pub(crate) async fn book(
        &self,
        student: Uuid,
        package: &NewPreBooking,
    ) -> Result<Booking, Error> {
        self.check_package(package).await?;
        self.check_group(student, package).await?;
        self.database
            .transaction(|tx| async move {
                let course = package.course_id;
                let booking = Booking {
                    id: Uuid::new_v4(),
                    student_id: student,
                    course_id: course,
                    slot: package.timeslot,
                    status: "pending".to_owned(),
                    paid: None,
                };
                let mut details = package.details();
                if let Some(members) = details.as_object_mut() {
                    members.insert("studentIds".to_owned(), json!(package.student_ids));
                }
                if bookings::insert(&tx, &booking, details).await? {
                    return Ok(booking);
                }
                let known = bookings::lock_pending(&tx, student, course).await?;
                let gone = || Error::internal("the pending booking was confirmed concurrently");
                known.ok_or_else(gone)
            })
            .await
    }

    async fn check_group(&self, student: Uuid, package: &NewPreBooking) -> Result<(), Error> {
        let mut others = package.student_ids.clone();
        others.sort_unstable();
        others.dedup();
        let is_complete = others.len() + 1 == usize::from(package.group_size);
        if others.len() != package.student_ids.len() || others.contains(&student) || !is_complete {
            let problem = "must list the other students of the group: groupSize minus 1 IDs";
            return Err(errors::invalid("studentIds", problem));
        }
        let (course, slot) = (package.course_id, package.timeslot);
        let joined = pre_bookings::joined(&self.database, course, slot, &others).await?;
        match others.iter().all(|other| joined.contains(other)) {
            true => Ok(()),
            false => Err(errors::invalid(
                "studentIds",
                "must have pre-bookings of the course and slot",
            )),
        }
    }

    /// Assigns a paid booking to a trainer by the rules. A repeated request returns the same
    /// allocation.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn assign_booking(&self, request: &Assign) -> Result<Assignment, Error> {
        let id = request.booking_id;
        let without = |status| Ok(Assignment::without_trainer(id, status));
        let Some(paid) = self.paid_allocation(request).await? else {
            return without(AssignStatus::InvalidPurchase);
        };
        let allocation = self
            .database
            .transaction(|tx| async move {
                let place = request.student_location;
                if zones::of(&tx, place).await?.is_none() {
                    return Ok(Err(AssignStatus::ServiceNotAvailable));
                }
                let allocation = self.locked(&tx, paid).await?;
                let package = &allocation.package;
                let is_paid = package.class_type == request.class_type
                    && package.delivery_mode == request.delivery_mode;
                match allocation.status.as_str() {
                    _ if !(is_paid && allocation.is_open()) => {
                        Ok(Err(AssignStatus::InvalidPurchase))
                    }
                    "pending" => self.assign(&tx, allocation, None, SYSTEM).await.map(Ok),
                    _ => Ok(Ok(allocation)),
                }
            })
            .await?;
        let allocation = match allocation {
            Ok(allocation) => allocation,
            Err(status) => return without(status),
        };
        let mut assignment = Assignment::without_trainer(id, AssignStatus::Waitlisted);
        assignment.allocation_id = Some(allocation.id);
        let Some(trainer) = allocation.trainer_id else {
            return Ok(assignment);
        };
        let reserved = slots::of_allocation(&self.database, allocation.id).await?;
        let planned = reserved.iter().map(|one| PlannedSession {
            session_number: one.planned.number,
            date: one.planned.date,
            time_slot: one.planned.slot,
        });
        assignment.status = AssignStatus::Assigned;
        assignment.trainer_id = Some(trainer);
        assignment.schedule = planned.collect();
        Ok(assignment)
    }

    /// Returns the allocation of a booking whose paid sessions are as many as the request names.
    async fn paid_allocation(&self, request: &Assign) -> Result<Option<Uuid>, Error> {
        let booking = bookings::by_id(&self.database, request.booking_id).await?;
        let booking = booking.filter(|booking| {
            booking.course_id == request.course_id
                && booking.slot == request.preferred_time_slot
                && matches!(booking.status.as_str(), "confirmed" | "active")
        });
        let Some((payment, allocation)) = booking.and_then(|booking| booking.paid) else {
            return Ok(None);
        };
        let paid = payments::paid_by(&self.database, payment).await?;
        Ok((paid == Some(request.total_sessions)).then_some(allocation))
    }
}
