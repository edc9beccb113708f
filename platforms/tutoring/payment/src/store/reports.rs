use seaworthy::{
    data::{
        Connection, DataError, FromRow, Row,
        chrono::{DateTime, Utc},
        sql,
    },
    prelude::*,
};
use uuid::Uuid;

/// A difference between this service and the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    pub(crate) kind: String,
    pub(crate) payment_id: Option<Uuid>,
    pub(crate) provider_payment_id: Option<String>,
    pub(crate) detail: String,
    /// Whether the job has corrected it.
    pub(crate) is_resolved: bool,
}

impl FromRow for Difference {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            kind: row.get("kind")?,
            payment_id: row.get("payment_id")?,
            provider_payment_id: row.get("provider_payment_id")?,
            detail: row.get("detail")?,
            is_resolved: row.get("is_resolved")?,
        })
    }
}

/// A run of the reconciliation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    id: Uuid,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    checked: i64,
    differences: i64,
}

impl FromRow for Report {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            started_at: row.get("started_at")?,
            finished_at: row.get("finished_at")?,
            checked: row.get("checked")?,
            differences: row.get("differences")?,
        })
    }
}

/// Statements on the reports of the reconciliation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reports;

impl Reports {
    pub(crate) async fn start(connection: &dyn Connection) -> Result<Uuid, DataError> {
        let id = Uuid::new_v4();
        sql("INSERT INTO reconciliations (id, started_at, checked, differences) VALUES (?, ?, ?, ?)")
            .bind(id)
            .bind(Utc::now())
            .bind(0_i64)
            .bind(0_i64)
            .execute(connection)
            .await?;
        Ok(id)
    }

    pub(crate) async fn add(
        connection: &dyn Connection,
        report: Uuid,
        difference: &Difference,
    ) -> Result<(), DataError> {
        sql("INSERT INTO reconciliation_differences (id, reconciliation_id, kind, payment_id, provider_payment_id, detail, is_resolved, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(Uuid::new_v4())
            .bind(report)
            .bind(&difference.kind)
            .bind(difference.payment_id)
            .bind(difference.provider_payment_id.clone())
            .bind(&difference.detail)
            .bind(difference.is_resolved)
            .bind(Utc::now())
            .execute(connection)
            .await
            .map(drop)
    }

    pub(crate) async fn finish(
        connection: &dyn Connection,
        report: Uuid,
        checked: i64,
        differences: i64,
    ) -> Result<(), DataError> {
        sql("UPDATE reconciliations SET finished_at = ?, checked = ?, differences = ? WHERE id = ?")
            .bind(Utc::now())
            .bind(checked)
            .bind(differences)
            .bind(report)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Returns the last run with its first differences.
    pub(crate) async fn last(
        connection: &dyn Connection,
        limit: u32,
    ) -> Result<Option<(Report, Vec<Difference>)>, DataError> {
        let report: Option<Report> = sql("SELECT id, started_at, finished_at, checked, differences FROM reconciliations ORDER BY started_at DESC LIMIT 1")
            .fetch_optional(connection)
            .await?;
        let Some(report) = report else {
            return Ok(None);
        };
        let differences = sql("SELECT kind, payment_id, provider_payment_id, detail, is_resolved FROM reconciliation_differences WHERE reconciliation_id = ? ORDER BY created_at LIMIT ?")
            .bind(report.id)
            .bind(limit)
            .fetch_all(connection)
            .await?;
        Ok(Some((report, differences)))
    }

    /// Deletes the reports before a time.
    pub(crate) async fn purge(
        connection: &dyn Connection,
        before: DateTime<Utc>,
    ) -> Result<(), DataError> {
        sql("DELETE FROM reconciliation_differences WHERE reconciliation_id IN (SELECT id FROM reconciliations WHERE started_at < ?)")
            .bind(before)
            .execute(connection)
            .await?;
        sql("DELETE FROM reconciliations WHERE started_at < ?")
            .bind(before)
            .execute(connection)
            .await
            .map(drop)
    }
}
