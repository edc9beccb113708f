use std::time::Duration;

use seaworthy_core::{RotationAttempts, error_chain};
use tokio::time;

use super::{client::Clients, connection::BrokerConnection};

/// How often a member checks whether its password was rotated.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The password with which a member connects.
pub(super) struct MemberPassword {
    clients: Clients,
    connection: BrokerConnection,
    version: u64,
}

impl MemberPassword {
    /// Create this before the client of the member, so that it detects a rotation in between.
    pub(super) fn new(clients: &Clients, connection: &BrokerConnection) -> Self {
        Self {
            clients: clients.clone(),
            connection: connection.clone(),
            version: clients.password_version(),
        }
    }

    /// Waits until the password was rotated and the cluster accepts the new one (CONF-5).
    pub(super) async fn superseded(&self) {
        let mut attempts = RotationAttempts::default();
        loop {
            time::sleep(POLL_INTERVAL).await;
            let newest = self.clients.password_version();
            let now = time::Instant::now().into_std();
            if newest == self.version || !attempts.is_due(newest, now) {
                continue;
            }
            // The connection uses the newest password.
            let Err(error) = self.connection.check().await else {
                return;
            };
            if attempts.record_failure(newest, time::Instant::now().into_std()) {
                tracing::warn!(
                    problem = error_chain(&error),
                    "no connection with the rotated password can be opened, so the other one stays open"
                );
            }
        }
    }
}
