use jiff::civil::Date;
use seaworthy::{data::prelude::*, prelude::*};
use tutoring_identity::{from_optional_text, from_text, insert_or_ignore};
use uuid::Uuid;

use crate::payroll::{Month, Payroll, Period, Substituted};

/// More than the allocations or substitutions of a trainer in a month.
const MAX_ROWS: u32 = 1_000;

/// The first part of statements that read snapshots.
macro_rules! statement {
    ($($rest:literal),+) => {
        sql!("SELECT id, payroll_month, working_days, student_days, base_minor, daily_minor, total_minor, recalculated_at FROM payroll_snapshots ", $($rest),+)
    };
}

/// The stored pay of a month.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    #[serde(rename = "snapshotId")]
    pub(crate) id: Uuid,
    pub(crate) month: String,
    #[serde(flatten)]
    pub(crate) payroll: Payroll,
    pub(crate) recalculated_at: DateTime<Utc>,
}

impl FromRow for Snapshot {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            month: row.get("payroll_month")?,
            payroll: Payroll {
                working_days: row.get("working_days")?,
                student_days: row.get("student_days")?,
                base_minor: row.get("base_minor")?,
                daily_minor: row.get("daily_minor")?,
                total_minor: row.get("total_minor")?,
            },
            recalculated_at: row.get("recalculated_at")?,
        })
    }
}

/// A period as stored. Messages arrive in any order, so parts may be missing.
#[derive(FromRow)]
struct StoredPeriod {
    #[from_row(column = "student_id")]
    student: Uuid,
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
            student: self.student,
            first,
            last: before_end.map_or(last, |end| last.min(end)),
        })
    }
}

impl FromRow for Substituted {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            student: row.get("student_id")?,
            date: from_text(row, "session_date")?,
            holder: row.get("substitute_trainer_id")?,
        })
    }
}

/// Statements on the days on which trainers have students.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Periods;

impl Periods {
    /// Stores the first and the last day of an allocation.
    pub(crate) async fn store(
        tx: &Transaction,
        allocation: Uuid,
        (trainer, student): (Uuid, Uuid),
        (first, last): (Date, Date),
    ) -> Result<(), DataError> {
        Self::insert(tx, allocation, trainer, student).await?;
        sql!("UPDATE allocation_periods SET first_day = {first.to_string()}, last_day = {last.to_string()} WHERE allocation_id = {allocation}")
            .apply(tx)
            .await
    }

    /// Stores the early end of an allocation.
    pub(crate) async fn end(
        tx: &Transaction,
        allocation: Uuid,
        (trainer, student): (Uuid, Uuid),
        ended_on: Date,
    ) -> Result<(), DataError> {
        Self::insert(tx, allocation, trainer, student).await?;
        sql!("UPDATE allocation_periods SET ended_on = {ended_on.to_string()} WHERE allocation_id = {allocation}")
            .apply(tx)
            .await
    }

    async fn insert(
        tx: &Transaction,
        allocation: Uuid,
        trainer: Uuid,
        student: Uuid,
    ) -> Result<(), DataError> {
        insert_or_ignore!("allocation_periods (allocation_id, trainer_id, student_id) VALUES ({allocation}, {trainer}, {student})")
        .apply(tx)
        .await
    }

    /// Returns the stored days of an allocation, also those after an early end.
    pub(crate) async fn days(
        connection: &dyn Connection,
        allocation: Uuid,
    ) -> Result<Option<(Date, Date)>, DataError> {
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
    ) -> Result<Vec<Period>, DataError> {
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
    ) -> Result<Vec<Substituted>, DataError> {
        sql!("SELECT student_id, session_date, substitute_trainer_id FROM substitutions WHERE (original_trainer_id = {trainer} OR substitute_trainer_id = {trainer}) AND session_date >= {month.first().to_string()} AND session_date <= {month.last().to_string()} LIMIT {MAX_ROWS}")
            .fetch_all(connection)
            .await
    }
}

/// Statements on the stored pay of trainers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payrolls;

impl Payrolls {
    pub(crate) async fn of_month(
        connection: &dyn Connection,
        trainer: Uuid,
        month: Month,
    ) -> Result<Option<Snapshot>, DataError> {
        statement!("WHERE trainer_id = {trainer} AND payroll_month = {month.to_string()}")
            .fetch_optional(connection)
            .await
    }

    /// Replaces the pay of a month. Its ID stays.
    pub(crate) async fn store(
        tx: &Transaction,
        trainer: Uuid,
        snapshot: &Snapshot,
    ) -> Result<(), DataError> {
        let payroll = snapshot.payroll;
        sql!("DELETE FROM payroll_snapshots WHERE id = {snapshot.id}")
            .execute(tx)
            .await?;
        sql!("INSERT INTO payroll_snapshots (id, trainer_id, payroll_month, working_days, student_days, base_minor, daily_minor, total_minor, recalculated_at) VALUES ({snapshot.id}, {trainer}, {snapshot.month.as_str()}, {payroll.working_days}, {payroll.student_days}, {payroll.base_minor}, {payroll.daily_minor}, {payroll.total_minor}, {snapshot.recalculated_at})")
            .apply(tx)
            .await
    }

    /// Returns a page of the months of a trainer until a month, the latest first, and their number.
    pub(crate) async fn until(
        connection: &dyn Connection,
        trainer: Uuid,
        month: Month,
        (limit, offset): (u32, u64),
    ) -> Result<(Vec<Snapshot>, u64), DataError> {
        let (total,): (u64,) = sql!("SELECT COUNT(*) FROM payroll_snapshots WHERE trainer_id = {trainer} AND payroll_month <= {month.to_string()}")
        .fetch_one(connection)
        .await?;
        let items = statement!("WHERE trainer_id = {trainer} AND payroll_month <= {month.to_string()} ORDER BY payroll_month DESC LIMIT {limit} OFFSET {offset}")
        .fetch_all(connection)
        .await?;
        Ok((items, total))
    }
}
