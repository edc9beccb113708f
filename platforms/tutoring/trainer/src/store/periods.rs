//! Statements on the days on which trainers have students.

use jiff::civil::Date;
use seaworthy::data::prelude::*;
use tutoring_contract::events::{StudentDeallocated, TrainerAllocated};

use crate::payroll::{Month, Period, Substituted};

/// More than the allocations or substitutions of a trainer in a month.
const MAX_ROWS: u32 = 1_000;

/// A period as stored. Messages arrive in any order, so parts may be missing.
#[derive(FromRow)]
struct StoredPeriod {
    student_id: Uuid,
    #[from_row(with = from_optional_text, column = "first_day")]
    first: Option<Date>,
    #[from_row(with = from_optional_text, column = "last_day")]
    last: Option<Date>,
    #[from_row(with = from_optional_text)]
    ended_on: Option<Date>,
}

impl StoredPeriod {
    /// Returns the days with the student.
    fn period(self) -> Option<Period> {
        let (first, last) = (self.first?, self.last?);
        let before_end = self.ended_on.and_then(|end| end.yesterday().ok());
        Some(Period {
            student: self.student_id,
            first,
            last: before_end.map_or(last, |end| last.min(end)),
        })
    }
}

/// Stores the first and the last day of an allocation.
pub(crate) async fn store(
    tx: &Transaction,
    event: &TrainerAllocated,
    (first, last): (Date, Date),
) -> DataResult<()> {
    insert(tx, event.allocation_id, event.trainer_id, event.student_id).await?;
    sql!("UPDATE allocation_periods SET first_day = {first.to_string()}, last_day = {last.to_string()} WHERE allocation_id = {event.allocation_id}")
        .apply(tx)
        .await
}

/// Stores the early end of an allocation.
pub(crate) async fn end(
    tx: &Transaction,
    event: &StudentDeallocated,
    ended_on: Date,
) -> DataResult<()> {
    insert(tx, event.allocation_id, event.trainer_id, event.student_id).await?;
    sql!("UPDATE allocation_periods SET ended_on = {ended_on.to_string()} WHERE allocation_id = {event.allocation_id}")
        .apply(tx)
        .await
}

async fn insert(
    tx: &Transaction,
    allocation: Uuid,
    trainer: Uuid,
    student: Uuid,
) -> DataResult<()> {
    insert_or_ignore!("allocation_periods (allocation_id, trainer_id, student_id) VALUES ({allocation}, {trainer}, {student})")
    .apply(tx)
    .await
}

/// Returns the stored days of an allocation, also those after an early end.
pub(crate) async fn days(
    connection: &dyn Connection,
    allocation: Uuid,
) -> DataResult<Option<(Date, Date)>> {
    let found: Option<StoredPeriod> = sql!("SELECT student_id, first_day, last_day, ended_on FROM allocation_periods WHERE allocation_id = {allocation}")
        .fetch_optional(connection)
        .await?;
    Ok(found.and_then(|found| found.first.zip(found.last)))
}

/// Returns the periods of a trainer that have days of a month.
pub(crate) async fn of_month(
    connection: &dyn Connection,
    trainer: Uuid,
    month: Month,
) -> DataResult<Vec<Period>> {
    let stored: Vec<StoredPeriod> = sql!("SELECT student_id, first_day, last_day, ended_on FROM allocation_periods WHERE trainer_id = {trainer} AND first_day <= {month.last().to_string()} AND last_day >= {month.first().to_string()} LIMIT {MAX_ROWS}")
        .fetch_all(connection)
        .await?;
    Ok(stored
        .into_iter()
        .filter_map(StoredPeriod::period)
        .collect())
}

/// Returns the substitutions of a trainer in a month, in both directions.
pub(crate) async fn substituted(
    connection: &dyn Connection,
    trainer: Uuid,
    month: Month,
) -> DataResult<Vec<Substituted>> {
    sql!("SELECT student_id, session_date, substitute_trainer_id FROM substitutions WHERE (original_trainer_id = {trainer} OR substitute_trainer_id = {trainer}) AND session_date >= {month.first().to_string()} AND session_date <= {month.last().to_string()} LIMIT {MAX_ROWS}")
        .fetch_all(connection)
        .await
}
