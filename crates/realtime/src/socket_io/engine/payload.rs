use std::sync::Arc;

use tokio::sync::Notify;

/// Packets for a request over polling. If they are dropped, their session is notified.
#[derive(Debug)]
pub(super) struct Payload {
    text: Option<String>,
    lost: Arc<Notify>,
}

impl Payload {
    pub(super) fn new(text: String, lost: &Arc<Notify>) -> Self {
        Self {
            text: Some(text),
            lost: Arc::clone(lost),
        }
    }

    /// Returns the body of the response.
    pub(super) fn take(mut self) -> String {
        self.text.take().unwrap_or_default()
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        if self.text.is_some() {
            self.lost.notify_one();
        }
    }
}
