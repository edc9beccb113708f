use std::sync::Arc;

use seaworthy_client::HttpClients;
use seaworthy_config::Loaded;
use seaworthy_core::ServiceIdentity;
use seaworthy_health::Health;
use seaworthy_http::{BodyBudget, server::ReceiveWindows};
use seaworthy_resilience::policies::Resilience;
use seaworthy_telemetry::Telemetry;

use crate::{
    assembly::{AddedParts, Parts},
    config::FrameworkConfig,
    facts::Description,
    settings_reload::SettingsReload,
    task::Tasks,
    worker::{WorkerMetrics, Workers},
};

/// Creates the parts that all components of the service share.
pub(super) fn new_parts(
    identity: &ServiceIdentity,
    loaded: &Loaded,
    framework: Arc<FrameworkConfig>,
    telemetry: Telemetry,
) -> Parts {
    let health = Health::new(framework.health.clone());
    let errors = telemetry.errors().clone();
    let tasks = Tasks::new(identity.clone(), move |panic| {
        errors.record_panic(&panic.task, &panic.message)
    });
    let metrics = Arc::new(WorkerMetrics::new(telemetry.metrics(), telemetry.errors()));
    let resilience = Resilience::new(framework.policies(), telemetry.metrics().clone());
    let workers = Workers::new(identity.clone(), tasks.clone(), health.clone(), metrics);
    let (http_clients, settings_reload) = clients(&telemetry);
    let switches = super::switches::register(&telemetry, &health);
    let body_budget = BodyBudget::new(framework.server.max_body_memory, telemetry.metrics());
    let receive_windows = ReceiveWindows::new(framework.server.max_body_memory);
    let parts = Parts {
        body_budget,
        receive_windows,
        identity: identity.clone(),
        profile: loaded.profile(),
        framework,
        telemetry,
        health,
        tasks,
        workers,
        resilience,
        http_clients,
        settings_reload,
        switches,
        added: Arc::new(parking_lot::Mutex::new(AddedParts::default())),
        description: Description::default(),
    };
    crate::health_checks::begin(&parts);
    parts
}

/// Returns the HTTP clients, and the reload that changes their settings.
fn clients(telemetry: &Telemetry) -> (HttpClients, SettingsReload) {
    let (clients, reload) = (HttpClients::new(), SettingsReload::new(telemetry.metrics()));
    let reloaded = clients.clone();
    reload.on_reload(move |settings| Ok(reloaded.reload(&settings.clients)?));
    (clients, reload)
}
