use seaworthy::{
    data::{chrono::SecondsFormat, prelude::*},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

/// A record of the audit log, as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditRecord {
    pub(crate) sequence: i64,
    pub(crate) at: String,
    pub(crate) actor: Option<String>,
    pub(crate) action: String,
    pub(crate) target_type: Option<String>,
    pub(crate) target_id: Option<String>,
    pub(crate) outcome: String,
    pub(crate) ip: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) details: Value,
}

impl FromRow for AuditRecord {
    fn from_row(row: &Row) -> DataResult<Self> {
        let at = DateTime::<Utc>::from_timestamp_micros(row.get("at_us")?).unwrap_or_default();
        let details: String = row.get("details")?;
        Ok(Self {
            sequence: row.get("sequence")?,
            at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            actor: row.get("actor")?,
            action: row.get("action")?,
            target_type: row.get("target_kind")?,
            target_id: row.get("target_id")?,
            outcome: row.get("outcome")?,
            ip: row.get("address")?,
            correlation_id: row.get("request_id")?,
            details: serde_json::from_str(&details).unwrap_or(Value::String(details)),
        })
    }
}

/// A condition on records. An absent value matches every record.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AuditFilter {
    pub(crate) actor: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) target_id: Option<String>,
}

/// Returns a page of the audit log, the newest first.
pub(crate) async fn audit_records(
    connection: &dyn Connection,
    filter: &AuditFilter,
    page: CheckedPage,
) -> DataResult<Page<AuditRecord>> {
    let known = |value: &Option<String>| {
        (
            i64::from(value.is_some()),
            value.clone().unwrap_or_default(),
        )
    };
    let ((by_actor, actor), (by_action, action)) = (known(&filter.actor), known(&filter.action));
    let (by_target, target) = known(&filter.target_id);
    paged!("SELECT sequence, at_us, actor, action, target_kind, target_id, outcome, request_id, address, details FROM audit_log WHERE ({by_actor} = 0 OR actor = {&actor}) AND ({by_action} = 0 OR action = {&action}) AND ({by_target} = 0 OR target_id = {&target})"; "ORDER BY sequence DESC", page)
        .fetch(connection)
        .await
}
