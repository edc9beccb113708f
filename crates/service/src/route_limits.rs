use seaworthy_config::Settings;
use seaworthy_resilience::rate_limit::{RateLimits, RateLimitsConfig};

use crate::{assembly::Assembly, start_error::StartError};

impl<C: Settings> Assembly<C> {
    /// Creates rate limits for routes with the settings that `select` returns (RES-6). They follow
    /// every reload (CONF-4). `name` is their name in metrics, in Redis and in response headers, and
    /// must be unique within the service.
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
        let service = self.identity().name();
        let config = select(self.settings());
        let limits = RateLimits::new(service, name, &config, self.metrics()).map_err(|error| {
            StartError::because(format!("the rate limits `{name}` cannot be used"), error)
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
                    if let Err(error) = limits.reload(&select(&settings.snapshot())) {
                        tracing::error!(%error, name, "rate limits could not be reloaded");
                    }
                }
            }
        });
        Ok(limits)
    }
}
