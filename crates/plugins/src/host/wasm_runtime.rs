//! The engine of components.

use std::sync::Arc;

use tokio::{runtime::Handle, sync::Semaphore};

use super::{Inner, MAX_GUESTS_PER_CORE, cores};
use crate::runtime::{self, Runtime};

impl Inner {
    /// Returns the engine, which the first call creates.
    ///
    /// # Errors
    /// The engine cannot be created.
    pub(super) fn runtime(&self, handle: Handle) -> Result<&dyn Runtime, String> {
        let max_memory = self.config.security.max_memory(self.profile).as_usize();
        // The check of a compiled component runs it once, outside of the limit of concurrent calls.
        // There is one thread for compilations.
        let max_guests = MAX_GUESTS_PER_CORE * cores() + 1;
        let create = || {
            let on_tick = wake_worker(handle, Arc::clone(&self.worker_guests));
            runtime::engine(max_memory, max_guests, on_tick)
        };
        let created = self.runtime.get_or_init(create);
        match created {
            Ok(runtime) => Ok(&**runtime),
            Err(problem) => Err(format!("the engine cannot be created: {problem}")),
        }
    }
}

/// Returns a function that wakes a worker of the runtime if guests occupy others. A worker with a
/// guest does not poll the network and timers, and the other workers may be parked. Call this
/// function before guests run.
fn wake_worker(handle: Handle, guests: Arc<Semaphore>) -> impl Fn() + Send + 'static {
    let max = guests.available_permits();
    move || {
        if guests.available_permits() < max {
            handle.spawn(async {});
        }
    }
}
