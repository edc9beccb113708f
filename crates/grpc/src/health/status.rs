use std::time::Duration;

use seaworthy_health::Health;
use tokio::{sync::watch, time::timeout};

use super::contract::grpc::health::v1::health_check_response::ServingStatus;

/// Readiness is kept in memory, so looking costs next to nothing; a quarter of a second is soon enough for a balancer.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Whether the service can be called, now and later.
#[derive(Debug, Clone)]
pub(crate) struct HealthStatus {
    health: Health,
    closing: watch::Receiver<bool>,
}

impl HealthStatus {
    /// Follows a health until the sender says that the listener closes.
    pub(super) fn new(health: Health) -> (Self, watch::Sender<bool>) {
        let (sender, closing) = watch::channel(false);
        (Self { health, closing }, sender)
    }

    /// The state at this moment.
    pub(super) fn now(&self) -> ServingStatus {
        if self.health.readiness().accepts_traffic() {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        }
    }

    /// Waits a moment, and tells whether the listener closes, so that open calls must end.
    pub(super) async fn is_closing(&mut self) -> bool {
        let closing = self.closing.wait_for(|closing| *closing);
        timeout(LOOK_AGAIN, closing).await.is_ok()
    }
}
