//! Statements on the reports of the reconciliation.

use seaworthy::{data::prelude::*, prelude::*};

/// A difference between this service and the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    pub(crate) kind: String,
    pub(crate) payment_id: Option<Uuid>,
    pub(crate) provider_payment_id: Option<String>,
    pub(crate) detail: String,
    /// Whether the job has corrected it.
    pub(crate) is_resolved: bool,
}

/// A run of the reconciliation.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    id: Uuid,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    checked: i64,
    differences: i64,
}

pub(crate) async fn start(connection: &dyn Connection) -> DataResult<Uuid> {
    let id = Uuid::new_v4();
    sql!("INSERT INTO reconciliations (id, started_at, checked, differences) VALUES ({id}, {Utc::now()}, {0_i64}, {0_i64})")
        .execute(connection)
        .await?;
    Ok(id)
}

pub(crate) async fn add(
    connection: &dyn Connection,
    report: Uuid,
    difference: &Difference,
) -> DataResult<()> {
    sql!("INSERT INTO reconciliation_differences (id, reconciliation_id, kind, payment_id, provider_payment_id, detail, is_resolved, created_at) VALUES ({Uuid::new_v4()}, {report}, {&difference.kind}, {difference.payment_id}, {difference.provider_payment_id.clone()}, {&difference.detail}, {difference.is_resolved}, {Utc::now()})")
        .apply(connection)
        .await
}

pub(crate) async fn finish(
    connection: &dyn Connection,
    report: Uuid,
    checked: i64,
    differences: i64,
) -> DataResult<()> {
    sql!("UPDATE reconciliations SET finished_at = {Utc::now()}, checked = {checked}, differences = {differences} WHERE id = {report}")
        .apply(connection)
        .await
}

/// Returns the last run with its first differences.
pub(crate) async fn last(
    connection: &dyn Connection,
    limit: u32,
) -> DataResult<Option<(Report, Vec<Difference>)>> {
    let report: Option<Report> = sql("SELECT id, started_at, finished_at, checked, differences FROM reconciliations ORDER BY started_at DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    let Some(report) = report else {
        return Ok(None);
    };
    let differences = sql!("SELECT kind, payment_id, provider_payment_id, detail, is_resolved FROM reconciliation_differences WHERE reconciliation_id = {report.id} ORDER BY created_at LIMIT {limit}")
        .fetch_all(connection)
        .await?;
    Ok(Some((report, differences)))
}

/// Deletes the reports before a time.
pub(crate) async fn purge(connection: &dyn Connection, before: DateTime<Utc>) -> DataResult<()> {
    sql!("DELETE FROM reconciliation_differences WHERE reconciliation_id IN (SELECT id FROM reconciliations WHERE started_at < {before})")
        .execute(connection)
        .await?;
    sql!("DELETE FROM reconciliations WHERE started_at < {before}")
        .apply(connection)
        .await
}
