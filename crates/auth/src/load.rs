use std::future::Future;

use seaworthy_config::Settings;
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_service::Assembly;

/// Loads keys in the background, and lets the readiness of a service wait for them (LIFE-3). If
/// they are not `critical`, the service is degraded without them.
pub(crate) fn load_before_ready<C: Settings>(
    service: &Assembly<C>,
    name: &str,
    critical: bool,
    check: impl Fn() -> Result<(), CheckFailure> + Send + Sync + 'static,
    keep_fresh: impl Future<Output = ()> + Send + 'static,
) {
    service
        .health()
        .register(Probe::from_fn(name, critical, check));
    service.tasks().spawn_until_stop(name, keep_fresh);
}
