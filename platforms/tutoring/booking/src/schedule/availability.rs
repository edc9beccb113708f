use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use seaworthy::prelude::*;
use tutoring_contract::Slot;

use super::Schedule;
use crate::{
    domain::{
        Booked, MAX_CANDIDATES, Place, Planned, Requirements, Trainer, check_distances, errors,
        is_working, rank,
    },
    store::{After, Candidates, copies, slots, zones},
};

/// Maximum number of pages of 200 trainers that one query reads. A zone may have more.
const MAX_PAGES: usize = 5;
/// The reasons of an unavailable place, course, date or trainer.
pub(super) const NO_SERVICE: &str = "SERVICE_NOT_AVAILABLE";
pub(super) const NO_TRAINER: &str = "NO_TRAINER";
const NO_COURSE: &str = "COURSE_NOT_AVAILABLE";
const HOLIDAY: &str = "HOLIDAY";
const NOT_ALLOCATABLE: &str = "NOT_ALLOCATABLE";
const NOT_WORKING: &str = "NOT_WORKING";

/// A query for the availability of a course at a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AvailabilityQuery {
    pub(crate) course: Uuid,
    pub(crate) place: Place,
    /// Whether the result depends on distances to trainers and their other students. If a caller
    /// chose the place too, the results would reveal the homes of others.
    pub(crate) uses_distances: bool,
}

/// Whether a course or a trainer is available, and the reason if not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Availability {
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl Availability {
    const fn of(zone: Option<Uuid>, reason: Option<&'static str>) -> Self {
        Self {
            available: reason.is_none(),
            zone_id: zone,
            reason,
        }
    }
}

/// Whether a slot of a day is available.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlotAvailability {
    time_slot: Slot,
    #[serde(flatten)]
    state: Availability,
}

impl Schedule {
    /// Returns the given place of a student, or else the place of the profile.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` without a place.
    pub(crate) async fn place_of(
        &self,
        student: Option<Uuid>,
        given: (Option<f64>, Option<f64>),
    ) -> Result<Place, Error> {
        if let (Some(latitude), Some(longitude)) = given {
            let place = Place::new(latitude, longitude);
            return place.ok_or_else(errors::coordinates_invalid);
        }
        let known = match student {
            Some(student) => copies::place_of_student(&self.database, student).await?,
            None => None,
        };
        known.ok_or_else(errors::no_place)
    }

    /// Returns whether a trainer could hold a session of a course at a place, date and slot.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a past date.
    pub(crate) async fn check_slot(
        &self,
        query: AvailabilityQuery,
        (date, slot): (Date, Slot),
    ) -> Result<Availability, Error> {
        let is_holiday = self.is_holiday(date).await?;
        let planned = vec![planned(date, slot)];
        let Some((zone, requirements)) = self.requirements_at(query, slot, planned).await? else {
            return Ok(Availability::of(None, Some(NO_SERVICE)));
        };
        let (fit, _) =
            Self::candidates(&self.database, (zone, query.course), &requirements).await?;
        let booked = self.booked(&requirements, Some(date), &fit).await?;
        let reason = match is_within_distance(&requirements, &fit, &booked) {
            _ if is_holiday => Some(HOLIDAY),
            true => None,
            false => Some(NO_TRAINER),
        };
        Ok(Availability::of(Some(zone), reason))
    }

    /// Returns whether a trainer could hold sessions of a course at a place and date, for each
    /// slot.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a past date, or `SERVICE_NOT_AVAILABLE` outside of all zones.
    pub(crate) async fn check_slots(
        &self,
        query: AvailabilityQuery,
        date: Date,
    ) -> Result<Vec<SlotAvailability>, Error> {
        let is_holiday = self.is_holiday(date).await?;
        let first = Slot::all().next().ok_or_else(errors::no_dates)?;
        let found = self.requirements_at(query, first, Vec::new()).await?;
        let (zone, requirements) = found.ok_or_else(errors::no_zone)?;
        let zone_and_course = (zone, query.course);
        let open = self
            .open_slots(zone_and_course, &requirements, Some(date))
            .await?;
        let reason = |slot: Slot| match open.contains(&slot) {
            _ if is_holiday => Some(HOLIDAY),
            true => None,
            false => Some(NO_TRAINER),
        };
        let of = |slot| SlotAvailability {
            time_slot: slot,
            state: Availability::of(Some(zone), reason(slot)),
        };
        Ok(Slot::all().map(of).collect())
    }

    /// Returns whether a course is offered at a place.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn check_course(
        &self,
        query: AvailabilityQuery,
    ) -> Result<Availability, Error> {
        let course = query.course;
        let first = Slot::all().next().ok_or_else(errors::no_dates)?;
        let found = self.requirements_at(query, first, Vec::new()).await?;
        if !copies::is_published(&self.database, course).await? {
            let zone = found.map(|(zone, _)| zone);
            return Ok(Availability::of(zone, Some(NO_COURSE)));
        }
        let Some((zone, requirements)) = found else {
            return Ok(Availability::of(None, Some(NO_SERVICE)));
        };
        let reason = match self.open_slots((zone, course), &requirements, None).await? {
            open if open.is_empty() => Some(NO_TRAINER),
            _ => None,
        };
        Ok(Availability::of(Some(zone), reason))
    }

    /// Returns whether a trainer has time, for each slot of a date.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a past date.
    pub(crate) async fn check_trainer(
        &self,
        trainer: Uuid,
        date: Date,
    ) -> Result<Vec<SlotAvailability>, Error> {
        let is_holiday = self.is_holiday(date).await?;
        let known = Candidates::slots_of(&self.database, trainer, date).await?;
        let reason = |slot: Slot, own: Option<&Trainer>| match own {
            None => Some(NOT_ALLOCATABLE),
            Some(_) if is_holiday => Some(HOLIDAY),
            Some(own) if !is_working(own, &planned(date, slot)) => Some(NOT_WORKING),
            Some(own) if own.is_busy => Some(errors::SLOT_TAKEN),
            Some(_) => None,
        };
        let of = |slot: Slot, own: Option<&Trainer>| SlotAvailability {
            time_slot: slot,
            state: Availability::of(None, reason(slot, own)),
        };
        Ok(match known {
            Some(known) => known
                .iter()
                .map(|(slot, own)| of(*slot, Some(own)))
                .collect(),
            None => Slot::all().map(|slot| of(slot, None)).collect(),
        })
    }

    /// Returns whether a trainer has time in a slot of a date.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a past date.
    pub(crate) async fn check_trainer_slot(
        &self,
        trainer: Uuid,
        (date, slot): (Date, Slot),
    ) -> Result<Availability, Error> {
        let slots = self.check_trainer(trainer, date).await?;
        let found = slots.into_iter().find(|one| one.time_slot == slot);
        let found = found.map(|one| one.state);
        found.ok_or_else(|| Error::internal("the slot has no availability"))
    }

    /// Returns the zone of a place and the conditions there, or `None` outside of all zones.
    pub(super) async fn requirements_at(
        &self,
        query: AvailabilityQuery,
        slot: Slot,
        planned: Vec<Planned>,
    ) -> Result<Option<(Uuid, Requirements)>, Error> {
        let Some(zone) = zones::of(&self.database, query.place).await? else {
            return Ok(None);
        };
        let requirements = Requirements {
            category: copies::category(&self.database, query.course).await?,
            gender: None,
            place: query.place,
            zone_radius_km: zone.radius_km,
            max_sequential_km: self.max_sequential_km,
            slot,
            planned,
        };
        Ok(Some(match query.uses_distances {
            true => (zone.id, requirements),
            false => (zone.id, requirements.without_distances()),
        }))
    }

    /// Returns the slots for which a zone has a candidate, on a date or on any date. Reads at most
    /// [`MAX_PAGES`] pages of trainers, the best first.
    async fn open_slots(
        &self,
        zone_and_course: (Uuid, Uuid),
        requirements: &Requirements,
        date: Option<Date>,
    ) -> Result<BTreeSet<Slot>, Error> {
        let dates: Vec<_> = date.into_iter().collect();
        let (mut open, mut next) = (BTreeSet::new(), Some(After::START));
        for _ in 0..MAX_PAGES {
            let Some(after) = next.filter(|_| open.len() < Slot::all().count()) else {
                break;
            };
            let page;
            (page, next) =
                Candidates::slots_of_page(&self.database, zone_and_course, &dates, after).await?;
            let trainers = page
                .first()
                .map_or(&[][..], |(_, trainers)| trainers.as_slice());
            let booked = self.booked(requirements, date, trainers).await?;
            for (slot, trainers) in page {
                let of_slot = Requirements {
                    slot,
                    planned: dates.iter().map(|date| planned(*date, slot)).collect(),
                    ..requirements.clone()
                };
                if !open.contains(&slot)
                    && is_within_distance(&of_slot, &rank(&of_slot, trainers).0, &booked)
                {
                    open.insert(slot);
                }
            }
        }
        Ok(open)
    }

    /// Returns the booked slots of trainers on a date, or none if distances do not count.
    async fn booked(
        &self,
        requirements: &Requirements,
        date: Option<Date>,
        trainers: &[Trainer],
    ) -> Result<BTreeMap<Uuid, Vec<Booked>>, Error> {
        match date {
            Some(date) if requirements.max_sequential_km.is_finite() => {
                let ids: Vec<_> = trainers.iter().map(|trainer| trainer.id).collect();
                Ok(slots::booked_on(&self.database, &ids, date).await?)
            }
            _ => Ok(BTreeMap::new()),
        }
    }

    /// Whether a date is a holiday.
    async fn is_holiday(&self, date: Date) -> Result<bool, Error> {
        if date < self.zone.today() {
            return Err(errors::invalid("date", "must not be in the past"));
        }
        let date = date.to_string();
        let holidays = zones::holidays(&self.database, &date).await?;
        Ok(holidays.contains(&date))
    }
}

/// Whether the sessions before and after are near enough for one of the best candidates.
fn is_within_distance(
    requirements: &Requirements,
    fit: &[Trainer],
    booked: &BTreeMap<Uuid, Vec<Booked>>,
) -> bool {
    fit.iter().take(MAX_CANDIDATES).any(|trainer| {
        let booked = booked.get(&trainer.id);
        check_distances(requirements, booked.map_or(&[][..], Vec::as_slice)).is_ok()
    })
}

const fn planned(date: Date, slot: Slot) -> Planned {
    Planned {
        number: 1,
        date,
        slot,
    }
}
