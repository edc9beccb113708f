//! TLS files of a running listener, read again on request and periodically.

use std::{io, sync::Arc};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::stats::ConnectionStats;
use crate::tls::{Certificates, Reload, TlsError};

pub(super) async fn now(
    certificates: &Arc<Certificates>,
    stats: &ConnectionStats,
) -> Result<Reload, TlsError> {
    let config = certificates.config();
    let reading = Arc::clone(certificates);
    let reloaded = tokio::task::spawn_blocking(move || reading.reload()).await;
    let reloaded = reloaded.unwrap_or_else(|error| {
        Err(TlsError::Read {
            path: config.certificate.clone(),
            source: io::Error::other(error),
        })
    });
    match &reloaded {
        Ok(Reload::Unchanged) => {}
        Ok(Reload::Changed) => {
            ConnectionStats::count(&stats.tls_reloads);
            tracing::info!(certificate = %config.certificate.display(), "new TLS files are in use");
        }
        Err(error) => {
            ConnectionStats::count(&stats.tls_reload_failures);
            tracing::error!(%error, "changed TLS files are invalid, so the previous ones stay in use");
        }
    }
    reloaded
}

pub(super) async fn watch(
    certificates: Arc<Certificates>,
    stats: Arc<ConnectionStats>,
    stop: CancellationToken,
) {
    let mut ticks = interval(certificates.config().reload_interval.get());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // The reload counts and logs the error.
        let _ = now(&certificates, &stats).await;
    }
}
