use seaworthy_config::Settings;
use seaworthy_core::{SwitchKind, error_chain};
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_resilience::rate_limit::{RateLimits, RateLimitsConfig, shared::StoreError};

use crate::{
    assembly::{Assembly, Parts},
    listener::Gate,
    start_error::StartError,
};

impl<C: Settings> Assembly<C> {
    /// Creates rate limits for routes with the settings that `select` returns (RES-6). They follow
    /// every reload (CONF-4). `name` is their name in metrics, in Redis and in response headers,
    /// and must be unique within the service. The admin listener lists them.
    ///
    /// ```
    /// use seaworthy_http::{RateLimitsConfig, RouteOptions, Routes};
    /// use seaworthy_service::{Assembly, StartError};
    ///
    /// #[derive(Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    /// #[serde(default)]
    /// struct OrdersConfig {
    ///     /// Limits on reports.
    ///     reports: RateLimitsConfig,
    /// }
    ///
    /// async fn assemble(service: &Assembly<OrdersConfig>) -> Result<(), StartError> {
    ///     let limits = service.rate_limits("reports", |settings| settings.reports.clone())?;
    ///     let options = RouteOptions::new().rate_limits(limits);
    ///     let create = axum::routing::post(async || "created");
    ///     service.http(Routes::new().route_with("/reports", create, options));
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`StartError`] if the settings are invalid.
    pub fn rate_limits(
        &self,
        name: &str,
        select: impl Fn(&C) -> RateLimitsConfig + Clone + Send + Sync + 'static,
    ) -> Result<RateLimits, StartError> {
        self.try_rate_limits(name, move |settings| Ok(select(settings)))
    }

    /// Makes the service unready while these limits reject every request, because their Redis does
    /// not accept writes and `on_failure` is `closed`. Call it for limits of routes without which
    /// the service has no use, such as logins. The check is `rate_limit_` and `name`. It passes
    /// while the switch `rate_limit` is off, because the limits do not apply then. The limits of
    /// the listeners need no call.
    pub fn require_rate_limits(&self, name: &str, limits: &RateLimits) {
        let switch = self.switches().register("rate_limit", SwitchKind::Security);
        let limits = limits.clone();
        let check = move || {
            let (limits, switch) = (limits.clone(), switch.clone());
            async move {
                if !switch.is_on() {
                    return Ok(());
                }
                limits.check_store().await.map_err(failure)
            }
        };
        let probe = Probe::critical(format!("rate_limit_{name}"), check);
        self.health().register(probe);
    }

    /// Creates rate limits as [`rate_limits`](Self::rate_limits) does, from settings that can be
    /// invalid. A reload with invalid settings is logged as an error and changes nothing.
    ///
    /// # Errors
    /// [`StartError`] if the settings are invalid.
    pub fn try_rate_limits(
        &self,
        name: &str,
        select: impl Fn(&C) -> Result<RateLimitsConfig, StartError> + Clone + Send + Sync + 'static,
    ) -> Result<RateLimits, StartError> {
        let scope = self.store_scope();
        let config = select(self.settings())?;
        let limits = self.resilience().rate_limits(&scope, name, &config);
        let limits = limits.map_err(|error| {
            StartError::with_cause(format!("the rate limits `{name}` cannot be used"), error)
        })?;
        let (settings, followed, name) = (self.reloadable(), limits.clone(), name.to_owned());
        let task = format!("reload rate limits {name}");
        self.tasks().supervise(task, move |stop| {
            let (mut settings, limits) = (settings.clone(), followed.clone());
            let (name, select) = (name.clone(), select.clone());
            async move {
                loop {
                    tokio::select! {
                        () = settings.changed() => {}
                        () = stop.requested() => return,
                    }
                    let reloaded = match select(&settings.snapshot()) {
                        Ok(config) => limits.reload(&config).map_err(|error| error.to_string()),
                        Err(error) => Err(error.to_string()),
                    };
                    if let Err(error) = reloaded {
                        tracing::error!(error, name, "rate limits could not be reloaded");
                    }
                }
            }
        });
        Ok(limits)
    }
}

/// Makes the service unready while the rate limits of a listener reject every request, because
/// Redis does not accept writes.
pub(crate) fn require_listener_limits(parts: &Parts, section: &str, gate: &Gate) {
    let gate = gate.clone();
    let check = move || {
        let gate = gate.clone();
        async move { gate.stack().check_rate_limits().await.map_err(failure) }
    };
    let name = format!("{section}.rate_limit");
    parts.health.register(Probe::critical(name, check));
}

/// Returns the failure of a check of rate limits.
fn failure(error: StoreError) -> CheckFailure {
    CheckFailure::new(error_chain(&error).to_string())
}
