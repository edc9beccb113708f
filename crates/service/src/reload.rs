use seaworthy_config::{Reloaded, Watcher};
use seaworthy_http::HttpConfig;
use seaworthy_http::server::ServerHandle;

use crate::{
    assembly::Parts, aws, config::FrameworkConfig, listener::Gate,
    route_limits::require_listener_limits, start_error::StartError, vault,
};

/// Watches the files of the settings and applies changes of reloadable settings (CONF-4).
pub(crate) fn follow(parts: &Parts, watcher: &Watcher) -> Result<(), StartError> {
    let metrics = parts.telemetry.metrics();
    let help = "Reloads that failed because the new settings have errors.";
    let failures = metrics.counter("config_reload_failures_total", help, &[]);
    watcher.on_reload(move |outcome| match outcome {
        // Secrets are polled, so a reload without a change is logged as debug.
        Ok(reloaded) if *reloaded == Reloaded::default() => {
            tracing::debug!("settings reloaded without a change");
        }
        Ok(reloaded) => tracing::info!(
            changed = reloaded.changed.join(", "),
            needs_restart = reloaded.needs_restart.join(", "),
            "settings reloaded"
        ),
        Err(errors) => {
            failures.increment();
            tracing::error!(errors = %errors, "reload failed: the settings have errors, and the previous settings remain active");
        }
    });
    let settings = watcher
        .reloadable::<FrameworkConfig>()
        .map_err(|error| StartError::with_cause("the settings cannot be read", error))?;
    let logs = parts.telemetry.logs().clone();
    let (resilience, clients) = (parts.resilience.clone(), parts.settings_reload.clone());
    parts.tasks.supervise("reload", move |stop| {
        let (mut settings, logs) = (settings.clone(), logs.clone());
        let (resilience, clients) = (resilience.clone(), clients.clone());
        async move {
            loop {
                tokio::select! {
                    () = settings.changed() => {}
                    () = stop.requested() => return,
                }
                let settings = settings.snapshot();
                logs.levels().configure(&settings.log);
                resilience.reload(settings.policies());
                let clients = clients.clone();
                // The panic hook logs a panic of the task.
                let _ = tokio::task::spawn_blocking(move || clients.apply(settings)).await;
            }
        }
    });
    let settings = watcher.current();
    if [vault::SCHEME, aws::SCHEME]
        .into_iter()
        .any(|scheme| settings.uses_secret_source(scheme))
    {
        refresh_secrets(parts, watcher);
    }
    if watcher.has_files() {
        let watcher = watcher.clone();
        parts.tasks.supervise("config-watch", move |stop| {
            let watcher = watcher.clone();
            async move {
                tokio::select! {
                    outcome = watcher.watch() => {
                        let Err(error) = outcome;
                        tracing::warn!(%error, "cannot watch the files of the settings: send SIGHUP after a change");
                        stop.requested().await;
                    }
                    () = stop.requested() => {}
                }
            }
        });
    }
    Ok(())
}

/// Polls the secrets in Vault and AWS, because they do not report rotations.
fn refresh_secrets(parts: &Parts, watcher: &Watcher) {
    let (watcher, interval) = (
        watcher.clone(),
        parts.framework.secrets.refresh_interval.get(),
    );
    parts.tasks.supervise("secret-rotation", move |stop| {
        let watcher = watcher.clone();
        async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(interval) => {}
                    () = stop.requested() => return,
                }
                // The hook of the watcher logs and counts the result.
                let _ = watcher.reload().await;
            }
        }
    });
}

/// Applies changes of the reloadable settings and of the certificates of a listener, and checks the
/// Redis of its rate limits.
pub(crate) fn listener(
    parts: &Parts,
    watcher: &Watcher,
    section: &'static str,
    gate: &Gate,
    server: &ServerHandle,
    select: fn(&FrameworkConfig) -> Option<HttpConfig>,
) -> Result<(), StartError> {
    let (tasks, server) = (parts.tasks.clone(), server.clone());
    watcher.on_reload(move |_| {
        let server = server.clone();
        tasks.spawn("reload-tls", async move {
            // The listener logs and counts the result.
            let _ = server.reload_tls().await;
        });
    });
    let settings = watcher
        .reloadable::<FrameworkConfig>()
        .map_err(|error| StartError::with_cause("the settings cannot be read", error))?;
    let config = select(&parts.framework);
    if config.is_some_and(|config| config.rate_limit.redis.is_some()) {
        require_listener_limits(parts, section, gate);
    }
    let gate = gate.clone();
    parts
        .tasks
        .supervise(format!("reload {section}"), move |stop| {
            let (mut settings, gate) = (settings.clone(), gate.clone());
            async move {
                loop {
                    tokio::select! {
                        () = settings.changed() => {}
                        () = stop.requested() => return,
                    }
                    let Some(config) = select(&settings.snapshot()) else {
                        continue;
                    };
                    if let Err(error) = gate.stack().reload(&config) {
                        tracing::error!(%error, section, "a listener could not be reloaded");
                    }
                }
            }
        });
    Ok(())
}
