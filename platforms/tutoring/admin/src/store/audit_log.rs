use seaworthy::{
    data::{chrono::SecondsFormat, prelude::*},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::{optional, paged};

/// A record of the audit log, as the API shows it.
#[derive(Debug, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditRecord {
    sequence: i64,
    #[from_row(map = time, column = "at_us")]
    at: String,
    actor: Option<String>,
    action: String,
    #[from_row(column = "target_kind")]
    target_type: Option<String>,
    target_id: Option<String>,
    outcome: String,
    #[from_row(column = "address")]
    ip: Option<String>,
    #[from_row(column = "request_id")]
    correlation_id: Option<String>,
    #[from_row(map = document)]
    details: Value,
}

fn time(at_us: i64) -> String {
    let at = DateTime::<Utc>::from_timestamp_micros(at_us).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn document(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
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
    let (by_actor, actor) = optional(filter.actor.clone());
    let (by_action, action) = optional(filter.action.clone());
    let (by_target, target) = optional(filter.target_id.clone());
    paged!("SELECT sequence, at_us, actor, action, target_kind, target_id, outcome, request_id, address, details FROM audit_log WHERE ({by_actor} = 0 OR actor = {&actor}) AND ({by_action} = 0 OR action = {&action}) AND ({by_target} = 0 OR target_id = {&target})"; "ORDER BY sequence DESC", page)
        .fetch(connection)
        .await
}
