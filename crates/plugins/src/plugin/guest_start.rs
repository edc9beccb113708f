use std::sync::{Arc, OnceLock};

use tokio::time::Instant;

/// The start of a guest. A caller that stops waiting before the start prevents it, so that its
/// retry does not run concurrently with the first call.
#[derive(Debug, Clone, Default)]
pub(super) struct GuestStart(Arc<OnceLock<Option<Instant>>>);

impl GuestStart {
    /// Marks that the guest starts. Returns false if the caller left, so the guest must not run.
    pub(super) fn begin(&self) -> bool {
        self.0.set(Some(Instant::now())).is_ok()
    }

    /// Returns when the guest started. If it did not start, this prevents its start.
    pub(super) fn get_or_prevent(&self) -> Option<Instant> {
        *self.0.get_or_init(|| None)
    }
}
