//! The slot ledger. All reservations of trainers' slots go through it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use seaworthy::{
    data::{Value, prelude::*},
    prelude::*,
};
use tutoring_contract::{ClassType, Slot};

use crate::domain::{Booked, Mode, Place, Planned, errors};

/// The kind of the owner of a slot. Only allocations own slots.
const ALLOCATION: &str = "allocation";
/// Maximum number of slots in one response: the days of a schedule, times the slots of a day.
const MAX_SLOTS: u32 = 2_000;

/// A booked slot with its trainer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reserved {
    pub(crate) trainer: Uuid,
    pub(crate) planned: Planned,
}

impl FromRow for Reserved {
    fn from_row(row: &Row) -> DataResult<Self> {
        Ok(Self {
            trainer: row.get("trainer_id")?,
            planned: Planned {
                number: row.get("session_number")?,
                date: from_text(row, "slot_date")?,
                slot: from_text(row, "timeslot")?,
            },
        })
    }
}

/// Reserves slots of a trainer for sessions of an allocation. A session that has a slot keeps
/// it.
///
/// # Errors
/// `SLOT_TAKEN`: the transaction must roll back.
pub(crate) async fn reserve(
    tx: &Transaction,
    trainer: Uuid,
    allocation: Uuid,
    planned: &[Planned],
) -> Result<(), Error> {
    if planned.is_empty() {
        return Ok(());
    }
    let rows = planned.iter().map(|one| -> [Value; 6] {
        [
            trainer.into(),
            one.date.to_string().into(),
            one.slot.to_string().into(),
            ALLOCATION.into(),
            allocation.into(),
            one.number.into(),
        ]
    });
    let inserted = insert_or_ignore!("schedule_slots (trainer_id, slot_date, timeslot, state, owner_kind, owner_id, session_number) VALUES (?, ?, ?, 'booked', ?, ?, ?)**")
        .bind_rows(rows)
        .execute(tx)
        .await?;
    if inserted.rows_affected() == planned.len() as u64 {
        return Ok(());
    }
    for one in planned {
        take(tx, trainer, allocation, *one).await?;
    }
    Ok(())
}

/// Takes a slot whose row exists.
async fn take(
    tx: &Transaction,
    trainer: Uuid,
    allocation: Uuid,
    one: Planned,
) -> Result<(), Error> {
    if of_session(tx, allocation, one.number).await?.is_some() {
        return Ok(());
    }
    let is_taken = sql!("UPDATE schedule_slots SET state = 'booked', owner_kind = {ALLOCATION}, owner_id = {allocation}, session_number = {one.number} WHERE trainer_id = {trainer} AND slot_date = {one.date.to_string()} AND timeslot = {one.slot.to_string()} AND state = 'available'")
        .changes(tx)
        .await?;
    match is_taken {
        true => Ok(()),
        false => Err(errors::slot_taken()),
    }
}

/// Returns the slot of a session.
pub(crate) async fn of_session(
    connection: &dyn Connection,
    allocation: Uuid,
    number: u16,
) -> DataResult<Option<Reserved>> {
    sql!("SELECT trainer_id, slot_date, timeslot, session_number FROM schedule_slots WHERE owner_kind = {ALLOCATION} AND owner_id = {allocation} AND session_number = {number}")
        .fetch_optional(connection)
        .await
}

/// Returns the slots of an allocation in the order of their sessions.
pub(crate) async fn of_allocation(
    connection: &dyn Connection,
    allocation: Uuid,
) -> DataResult<Vec<Reserved>> {
    sql!("SELECT trainer_id, slot_date, timeslot, session_number FROM schedule_slots WHERE owner_kind = {ALLOCATION} AND owner_id = {allocation} ORDER BY session_number")
        .fetch_all(connection)
        .await
}

/// Frees the slot of a session. Only its owner is affected.
pub(crate) async fn free(tx: &Transaction, allocation: Uuid, number: u16) -> DataResult<()> {
    sql!("UPDATE schedule_slots SET state = 'available', owner_kind = NULL, owner_id = NULL, session_number = NULL WHERE owner_kind = {ALLOCATION} AND owner_id = {allocation} AND session_number = {number}")
        .apply(tx)
        .await
}

/// Frees the slots of an allocation, except those of sessions that still take place or were held.
/// The day of a cancelled session may be in the past.
pub(crate) async fn free_unused(tx: &Transaction, allocation: Uuid) -> DataResult<()> {
    sql!("UPDATE schedule_slots SET state = 'available', owner_kind = NULL, owner_id = NULL, session_number = NULL
         WHERE owner_kind = {ALLOCATION} AND owner_id = {allocation} AND NOT EXISTS
         (SELECT 1 FROM tutoring_sessions s WHERE s.allocation_id = schedule_slots.owner_id AND s.session_number = schedule_slots.session_number AND s.status <> 'cancelled')")
        .apply(tx)
        .await
}

/// Moves a session to another slot, or to another trainer.
///
/// # Errors
/// `SLOT_TAKEN`: the transaction must roll back.
pub(crate) async fn move_to(
    tx: &Transaction,
    trainer: Uuid,
    allocation: Uuid,
    to: Planned,
) -> Result<(), Error> {
    free(tx, allocation, to.number).await?;
    reserve(tx, trainer, allocation, &[to]).await
}

/// Returns the booked slots of a trainer with the places of their sessions, in a range of
/// dates.
pub(crate) async fn booked(
    connection: &dyn Connection,
    trainer: Uuid,
    (first, last): (Date, Date),
) -> DataResult<Vec<Booked>> {
    sql!("SELECT l.slot_date, l.timeslot, l.session_number, a.latitude, a.longitude, a.package FROM schedule_slots l LEFT JOIN allocations a ON a.id = l.owner_id
         WHERE l.trainer_id = {trainer} AND l.slot_date BETWEEN {first.to_string()} AND {last.to_string()} AND l.state <> 'available' ORDER BY l.slot_date, l.timeslot LIMIT {MAX_SLOTS}")
        .fetch_all(connection)
        .await
}

/// Returns the booked slots of trainers on a date, with the places of their sessions.
pub(crate) async fn booked_on(
    connection: &dyn Connection,
    trainers: &[Uuid],
    date: Date,
) -> DataResult<BTreeMap<Uuid, Vec<Booked>>> {
    let mut booked: BTreeMap<_, Vec<_>> = BTreeMap::new();
    if trainers.is_empty() {
        return Ok(booked);
    }
    let rows: Vec<BookedOf> = sql("SELECT l.trainer_id, l.slot_date, l.timeslot, l.session_number, a.latitude, a.longitude, a.package FROM schedule_slots l LEFT JOIN allocations a ON a.id = l.owner_id
         WHERE l.trainer_id IN (?*) AND l.slot_date = ? AND l.state <> 'available'")
        .bind_list(trainers.iter().copied())
        .bind(date.to_string())
        .fetch_all(connection)
        .await?;
    for BookedOf(trainer, one) in rows {
        booked.entry(trainer).or_default().push(one);
    }
    Ok(booked)
}

/// Returns the dates on which a trainer has no time in one of the slots.
pub(crate) async fn taken(
    connection: &dyn Connection,
    trainer: Uuid,
    from: Date,
    slots: &[Slot],
) -> Result<Vec<Date>, Error> {
    let rows: Vec<String> = sql("SELECT DISTINCT slot_date FROM schedule_slots WHERE trainer_id = ? AND slot_date >= ? AND timeslot IN (?*) AND state <> 'available' ORDER BY slot_date LIMIT ?")
        .bind(trainer)
        .bind(from.to_string())
        .bind_list(slots.iter().map(Slot::to_string))
        .bind(MAX_SLOTS)
        .fetch_all(connection)
        .await?;
    let dates = rows.iter().map(|date| date.parse());
    dates.collect::<Result<_, _>>().map_err(Error::internal)
}

/// A booked slot with the ID of its trainer.
struct BookedOf(Uuid, Booked);

impl FromRow for BookedOf {
    fn from_row(row: &Row) -> DataResult<Self> {
        Ok(Self(row.get("trainer_id")?, Booked::from_row(row)?))
    }
}

impl FromRow for Booked {
    fn from_row(row: &Row) -> DataResult<Self> {
        let number: Option<u16> = row.get("session_number")?;
        let package: Option<serde_json::Value> = row.get("package")?;
        let class = package.and_then(|package| {
            let class = package.get("classType").cloned()?;
            serde_json::from_value::<ClassType>(class).ok()
        });
        let mode = class
            .zip(number)
            .map_or(Mode::Home, |(class, number)| Mode::of(class, number));
        let place = Place::of(row.get("latitude")?, row.get("longitude")?);
        Ok(Self {
            date: from_text(row, "slot_date")?,
            slot: from_text(row, "timeslot")?,
            place: place.filter(|_| mode == Mode::Home),
        })
    }
}
