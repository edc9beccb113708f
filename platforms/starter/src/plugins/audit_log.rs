use seaworthy::{
    audit_log::{AuditEntry, AuditLog, Outcome},
    data::Database,
    plugins::{Event, EventBus, EventType, HandlerError},
    prelude::*,
};

/// The name of the handler in logs.
const HANDLER: &str = "audit-log";
/// Retries of an entry. With the backoff of the bus they take three minutes, longer than a failover
/// of the database.
const MAX_RETRIES: u32 = 60;

/// The actions in the audit log for the events about plugins.
const ACTIONS: [(EventType, &str); 7] = [
    (EventType::PLUGIN_LOADED, "plugin.load"),
    (EventType::PLUGIN_UNLOADED, "plugin.unload"),
    (EventType::PLUGIN_STARTED, "plugin.start"),
    (EventType::PLUGIN_STOPPED, "plugin.stop"),
    (EventType::PLUGIN_ERROR, "plugin.fail"),
    (EventType::PLUGIN_ENABLED, "plugin.enable"),
    (EventType::CONFIG_CHANGED, "plugin.reload"),
];

/// Subscribes a handler that appends an entry to the audit log for each change of a plugin, in the
/// order of the changes.
pub(super) fn record_changes(events: &EventBus, audit: &AuditLog, database: &Database) {
    let (audit, database) = (audit.clone(), database.clone());
    let types = ACTIONS.map(|(kind, _)| kind);
    events.subscribe_in_order(HANDLER, types, MAX_RETRIES, move |event| {
        let (audit, database) = (audit.clone(), database.clone());
        async move {
            let Some(entry) = entry(&event) else {
                return Ok(());
            };
            let appended = database.transaction(|tx| {
                let (audit, entry) = (audit.clone(), entry.clone());
                async move { Ok::<_, Error>(audit.append(&tx, entry).await?) }
            });
            let failed = |error: Error| HandlerError::Transient(error.to_string());
            appended.await.map_err(failed)
        }
    });
}

/// Returns the entry of an event, or `None` if the event does not name a plugin.
fn entry(event: &Event) -> Option<AuditEntry> {
    let (_, action) = ACTIONS.iter().find(|(kind, _)| kind == event.kind())?;
    let text = |name: &str| event.data().get(name).and_then(|value| value.as_str());
    let mut entry = AuditEntry::new(action).target("plugin", text("plugin")?);
    for name in ["version", "sha256", "problem", "code"] {
        if let Some(value) = text(name) {
            entry = entry.detail(name, value);
        }
    }
    if let Some(actor) = text("actor") {
        entry = entry.actor(actor);
    }
    match *action {
        "plugin.fail" => Some(entry.outcome(Outcome::Failed)),
        _ => Some(entry),
    }
}
