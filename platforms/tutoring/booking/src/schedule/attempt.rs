use jiff::civil::Date;
use seaworthy::{data::prelude::*, prelude::*};
use serde_json::json;
use tutoring_contract::events::TrainerAllocated;
use uuid::Uuid;

use super::Schedule;
use crate::{
    domain::{
        MANY_STUDENTS, MAX_CANDIDATES, Need, Refusal, Trainer, errors, first_date, judge,
        judge_ways, plan, rank,
    },
    store::{
        After, Allocation, Candidates, Entity, Zone, allocations, copies, sessions, slots,
        territories, zones,
    },
};

/// Maximum number of rejections that are stored for operators. One statement inserts them.
const MAX_REFUSALS: usize = 500;

/// Why a candidate was not allocated.
enum Failed {
    Refused(Refusal),
    Error(Error),
}

impl From<DataError> for Failed {
    fn from(error: DataError) -> Self {
        Self::Error(error.into())
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The zone, the dates and the needs of an allocation.
struct Wanted {
    zone: Uuid,
    need: Need,
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
        let wanted = match self.wanted(tx, &allocation, zone).await {
            Ok(wanted) => wanted,
            Err(error)
                if matches!(
                    error.code(),
                    Code::Invalid | Code::NotFound | Code::Conflict
                ) =>
            {
                let reason = error.fields().first();
                let reason = reason.map(|field| format!("{} {}", field.field, field.description));
                let reason = reason.unwrap_or_else(|| error.message().to_owned());
                return self.keep_pending(tx, allocation, before, reason).await;
            }
            Err(error) => return Err(error),
        };
        let planned = &wanted.need.planned;
        let (fit, mut refused) = match chosen {
            Some(trainer) => (vec![trainer], Vec::new()),
            None => {
                let place = (wanted.zone, allocation.course_id);
                let (fit, refused) = Self::candidates(tx, place, &wanted.need).await?;
                (fit.into_iter().map(|trainer| trainer.id).collect(), refused)
            }
        };
        for trainer in fit.iter().take(MAX_CANDIDATES) {
            match self.take(tx, &allocation, &wanted, *trainer).await {
                Ok(students) => {
                    allocations::set_refusals(tx, allocation.id, &refused).await?;
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
                Err(Failed::Refused(refusal)) => refused.push((*trainer, refusal)),
                Err(Failed::Error(error)) => return Err(error),
            }
        }
        let rest = fit.iter().skip(MAX_CANDIDATES);
        refused.extend(rest.map(|trainer| (*trainer, Refusal::NotTried)));
        allocations::set_refusals(tx, allocation.id, &refused).await?;
        let reason = match refused.is_empty() {
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
        place: (Uuid, Uuid),
        need: &Need,
    ) -> Result<(Vec<Trainer>, Vec<(Uuid, Refusal)>), Error> {
        let (mut fit, mut refused, mut next) = (Vec::new(), Vec::new(), Some(After::START));
        while let Some(after) = next.filter(|_| fit.len() < MAX_CANDIDATES) {
            let (slot, planned) = (need.slot, &need.planned);
            let page;
            (page, next) = Candidates::page(connection, place, slot, planned, after).await?;
            let (good, bad) = rank(need, page);
            fit.extend(good);
            refused.extend(bad);
        }
        refused.truncate(MAX_REFUSALS);
        // Sort again: the pages have the order of ratings, and the rules have another order.
        Ok((rank(need, fit).0, refused))
    }

    /// Sets the zone and the locality of the place, which decide who sees the allocation. Returns the
    /// zone, or `None` outside of all zones. Trainers are chosen later.
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

    async fn wanted(
        &self,
        tx: &Transaction,
        allocation: &Allocation,
        zone: Option<Zone>,
    ) -> Result<Wanted, Error> {
        let place = allocation.place.ok_or_else(errors::no_place)?;
        let package = &allocation.package;
        let first = first_date(package.start_date, self.zone.today())?;
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
        let need = Need {
            category: copies::category(tx, allocation.course_id).await?,
            gender: package.preferred_trainer_gender.clone(),
            place,
            zone_radius_km: zone.radius_km,
            max_sequential_km: self.max_sequential_km,
            slot: package.time_slot,
            planned,
        };
        let zone = zone.id;
        Ok(Wanted { zone, need })
    }

    /// Checks one trainer again under a lock, and reserves the slots. A rejection rolls back its
    /// own statements. Returns the previous number of students.
    async fn take(
        &self,
        tx: &Transaction,
        allocation: &Allocation,
        wanted: &Wanted,
        trainer: Uuid,
    ) -> Result<u32, Failed> {
        let (need, planned) = (&wanted.need, &wanted.need.planned);
        let (Some(first), Some(last)) = (planned.first(), planned.last()) else {
            return Err(Failed::Error(Error::internal("the plan is empty")));
        };
        let range = (first.date, last.date);
        tx.transaction(|inner| async move {
            let course = Some(allocation.course_id);
            let known = Candidates::lock(&inner, trainer, course, need.slot, planned).await?;
            let known = known.filter(|(_, zone)| *zone == Some(wanted.zone));
            let (known, _) = known.ok_or(Failed::Refused(Refusal::NotAllocatable))?;
            judge(need, &known).map_err(Failed::Refused)?;
            let booked = slots::booked(&inner, trainer, range).await?;
            judge_ways(need, &booked).map_err(Failed::Refused)?;
            let reserved = slots::reserve(&inner, trainer, allocation.id, planned).await;
            match reserved {
                Ok(()) => Ok(known.students),
                Err(error) if error.reason() == errors::SLOT_TAKEN => {
                    Err(Failed::Refused(Refusal::SlotTaken))
                }
                Err(error) => Err(Failed::Error(error)),
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
