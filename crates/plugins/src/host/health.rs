use std::sync::Arc;

use seaworthy_config::Settings;
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_service::Assembly;

use super::Plugins;

/// The check of all plugins: a problem of a plugin makes the service `degraded`.
const CHECK: &str = "plugins";
/// The check of `plugins.required`: without one of these plugins the service is not ready.
const REQUIRED_CHECK: &str = "required_plugins";

impl Plugins {
    pub(super) fn watch_health<C: Settings>(&self, service: &Assembly<C>) {
        let problems = |plugins: &Self| -> Vec<String> {
            let infos = plugins.list().into_iter();
            let problems = infos.filter_map(|info| {
                let problem = info.problem()?;
                Some(format!("{}: {problem}", info.metadata.name))
            });
            problems.collect()
        };
        self.register_check(service, CHECK, false, problems);
        if !self.required().is_empty() {
            let missing = |plugins: &Self| -> Vec<String> {
                let missing = plugins.missing_required().into_iter();
                missing.map(|name| format!("{name}: not started")).collect()
            };
            self.register_check(service, REQUIRED_CHECK, true, missing);
        }
    }

    fn register_check<C: Settings>(
        &self,
        service: &Assembly<C>,
        name: &'static str,
        is_critical: bool,
        problems: fn(&Self) -> Vec<String>,
    ) {
        let plugins = Arc::downgrade(&self.0);
        let check = move || {
            let Some(inner) = plugins.upgrade() else {
                return Ok(());
            };
            match problems(&Self(inner)) {
                problems if problems.is_empty() => Ok(()),
                problems => Err(CheckFailure::new(problems.join(", "))),
            }
        };
        let probe = Probe::from_fn(name, is_critical, check);
        service.health().register(probe);
    }
}
