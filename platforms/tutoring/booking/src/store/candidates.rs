use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use seaworthy::data::{Value, prelude::*};
use serde_json::{Value as Json, json};
use tutoring_contract::{Slot, Territory};
use uuid::Uuid;

use super::{place, zones};
use crate::domain::{Place, Planned, Trainer};

/// Maximum number of trainers that one statement reads.
const PAGE: u32 = 200;
/// The maximum rating, in tenths.
const MAX_RATING: u32 = 50;
/// The first and the last hour of the slots of a shift.
const SHIFTS: [(&str, u16, u16); 2] = [("morning", 6, 14), ("evening", 12, 20)];

// The first part of statements that read trainers.
statements! { statement: "SELECT t.trainer_id, t.account, t.account_version, t.profile, t.profile_version, t.is_allocatable, t.latitude, t.longitude, t.zone_id, t.rating_tenths FROM " }

/// The copy of a trainer.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct TrainerCopy {
    #[from_row(column = "trainer_id")]
    id: Uuid,
    account: Json,
    account_version: i64,
    profile: Json,
    profile_version: i64,
    is_allocatable: bool,
    #[from_row(column = "zone_id")]
    zone: Option<Uuid>,
    #[from_row(with = place)]
    place: Option<Place>,
    rating_tenths: u32,
}

impl TrainerCopy {
    /// Returns a member of the profile, or that of the application.
    fn member(&self, name: &str) -> Option<&Json> {
        let given = |from: &'_ Json| from.get(name).is_some_and(|value| !value.is_null());
        match given(&self.profile) {
            true => self.profile.get(name),
            false => self.account.get(name),
        }
    }

    fn place_of_messages(&self) -> Option<Place> {
        let of = |value: Option<&Json>| {
            let value = value?;
            let number = |name: &str| value.get(name).and_then(Json::as_f64);
            Place::of(number("latitude"), number("longitude"))
        };
        of(self.profile.get("baseLocation")).or_else(|| of(self.account.get("location")))
    }

    fn is_approved(&self) -> bool {
        let is = |name: &str, value: Json| self.account.get(name) == Some(&value);
        is("approvalStatus", json!("approved")) && !is("isDisabled", json!(true))
    }

    fn rating_of_messages(&self) -> u32 {
        let rating = self.profile.get("rating").and_then(Json::as_f64);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the value is from 0 to 50"
        )]
        let tenths = (rating.unwrap_or_default().clamp(0.0, 5.0) * 10.0).round() as u32;
        tenths
    }

    fn courses(&self) -> Vec<Uuid> {
        let list = self.account.get("courses").and_then(Json::as_array);
        let ids = list.into_iter().flatten().filter_map(Json::as_str);
        ids.filter_map(|id| id.parse().ok()).collect()
    }

    fn texts(value: Option<&Json>) -> Vec<String> {
        let list = value.and_then(Json::as_array).into_iter().flatten();
        list.filter_map(Json::as_str).map(str::to_owned).collect()
    }

    /// Returns the slots that the trainer has chosen, or those of the shift of the application.
    fn slots(&self) -> Vec<Slot> {
        let weekly = self.profile.get("weekly").and_then(|own| own.get("slots"));
        let own = Self::texts(weekly);
        if !own.is_empty() {
            return own.iter().filter_map(|slot| slot.parse().ok()).collect();
        }
        let shift = self.account.get("availability");
        let shift = shift
            .and_then(|own| own.get("shiftType"))
            .and_then(Json::as_str);
        let hours = SHIFTS.iter().find(|(name, _, _)| Some(*name) == shift);
        hours.map_or_else(Vec::new, |(_, first, end)| {
            let is_in = |slot: &Slot| (first * 60..end * 60).contains(&slot.start_minute());
            Slot::all().filter(is_in).collect()
        })
    }

    fn days(&self) -> Vec<String> {
        let of = |from: Option<&Json>| Self::texts(from.and_then(|own| own.get("availableDays")));
        let own = of(self.profile.get("weekly"));
        match own.is_empty() {
            true => of(self.account.get("availability")),
            false => own,
        }
    }

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

/// Statements on the copies of trainers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrainerCopies;

impl TrainerCopies {
    async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<TrainerCopy>> {
        statement!(locked, "trainer_copies t WHERE t.trainer_id = {id}")
            .fetch_optional(tx)
            .await
    }

    async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<TrainerCopy>> {
        statement!(sql, "trainer_copies t WHERE t.trainer_id = {id}")
            .fetch_optional(connection)
            .await
    }

    /// Returns the territory of the approved application of a trainer, and the zone of the place.
    pub(crate) async fn territory(
        connection: &dyn Connection,
        id: Uuid,
    ) -> DataResult<Option<(Territory, Option<Uuid>)>> {
        let copy = Self::by_id(connection, id).await?;
        Ok(copy.map(|copy| {
            let stated = copy.account.get("territory").cloned();
            let stated = stated.and_then(|stated| serde_json::from_value(stated).ok());
            (stated.unwrap_or_default(), copy.zone)
        }))
    }

    /// Stores the members of a message. The account and the profile have versions of their own. An
    /// older version changes nothing.
    pub(crate) async fn store(
        tx: &Transaction,
        id: Uuid,
        version: i64,
        members: &serde_json::Map<String, Json>,
    ) -> DataResult<()> {
        insert_or_ignore!("trainer_copies (trainer_id, account, account_version, profile, profile_version, is_allocatable, rating_tenths) VALUES (?, ?, -1, ?, -1, ?, 0)")
            .bind(id)
            .bind(json!({}))
            .bind(json!({}))
            .bind(false)
            .execute(tx)
            .await?;
        let Some(mut copy) = Self::lock(tx, id).await? else {
            return Ok(());
        };
        let is_account = members.contains_key("approvalStatus");
        let (known, stored) = match is_account {
            true => (&mut copy.account_version, &mut copy.account),
            false => (&mut copy.profile_version, &mut copy.profile),
        };
        if version < *known {
            return Ok(());
        }
        *known = version;
        if let Some(stored) = stored.as_object_mut() {
            stored.extend(members.clone());
        }
        Self::settle(tx, copy).await
    }

    /// Stores a trainer with the place, the zone and the courses that follow from the messages.
    async fn settle(tx: &Transaction, mut copy: TrainerCopy) -> DataResult<()> {
        copy.place = copy.place_of_messages();
        copy.rating_tenths = copy.rating_of_messages();
        copy.zone = match copy.place {
            Some(place) => zones::of(tx, place).await?.map(|zone| zone.id),
            None => None,
        };
        copy.is_allocatable = copy.is_approved() && copy.zone.is_some();
        sql!("UPDATE trainer_copies SET account = {copy.account.clone()}, account_version = {copy.account_version}, profile = {copy.profile.clone()}, profile_version = {copy.profile_version}, is_allocatable = {copy.is_allocatable}, latitude = {copy.place.map(|place| place.latitude)}, longitude = {copy.place.map(|place| place.longitude)}, zone_id = {copy.zone}, rating_tenths = {copy.rating_tenths} WHERE trainer_id = {copy.id}")
            .execute(tx)
            .await?;
        sql!("DELETE FROM candidates WHERE trainer_id = {copy.id}")
            .execute(tx)
            .await?;
        let courses: BTreeSet<_> = copy.courses().into_iter().collect();
        let Some(zone) = copy
            .zone
            .filter(|_| copy.is_allocatable && !courses.is_empty())
        else {
            return Ok(());
        };
        let rows = courses.into_iter().map(|course| -> [Value; 4] {
            [
                zone.into(),
                course.into(),
                copy.rating_tenths.into(),
                copy.id.into(),
            ]
        });
        sql("INSERT INTO candidates (zone_id, course_id, rating_tenths, trainer_id) VALUES (?, ?, ?, ?)**")
            .bind_rows(rows)
            .apply(tx)
            .await
    }

    /// Assigns the trainers around a place to their zones again.
    pub(crate) async fn settle_around(
        tx: &Transaction,
        place: Place,
        radius_km: f64,
    ) -> DataResult<()> {
        let (south, north) = place.latitudes(radius_km);
        let (west, east) = place.longitudes(radius_km);
        let mut after = Uuid::nil();
        loop {
            let copies: Vec<TrainerCopy> = statement!(sql, "trainer_copies t WHERE t.latitude BETWEEN {south} AND {north} AND t.longitude BETWEEN {west} AND {east} AND t.trainer_id > {after} ORDER BY t.trainer_id LIMIT {PAGE}")
            .fetch_all(tx)
            .await?;
            let is_full = copies.len() >= PAGE as usize;
            for copy in copies {
                after = copy.id;
                Self::settle(tx, copy).await?;
            }
            if !is_full {
                return Ok(());
            }
        }
    }
}

/// The position after a trainer in the list of a zone and course: the rating and the ID.
#[derive(Debug, Clone, Copy)]
pub(crate) struct After(u32, Uuid);

impl After {
    /// The position before all trainers.
    pub(crate) const START: Self = Self(MAX_RATING + 1, Uuid::nil());
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
        let (copies, next) = Self::copies(connection, (zone, course), after).await?;
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
        let (copies, next) = Self::copies(connection, (zone, course), after).await?;
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

    async fn copies(
        connection: &dyn Connection,
        (zone, course): (Uuid, Uuid),
        After(rating, trainer): After,
    ) -> DataResult<(Vec<TrainerCopy>, Option<After>)> {
        let copies: Vec<TrainerCopy> = statement!(sql, "candidates c JOIN trainer_copies t ON t.trainer_id = c.trainer_id WHERE c.zone_id = {zone} AND c.course_id = {course} AND (c.rating_tenths, c.trainer_id) < ({rating}, {trainer}) ORDER BY c.rating_tenths DESC, c.trainer_id DESC LIMIT {PAGE}")
            .fetch_all(connection)
            .await?;
        let is_full = copies.len() >= PAGE as usize;
        let last = copies.last().filter(|_| is_full);
        let next = last.map(|copy| After(copy.rating_tenths, copy.id));
        Ok((copies, next))
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
        let zone = copy.zone;
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
