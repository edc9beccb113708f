use std::{sync::Arc, time::Duration};

use seaworthy_core::RotationAttempts;
use tokio::time;

use super::{BrokerConnection, Shared, State, cause_text};

/// How often a connection checks whether its password was rotated.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

impl Shared {
    /// Replaces a connection after its password was rotated (CONF-5). The connection stays until
    /// the broker accepts the new password, and closes after its last use. Ends when the connection
    /// is lost.
    pub(super) async fn follow_password(self: Arc<Self>, connection: Arc<BrokerConnection>) {
        let mut followed = Arc::downgrade(&connection);
        drop(connection);
        let mut attempts = RotationAttempts::default();
        loop {
            tokio::select! {
                () = time::sleep(POLL_INTERVAL) => {}
                () = self.ended.cancelled() => return,
            }
            let is_current = |state: &State| {
                let current = state.connection.as_ref();
                current.is_some_and(|connection| Arc::as_ptr(connection) == followed.as_ptr())
            };
            let old = match followed
                .upgrade()
                .filter(|connection| connection.is_connected())
            {
                Some(old) if is_current(&self.state.lock()) => old,
                _ => return,
            };
            let newest = self.parameters.password_version();
            let now = time::Instant::now().into_std();
            if old.password_version == newest || !attempts.is_due(newest, now) {
                continue;
            }
            match self.parameters.clone().connect_in_time().await {
                Ok(connection) => {
                    let connection = Arc::new(connection);
                    let mut state = self.state.lock();
                    if !is_current(&state) || self.ended.is_cancelled() {
                        return;
                    }
                    followed = Arc::downgrade(&connection);
                    state.connection = Some(connection);
                    old.superseded.cancel();
                }
                Err(error) => {
                    if attempts.record_failure(newest, time::Instant::now().into_std()) {
                        let problem = cause_text(&error);
                        tracing::warn!(
                            problem,
                            "no connection with the rotated password can be opened, so the other one stays open"
                        );
                    }
                }
            }
        }
    }
}
