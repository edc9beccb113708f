use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::faults::Fault;

/// A fault that begins with certain bytes of a client. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Trigger {
    faults: watch::Sender<Fault>,
    armed: Arc<Mutex<Option<Armed>>>,
}

#[derive(Debug)]
struct Armed {
    bytes: Vec<u8>,
    fault: Fault,
}

impl Trigger {
    pub(super) fn new(faults: watch::Sender<Fault>) -> Self {
        Self {
            faults,
            armed: Arc::default(),
        }
    }

    pub(super) fn arm(&self, bytes: &[u8], fault: Fault) {
        let armed = Armed {
            bytes: bytes.to_vec(),
            fault,
        };
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = Some(armed);
    }

    /// Inspects a piece of a client before it is forwarded.
    pub(super) fn look_at(&self, piece: &[u8]) {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_met = |armed: &mut Armed| {
            let mut windows = piece.windows(armed.bytes.len().max(1));
            windows.any(|window| window == armed.bytes)
        };
        if let Some(armed) = armed.take_if(is_met) {
            self.faults.send_replace(armed.fault);
        }
    }
}
