use std::sync::Arc;

use seaworthy_core::ByteSize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The receive window of an HTTP/2 connection that a server cannot lower (RFC 9113, section 6.9.2).
pub(crate) const MIN_WINDOW: u32 = 65_535;

/// A limit on the receive windows of all HTTP/2 connections together (SEC-3). Cheap to clone. All
/// clones share one limit.
///
/// A client may send as many bytes of its request bodies ahead of the handlers as the window of its
/// connection allows. The [`BodyBudget`](crate::BodyBudget) does not count these bytes until a
/// handler reads them. So every connection reserves the part of its window above the minimum of the
/// protocol. A connection gets the minimum of 64 KiB while the limit is exhausted.
#[derive(Debug, Clone)]
pub struct ReceiveWindows(Arc<Semaphore>);

/// The window of one connection. Dropping it releases its bytes.
#[derive(Debug)]
pub(crate) struct ReservedWindow {
    size: u32,
    _reserved: Option<OwnedSemaphorePermit>,
}

impl ReceiveWindows {
    /// Creates a limit in bytes above the minimum windows.
    #[must_use]
    pub fn new(limit: ByteSize) -> Self {
        let bytes = limit.as_usize().min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// Reserves a window of `size` bytes, or the minimum if the limit is exhausted.
    pub(crate) fn reserve(&self, size: u32) -> ReservedWindow {
        let extra = size.saturating_sub(MIN_WINDOW);
        match Arc::clone(&self.0).try_acquire_many_owned(extra) {
            Ok(reserved) => ReservedWindow {
                size,
                _reserved: Some(reserved),
            },
            Err(_) => ReservedWindow {
                size: MIN_WINDOW,
                _reserved: None,
            },
        }
    }
}

impl ReservedWindow {
    pub(crate) fn size(&self) -> u32 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_above_the_minimum_share_one_limit_sec_3() {
        let windows = ReceiveWindows::new(ByteSize::kibibytes(200));
        let large = 256 << 10;
        let first = windows.reserve(large);
        assert_eq!(first.size(), large);
        assert_eq!(windows.clone().reserve(large).size(), MIN_WINDOW);
        assert_eq!(windows.reserve(1_000).size(), 1_000);
        drop(first);
        assert_eq!(windows.reserve(large).size(), large);
    }
}
