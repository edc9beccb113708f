use tokio_util::sync::CancellationToken;

/// The word that the service is stopping. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(CancellationToken);

impl Stop {
    pub(crate) fn new() -> Self {
        Self(CancellationToken::new())
    }

    pub(crate) fn request(&self) {
        self.0.cancel();
    }

    /// Completes when the service begins to stop. A task that has waited for this finishes what it holds and returns.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Whether the service is stopping.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }
}
