//! Statements on the stored pay of trainers.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

use crate::payroll::{Month, Payroll};

// The first part of statements that read snapshots.
statements! { statement: "SELECT id, payroll_month, working_days, student_days, base_minor, daily_minor, total_minor, recalculated_at FROM payroll_snapshots " }

/// The stored pay of a month.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    #[serde(rename = "snapshotId")]
    pub(crate) id: Uuid,
    #[from_row(column = "payroll_month")]
    pub(crate) month: String,
    #[serde(flatten)]
    #[from_row(flatten)]
    pub(crate) payroll: Payroll,
    pub(crate) recalculated_at: DateTime<Utc>,
}

pub(crate) async fn of_month(
    connection: &dyn Connection,
    trainer: Uuid,
    month: Month,
) -> DataResult<Option<Snapshot>> {
    statement!(
        sql,
        "WHERE trainer_id = {trainer} AND payroll_month = {month.to_string()}"
    )
    .fetch_optional(connection)
    .await
}

/// Replaces the pay of a month. Its ID stays.
pub(crate) async fn store(tx: &Transaction, trainer: Uuid, snapshot: &Snapshot) -> DataResult<()> {
    let payroll = snapshot.payroll;
    sql!("DELETE FROM payroll_snapshots WHERE id = {snapshot.id}")
        .execute(tx)
        .await?;
    sql!("INSERT INTO payroll_snapshots (id, trainer_id, payroll_month, working_days, student_days, base_minor, daily_minor, total_minor, recalculated_at) VALUES ({snapshot.id}, {trainer}, {snapshot.month.as_str()}, {payroll.working_days}, {payroll.student_days}, {payroll.base_minor}, {payroll.daily_minor}, {payroll.total_minor}, {snapshot.recalculated_at})")
        .apply(tx)
        .await
}

/// Returns a page of the months of a trainer until a month, the latest first.
pub(crate) async fn until(
    connection: &dyn Connection,
    trainer: Uuid,
    month: Month,
    page: CheckedPage,
) -> DataResult<Page<Snapshot>> {
    statement!(paged, "WHERE trainer_id = {trainer} AND payroll_month <= {month.to_string()}"; "ORDER BY payroll_month DESC", page)
        .fetch(connection)
        .await
}
