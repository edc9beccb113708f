use tokio_util::sync::CancellationToken;

/// The stop signal of the service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(CancellationToken);

impl Stop {
    pub(crate) fn new() -> Self {
        Self(CancellationToken::new())
    }

    pub(crate) fn request(&self) {
        self.0.cancel();
    }

    /// Completes when the stop begins. A task that waits for this finishes its work and returns.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Returns whether the service is stopping.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }
}
