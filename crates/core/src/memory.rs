/// The memory budget that a request shares with all other requests of the process (SEC-3).
///
/// The listener sets it with [`RequestContext::set_memory`](crate::RequestContext::set_memory).
/// Decoders charge it for the decoded form of a request.
///
/// ```
/// use std::sync::{Arc, Weak, atomic::{AtomicU64, Ordering}};
///
/// use seaworthy_core::{RequestContext, RequestMemory, ServiceIdentity};
///
/// /// Allows 1 KiB.
/// #[derive(Default)]
/// struct Kibibyte(AtomicU64);
///
/// impl RequestMemory for Kibibyte {
///     fn charge(&self, bytes: u64) -> bool {
///         self.0.fetch_add(bytes, Ordering::Relaxed) + bytes <= 1024
///     }
/// }
///
/// let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
/// let memory: Arc<dyn RequestMemory> = Arc::new(Kibibyte::default());
/// request.set_memory(Arc::downgrade(&memory));
/// assert!(request.charge_memory(1000));
/// assert!(!request.charge_memory(1000));
/// ```
pub trait RequestMemory: Send + Sync {
    /// Charges `bytes` until the response is sent. Returns `false` if the budget has no room.
    fn charge(&self, bytes: u64) -> bool;
}
