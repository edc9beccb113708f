//! Entries of the audit log about plugins.

use seaworthy_audit_log::{AuditEntry, AuditLog, Outcome};
use seaworthy_core::error_chain;

use crate::{Event, EventType, HandlerError, Plugins};

/// The name of the handler in logs.
const HANDLER: &str = "audit-log";
/// The maximum number of retries of an entry. Their backoffs add up to more than three minutes,
/// longer than a failover of the database.
const MAX_RETRIES: u32 = 61;

/// The actions in the audit log for the events about plugins.
const ACTIONS: [(EventType, &str); 7] = [
    (EventType::PLUGIN_LOADED, "plugin.load"),
    (EventType::PLUGIN_UNLOADED, "plugin.unload"),
    (EventType::PLUGIN_STARTED, "plugin.start"),
    (EventType::PLUGIN_STOPPED, "plugin.stop"),
    (EventType::PLUGIN_ERROR, FAILURE),
    (EventType::PLUGIN_ENABLED, "plugin.enable"),
    (EventType::CONFIG_CHANGED, "plugin.reload"),
];
/// The action of a plugin that cannot be loaded, reloaded or started, or is disabled.
const FAILURE: &str = "plugin.fail";

impl Plugins {
    /// Appends an entry to an audit log for each change of a plugin, in the order of the changes.
    /// Call it once, between [`open`](Self::open) and [`serve`](Self::serve), so that the log also
    /// has the plugins that the service loads at its start. If the database fails, the service
    /// retries for at least three minutes. It then logs the failure and drops the entry. Needs the
    /// feature `audit-log`.
    ///
    /// ```no_run
    /// # use seaworthy_audit_log::AuditLog;
    /// # use seaworthy_plugins::{Plugins, PluginsConfig};
    /// # use seaworthy_service::{Assembly, NoSettings, StartError};
    /// # async fn start(service: &Assembly<NoSettings>, config: &PluginsConfig, log: &AuditLog) -> Result<(), StartError> {
    /// let plugins = Plugins::open(service, config)?;
    /// plugins.record_changes(log);
    /// plugins.serve(service).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_changes(&self, log: &AuditLog) {
        let log = log.clone();
        let types = ACTIONS.map(|(kind, _)| kind);
        let events = self.events();
        events.subscribe_in_order(HANDLER, types, MAX_RETRIES, move |event| {
            let log = log.clone();
            async move {
                let Some(entry) = entry(&event) else {
                    return Ok(());
                };
                let recorded = log.record(entry).await;
                recorded.map_err(|error| HandlerError::Transient(error_chain(&error)))
            }
        });
    }
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
        FAILURE => Some(entry.outcome(Outcome::Failed)),
        _ => Some(entry),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::EventBus;

    #[tokio::test(start_paused = true)]
    async fn entry_is_retried_for_three_minutes_plug_1() {
        let bus = EventBus::new(1);
        let down = || Err(HandlerError::Transient("down".to_owned()));
        let types = [EventType::PLUGIN_LOADED];
        bus.subscribe_in_order(HANDLER, types, MAX_RETRIES, move |_| {
            std::future::ready(down())
        });
        let begun = tokio::time::Instant::now();
        let event = Event::new(EventType::PLUGIN_LOADED, "test");
        assert_eq!(bus.publish(event).await.len(), 1);
        assert!(begun.elapsed() >= Duration::from_secs(180));
    }
}
