use std::time::Duration;

use seaworthy_core::{RotationAttempts, error_chain};
use tokio::time;

use super::{client::Clients, connection::check_password};
use crate::transport::TransportError;

/// How often the service checks whether the password was rotated.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Lets new clients use a rotated password once the cluster accepts it (CONF-5). Never ends.
pub(super) async fn follow_password(clients: Clients, timeout: Duration) {
    let mut attempts = RotationAttempts::default();
    loop {
        time::sleep(POLL_INTERVAL).await;
        let Some(rotated) = clients.rotated() else {
            continue;
        };
        let newest = rotated.password_version();
        if !attempts.is_due(newest, time::Instant::now().into_std()) {
            continue;
        }
        match check_password(&rotated, timeout).await {
            Ok(()) => clients.accept(&rotated),
            // The cluster has not rejected the password, so the next attempt needs no backoff.
            Err(error @ TransportError::Unavailable(_)) => {
                tracing::debug!(
                    problem = error_chain(&error),
                    "the rotated password cannot be checked"
                );
            }
            Err(error) => {
                if attempts.record_failure(newest, time::Instant::now().into_std()) {
                    tracing::warn!(
                        problem = error_chain(&error),
                        "no connection with the rotated password can be opened, so the other one stays open"
                    );
                }
            }
        }
    }
}

/// The password with which a member connects.
pub(super) struct MemberPassword {
    clients: Clients,
    version: u64,
}

impl MemberPassword {
    /// Create this before the client of the member, so that it detects a rotation in between.
    pub(super) fn new(clients: &Clients) -> Self {
        Self {
            clients: clients.clone(),
            version: clients.password_version(),
        }
    }

    /// Waits until new clients use another password (CONF-5).
    pub(super) async fn superseded(&self) {
        self.clients.password_changed(self.version).await;
    }
}
