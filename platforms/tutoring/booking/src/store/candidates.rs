use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use seaworthy::data::prelude::*;
use serde_json::Value as Json;
use tutoring_contract::Slot;

use super::trainer_copies::{After, TrainerCopies, TrainerCopy};
use crate::domain::{Planned, Trainer};

impl TrainerCopy {
    fn trainer(&self, load: &Load, slot: Slot, slots: &BTreeSet<Slot>) -> Trainer {
        let text = |name: &str| self.member(name).and_then(Json::as_str).map(str::to_owned);
        let years = self.member("yearsOfExperience").and_then(Json::as_u64);
        let own = Slot::all().filter_map(|slot| load.students.get(&(self.id, slot)));
        Trainer {
            id: self.id,
            gender: text("gender"),
            place: self.place,
            rating_tenths: self.rating_tenths,
            experience: years.and_then(|years| years.try_into().ok()).unwrap_or(0),
            specialties: Self::texts(self.member("specialties")),
            slots: self.slots(),
            days: self.days(),
            students: own.sum(),
            in_slot: load.students.get(&(self.id, slot)).copied().unwrap_or(0),
            is_busy: slots
                .iter()
                .any(|slot| load.busy.contains(&(self.id, *slot))),
        }
    }
}

/// Statements on the trainers who may be chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidates;

impl Candidates {
    /// Returns a page of the trainers of a zone for a course with their load, and the position of
    /// the next page.
    pub(crate) async fn page(
        connection: &dyn Connection,
        (zone, course): (Uuid, Uuid),
        slot: Slot,
        planned: &[Planned],
        after: After,
    ) -> DataResult<(Vec<Trainer>, Option<After>)> {
        let (copies, next) = TrainerCopies::page(connection, (zone, course), after).await?;
        let trainers = Self::with_load(connection, &copies, slot, planned).await?;
        Ok((trainers, next))
    }

    /// Returns a page of the trainers of a zone for a course, and the position of the next page.
    /// Each slot has the trainers with their load on some dates.
    pub(crate) async fn slots_of_page(
        connection: &dyn Connection,
        (zone, course): (Uuid, Uuid),
        dates: &[Date],
        after: After,
    ) -> DataResult<(Vec<(Slot, Vec<Trainer>)>, Option<After>)> {
        let (copies, next) = TrainerCopies::page(connection, (zone, course), after).await?;
        let load = Load::of(connection, &copies, dates, &Slot::all().collect()).await?;
        let of = |slot: Slot| {
            let own = BTreeSet::from([slot]);
            let trainers = copies.iter().map(|copy| copy.trainer(&load, slot, &own));
            (slot, trainers.collect())
        };
        Ok((Slot::all().map(of).collect(), next))
    }

    /// Returns an allocatable trainer with the load in each slot of a date.
    pub(crate) async fn slots_of(
        connection: &dyn Connection,
        trainer: Uuid,
        date: Date,
    ) -> DataResult<Option<Vec<(Slot, Trainer)>>> {
        let copy = TrainerCopies::by_id(connection, trainer).await?;
        let Some(copy) = copy.filter(|copy| copy.is_allocatable) else {
            return Ok(None);
        };
        let one = std::slice::from_ref(&copy);
        let load = Load::of(connection, one, &[date], &Slot::all().collect()).await?;
        let of = |slot| (slot, copy.trainer(&load, slot, &BTreeSet::from([slot])));
        Ok(Some(Slot::all().map(of).collect()))
    }

    /// Returns an allocatable trainer of a course with the current load, and locks the row: choices
    /// of one trainer happen one after another.
    pub(crate) async fn lock(
        tx: &Transaction,
        trainer: Uuid,
        course: Option<Uuid>,
        slot: Slot,
        planned: &[Planned],
    ) -> DataResult<Option<(Trainer, Option<Uuid>)>> {
        let copy = TrainerCopies::lock(tx, trainer).await?;
        let certified =
            |copy: &TrainerCopy| course.is_none_or(|course| copy.courses().contains(&course));
        let Some(copy) = copy.filter(|copy| copy.is_allocatable && certified(copy)) else {
            return Ok(None);
        };
        let zone = copy.zone_id;
        let loaded = Self::with_load(tx, &[copy], slot, planned).await?;
        Ok(loaded.into_iter().next().map(|trainer| (trainer, zone)))
    }

    async fn with_load(
        connection: &dyn Connection,
        copies: &[TrainerCopy],
        slot: Slot,
        planned: &[Planned],
    ) -> DataResult<Vec<Trainer>> {
        let dates: Vec<_> = planned.iter().map(|one| one.date).collect();
        let slots = planned.iter().map(|one| one.slot).collect();
        let load = Load::of(connection, copies, &dates, &slots).await?;
        let trainers = copies.iter().map(|copy| copy.trainer(&load, slot, &slots));
        Ok(trainers.collect())
    }
}

/// The open allocations of trainers by slot, and the slots that are booked on one of some dates.
#[derive(Debug, Default)]
struct Load {
    students: BTreeMap<(Uuid, Slot), u32>,
    busy: BTreeSet<(Uuid, Slot)>,
}

impl Load {
    async fn of(
        connection: &dyn Connection,
        copies: &[TrainerCopy],
        dates: &[Date],
        slots: &BTreeSet<Slot>,
    ) -> DataResult<Self> {
        if copies.is_empty() {
            return Ok(Self::default());
        }
        let ids = || copies.iter().map(|copy| copy.id);
        let students: Vec<(Uuid, String, u32)> = sql("SELECT trainer_id, timeslot, COUNT(*) FROM allocations WHERE trainer_id IN (?*) AND status IN ('approved', 'active') GROUP BY trainer_id, timeslot")
            .bind_list(ids())
            .fetch_all(connection)
            .await?;
        let mut load = Self::default();
        for (trainer, slot, count) in students {
            load.students.insert((trainer, parsed(&slot)?), count);
        }
        if dates.is_empty() || slots.is_empty() {
            return Ok(load);
        }
        // An index search per trainer and date.
        let busy: Vec<(Uuid, String)> = sql("SELECT DISTINCT trainer_id, timeslot FROM schedule_slots WHERE trainer_id IN (?*) AND slot_date IN (?*) AND timeslot IN (?*) AND state <> 'available'")
            .bind_list(ids())
            .bind_list(dates.iter().map(Date::to_string))
            .bind_list(slots.iter().map(Slot::to_string))
            .fetch_all(connection)
            .await?;
        for (trainer, slot) in busy {
            load.busy.insert((trainer, parsed(&slot)?));
        }
        Ok(load)
    }
}

fn parsed(slot: &str) -> DataResult<Slot> {
    let invalid = |_| DataError::unexpected_value("the column is not a slot");
    slot.parse().map_err(invalid)
}
