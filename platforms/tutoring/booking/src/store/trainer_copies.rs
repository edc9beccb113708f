//! Statements on the copies of trainers.

use std::collections::BTreeSet;

use seaworthy::data::{Value, prelude::*};
use serde_json::{Value as Json, json};
use tutoring_contract::{Slot, Territory};

use super::{place, zones};
use crate::domain::Place;

/// Maximum number of trainers that one statement reads.
const PAGE: u32 = 200;
/// The maximum rating, in tenths.
const MAX_RATING: u32 = 50;
/// The first and the last hour of the slots of a shift.
const SHIFTS: [(&str, u16, u16); 2] = [("morning", 6, 14), ("evening", 12, 20)];

// The first part of statements that read trainers.
statements! { statement: "SELECT t.trainer_id, t.account, t.account_version, t.profile, t.profile_version, t.is_allocatable, t.latitude, t.longitude, t.zone_id, t.rating_tenths FROM " }

#[derive(Debug, Clone, FromRow)]
pub(crate) struct TrainerCopy {
    #[from_row(column = "trainer_id")]
    pub(super) id: Uuid,
    account: Json,
    account_version: i64,
    profile: Json,
    profile_version: i64,
    pub(super) is_allocatable: bool,
    pub(super) zone_id: Option<Uuid>,
    #[from_row(with = place)]
    pub(super) place: Option<Place>,
    pub(super) rating_tenths: u32,
}

impl TrainerCopy {
    /// Returns a field of the profile, or that of the application.
    pub(super) fn member(&self, name: &str) -> Option<&Json> {
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

    pub(super) fn courses(&self) -> Vec<Uuid> {
        let list = self.account.get("courses").and_then(Json::as_array);
        let ids = list.into_iter().flatten().filter_map(Json::as_str);
        ids.filter_map(|id| id.parse().ok()).collect()
    }

    pub(super) fn texts(value: Option<&Json>) -> Vec<String> {
        let list = value.and_then(Json::as_array).into_iter().flatten();
        list.filter_map(Json::as_str).map(str::to_owned).collect()
    }

    /// Returns the slots that the trainer has chosen, or those of the shift of the application.
    pub(super) fn slots(&self) -> Vec<Slot> {
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

    pub(super) fn days(&self) -> Vec<String> {
        let of = |from: Option<&Json>| Self::texts(from.and_then(|own| own.get("availableDays")));
        let own = of(self.profile.get("weekly"));
        match own.is_empty() {
            true => of(self.account.get("availability")),
            false => own,
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

/// Statements on the copies of trainers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrainerCopies;

impl TrainerCopies {
    pub(super) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<TrainerCopy>> {
        statement!(locked, "trainer_copies t WHERE t.trainer_id = {id}")
            .fetch_optional(tx)
            .await
    }

    pub(super) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> DataResult<Option<TrainerCopy>> {
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
            (stated.unwrap_or_default(), copy.zone_id)
        }))
    }

    /// Stores the fields of a message. The account and the profile have versions of their own. An
    /// older version changes nothing.
    pub(crate) async fn store(
        tx: &Transaction,
        id: Uuid,
        version: i64,
        members: &serde_json::Map<String, Json>,
    ) -> DataResult<()> {
        let none = json!({});
        insert_or_ignore!("trainer_copies (trainer_id, account, account_version, profile, profile_version, is_allocatable, rating_tenths) VALUES ({id}, {none.clone()}, -1, {none}, -1, {false}, 0)")
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
        Self::update_derived(tx, copy).await
    }

    /// Stores a trainer with the place, the zone and the courses that follow from the messages.
    async fn update_derived(tx: &Transaction, mut copy: TrainerCopy) -> DataResult<()> {
        copy.place = copy.place_of_messages();
        copy.rating_tenths = copy.rating_of_messages();
        copy.zone_id = match copy.place {
            Some(place) => zones::of(tx, place).await?.map(|zone| zone.id),
            None => None,
        };
        copy.is_allocatable = copy.is_approved() && copy.zone_id.is_some();
        sql!("UPDATE trainer_copies SET account = {copy.account.clone()}, account_version = {copy.account_version}, profile = {copy.profile.clone()}, profile_version = {copy.profile_version}, is_allocatable = {copy.is_allocatable}, latitude = {copy.place.map(|place| place.latitude)}, longitude = {copy.place.map(|place| place.longitude)}, zone_id = {copy.zone_id}, rating_tenths = {copy.rating_tenths} WHERE trainer_id = {copy.id}")
            .execute(tx)
            .await?;
        sql!("DELETE FROM candidates WHERE trainer_id = {copy.id}")
            .execute(tx)
            .await?;
        let courses: BTreeSet<_> = copy.courses().into_iter().collect();
        let Some(zone) = copy
            .zone_id
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
    pub(crate) async fn reassign_zones(
        tx: &Transaction,
        place: Place,
        radius_km: f64,
    ) -> DataResult<()> {
        let (south, north) = place.latitudes(radius_km);
        let (west, east) = place.longitudes(radius_km);
        let mut after = Uuid::nil();
        loop {
            // A message that changes a trainer at the same time must not be overwritten.
            let copies: Vec<TrainerCopy> = statement!(locked, "trainer_copies t WHERE t.latitude BETWEEN {south} AND {north} AND t.longitude BETWEEN {west} AND {east} AND t.trainer_id > {after} ORDER BY t.trainer_id LIMIT {PAGE}")
            .fetch_all(tx)
            .await?;
            let is_full = copies.len() >= PAGE as usize;
            for copy in copies {
                after = copy.id;
                Self::update_derived(tx, copy).await?;
            }
            if !is_full {
                return Ok(());
            }
        }
    }

    /// Returns a page of the trainers of a zone for a course, the best ratings first, and the
    /// position of the next page.
    pub(super) async fn page(
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
}
