use seaworthy_config::{Reloaded, Watcher};
use seaworthy_http::HttpConfig;
use seaworthy_http::server::ServerHandle;

use crate::{
    assembly::Parts, config::FrameworkConfig, listener::Gate, start_error::StartError, vault,
};

/// Follows changes of the settings while the service runs (CONF-4): files are watched, and what is marked as reloadable takes effect.
pub(crate) fn follow(parts: &Parts, watcher: &Watcher) -> Result<(), StartError> {
    let metrics = parts.telemetry.metrics();
    let help = "Reloads that changed nothing because the new settings have mistakes.";
    let failures = metrics.counter("config_reload_failures_total", help, &[]);
    watcher.on_reload(move |outcome| match outcome {
        // Secrets are read again every minute, which is nothing to tell of while they stay what they are.
        Ok(reloaded) if *reloaded == Reloaded::default() => {
            tracing::debug!("the settings were read again and are as they were");
        }
        Ok(reloaded) => tracing::info!(
            changed = reloaded.changed.join(", "),
            needs_restart = reloaded.needs_restart.join(", "),
            "the settings were read again"
        ),
        Err(errors) => {
            failures.increment();
            tracing::error!(mistakes = %errors, "the settings were read again and have mistakes; nothing was changed");
        }
    });
    let settings = watcher
        .reloadable::<FrameworkConfig>()
        .map_err(|error| StartError::because("the settings cannot be read", error))?;
    let logs = parts.telemetry.logs().clone();
    parts.tasks.supervise("reload", move |stop| {
        let (mut settings, logs) = (settings.clone(), logs.clone());
        async move {
            loop {
                tokio::select! {
                    () = settings.changed() => {}
                    () = stop.requested() => return,
                }
                logs.levels().configure(&settings.snapshot().log);
            }
        }
    });
    if watcher.current().uses_secret_source(vault::SCHEME) {
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
                        tracing::warn!(%error, "the settings' files cannot be watched; SIGHUP still reads them again");
                        stop.requested().await;
                    }
                    () = stop.requested() => {}
                }
            }
        });
    }
    Ok(())
}

/// Reads the secrets of the vault again and again, because nothing tells of their rotation.
fn refresh_secrets(parts: &Parts, watcher: &Watcher) {
    let (watcher, pause) = (watcher.clone(), parts.framework.secrets.refresh.get());
    parts.tasks.supervise("secret-rotation", move |stop| {
        let watcher = watcher.clone();
        async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = stop.requested() => return,
                }
                // The watcher's own hook tells the log and the metrics what came of it.
                let _ = watcher.reload().await;
            }
        }
    });
}

/// Follows changes of a listener's reloadable settings, and reads its certificates again.
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
            // The listener tells the log and the metrics what came of it.
            let _ = server.reload_tls().await;
        });
    });
    let settings = watcher
        .reloadable::<FrameworkConfig>()
        .map_err(|error| StartError::because("the settings cannot be read", error))?;
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
                        tracing::error!(%error, "{section} was not reloaded");
                    }
                }
            }
        });
    Ok(())
}
