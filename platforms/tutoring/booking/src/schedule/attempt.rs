use jiff::{Timestamp, civil::Date};
use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::events::TrainerAllocated;

use super::Schedule;
use crate::{
    domain::{
        MANY_STUDENTS, MAX_CANDIDATES, Rejection, Requirements, Trainer, check_distances,
        check_eligibility, errors, first_date, plan, rank,
    },
    store::{
        After, Allocation, Candidates, Entity, Zone, allocations, copies, sessions, slots,
        territories, zones,
    },
};

/// Maximum number of rejections that are stored for operators. One statement inserts them.
const MAX_REJECTIONS: usize = 500;

/// Why a candidate was not allocated.
enum AllocationError {
    Rejected(Rejection),
    Error(Error),
}

impl From<DataError> for AllocationError {
    fn from(error: DataError) -> Self {
        Self::Error(error.into())
    }
}

impl From<Error> for AllocationError {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// A search for a trainer of an allocation.
struct Search {
    zone: Uuid,
    requirements: Requirements,
}

impl Schedule {
    /// Returns the blocked dates from a date on.
    pub(super) async fn holidays(&self, tx: &Transaction, from: Date) -> Result<Vec<Date>, Error> {
        let dates = zones::holidays(tx, &from.to_string()).await?;
        let dates = dates.iter().map(|date| date.parse());
        dates.collect::<Result<_, _>>().map_err(Error::internal)
    }

    /// Chooses a trainer for a pending allocation, and reserves all slots in the same transaction.
    /// Without a candidate it stays pending, with the reason and the rejections of all trainers.
    pub(super) async fn assign(
        &self,
        tx: &Transaction,
        mut allocation: Allocation,
        chosen: Option<Uuid>,
        decided_by: &str,
    ) -> Result<Allocation, Error> {
        let before = allocation.reason.clone();
        let zone = self.set_zone(tx, &mut allocation).await?;
        let search = match self.new_search(tx, &allocation, zone).await {
            Ok(search) => search,
            Err(error)
                if matches!(
                    error.code(),
                    Code::Invalid | Code::NotFound | Code::Conflict
                ) =>
            {
                allocations::set_rejections(tx, allocation.id, &[]).await?;
                let reason = error.fields().first();
                let reason = reason.map(|field| format!("{} {}", field.field, field.description));
                let reason = reason.unwrap_or_else(|| error.message().to_owned());
                return self.keep_pending(tx, allocation, before, reason).await;
            }
            Err(error) => return Err(error),
        };
        let planned = &search.requirements.planned;
        let (fit, mut rejected) = match chosen {
            Some(trainer) => (vec![trainer], Vec::new()),
            None => {
                let zone_and_course = (search.zone, allocation.course_id);
                let (fit, rejected) =
                    Self::candidates(tx, zone_and_course, &search.requirements).await?;
                (
                    fit.into_iter().map(|trainer| trainer.id).collect(),
                    rejected,
                )
            }
        };
        for trainer in fit.iter().take(MAX_CANDIDATES) {
            match self.reserve(tx, &allocation, &search, *trainer).await {
                Ok(students) => {
                    allocations::set_rejections(tx, allocation.id, &rejected).await?;
                    allocation.trainer_id = Some(*trainer);
                    allocation.status = "approved".to_owned();
                    allocation.start_date = planned.first().map(|one| one.date);
                    allocation.end_date = planned.last().map(|one| one.date);
                    allocation.decided_by = Some(decided_by.to_owned());
                    allocation.reason = None;
                    allocations::update(tx, &allocation).await?;
                    self.publish_allocated(tx, &allocation).await?;
                    if students + 1 == MANY_STUDENTS {
                        let data = json!({ "trainerId": trainer, "students": MANY_STUDENTS });
                        let text = "A trainer has many students.";
                        self.notify_operators(tx, "Trainer with many students", text, &data)
                            .await?;
                    }
                    return Ok(allocation);
                }
                Err(AllocationError::Rejected(rejection)) => rejected.push((*trainer, rejection)),
                Err(AllocationError::Error(error)) => return Err(error),
            }
        }
        let rest = fit.iter().skip(MAX_CANDIDATES);
        rejected.extend(rest.map(|trainer| (*trainer, Rejection::NotTried)));
        allocations::set_rejections(tx, allocation.id, &rejected).await?;
        let reason = match rejected.is_empty() {
            true => "no trainer of the zone teaches the course",
            false => "no trainer meets all conditions",
        };
        self.keep_pending(tx, allocation, before, reason.to_owned())
            .await
    }

    /// Returns the trainers of a zone and course who meet all conditions, the best first, and the
    /// rejections of others. Reads further pages of the zone until there are enough candidates.
    pub(super) async fn candidates(
        connection: &dyn Connection,
        zone_and_course: (Uuid, Uuid),
        requirements: &Requirements,
    ) -> Result<(Vec<Trainer>, Vec<(Uuid, Rejection)>), Error> {
        let (mut fit, mut rejected, mut next) = (Vec::new(), Vec::new(), Some(After::START));
        while let Some(after) = next.filter(|_| fit.len() < MAX_CANDIDATES) {
            let (slot, planned) = (requirements.slot, &requirements.planned);
            let page;
            (page, next) =
                Candidates::page(connection, zone_and_course, slot, planned, after).await?;
            let (good, bad) = rank(requirements, page);
            fit.extend(good);
            rejected.extend(bad);
        }
        rejected.truncate(MAX_REJECTIONS);
        // Sort again: the pages have the order of ratings, and the rules have another order.
        Ok((rank(requirements, fit).0, rejected))
    }

    /// Sets the zone and the locality of the place, which decide who sees the allocation. Returns
    /// the zone, or `None` outside of all zones. Trainers are chosen later.
    async fn set_zone(
        &self,
        tx: &Transaction,
        allocation: &mut Allocation,
    ) -> Result<Option<Zone>, Error> {
        let Some(place) = allocation.place else {
            return Ok(None);
        };
        let zone = zones::of(tx, place).await?;
        if let Some(zone) = &zone {
            allocation.zone_id = Some(zone.id);
            allocation.locality = territories::locality_of(tx, zone.city_id, place).await?;
        }
        Ok(zone)
    }

    async fn keep_pending(
        &self,
        tx: &Transaction,
        mut allocation: Allocation,
        before: Option<String>,
        reason: String,
    ) -> Result<Allocation, Error> {
        if before.as_ref() != Some(&reason) {
            let data = json!({ "allocationId": allocation.id, "reason": reason });
            let title = "Allocation is pending";
            self.notify_operators(tx, title, &reason, &data).await?;
        }
        allocation.reason = Some(reason);
        allocations::update(tx, &allocation).await?;
        Ok(allocation)
    }

    async fn new_search(
        &self,
        tx: &Transaction,
        allocation: &Allocation,
        zone: Option<Zone>,
    ) -> Result<Search, Error> {
        let place = allocation.place.ok_or_else(errors::no_place)?;
        let package = &allocation.package;
        let (now, minute) = (Timestamp::now(), package.time_slot.start_minute());
        let has_begun = |date| self.zone.timestamp(date, minute) <= now;
        let first = first_date(package.start_date, self.zone.today(), has_begun)?;
        let holidays = self.holidays(tx, first).await?;
        // The numbers decide which sessions are online, so they continue those that earlier
        // allocations of the purchase held.
        let held = match allocation.purchase_id {
            Some(purchase) => sessions::held_before(tx, purchase).await?,
            None => 0,
        };
        let numbers = held + 1..=held + allocation.session_count;
        let planned = plan(package, first, numbers, |date, _| holidays.contains(&date))?;
        let zone = zone.ok_or_else(errors::no_zone)?;
        let requirements = Requirements {
            category: copies::category(tx, allocation.course_id).await?,
            gender: package.preferred_trainer_gender.clone(),
            place,
            zone_radius_km: zone.radius_km,
            max_sequential_km: self.max_sequential_km,
            slot: package.time_slot,
            planned,
        };
        let zone = zone.id;
        Ok(Search { zone, requirements })
    }

    /// Checks one trainer again under a lock, and reserves the slots. A rejection rolls back its
    /// own statements. Returns the previous number of students.
    async fn reserve(
        &self,
        tx: &Transaction,
        allocation: &Allocation,
        search: &Search,
        trainer: Uuid,
    ) -> Result<u32, AllocationError> {
        let (requirements, planned) = (&search.requirements, &search.requirements.planned);
        let (Some(first), Some(last)) = (planned.first(), planned.last()) else {
            return Err(AllocationError::Error(Error::internal("the plan is empty")));
        };
        let range = (first.date, last.date);
        tx.transaction(|inner| async move {
            let course = Some(allocation.course_id);
            let known =
                Candidates::lock(&inner, trainer, course, requirements.slot, planned).await?;
            let known = known.filter(|(_, zone)| *zone == Some(search.zone));
            let (known, _) = known.ok_or(AllocationError::Rejected(Rejection::NotAllocatable))?;
            check_eligibility(requirements, &known).map_err(AllocationError::Rejected)?;
            let booked = slots::booked(&inner, trainer, range).await?;
            check_distances(requirements, &booked).map_err(AllocationError::Rejected)?;
            let reserved = slots::reserve(&inner, trainer, allocation.id, planned).await;
            match reserved {
                Ok(()) => Ok(known.students),
                Err(error) if error.reason() == errors::SLOT_TAKEN => {
                    Err(AllocationError::Rejected(Rejection::SlotTaken))
                }
                Err(error) => Err(AllocationError::Error(error)),
            }
        })
        .await
    }

    /// Stores the event that generates the sessions.
    pub(super) async fn publish_allocated(
        &self,
        tx: &Transaction,
        allocation: &Allocation,
    ) -> Result<(), Error> {
        let no_start = || Error::internal("the allocation has no start");
        let territory = territories::of(tx, Entity::Allocation(allocation.id)).await?;
        let allocated = TrainerAllocated {
            allocation_id: allocation.id,
            trainer_id: allocation.trainer()?,
            student_id: allocation.student_id,
            course_id: allocation.course_id,
            session_count: allocation.session_count,
            start_date: allocation.start_date.ok_or_else(no_start)?,
            end_date: allocation.end_date,
            territory,
        };
        self.publish(tx, allocated).await
    }
}
