use std::sync::Arc;

use parking_lot::Mutex;

use crate::plugin::Plugin;

/// The versions outside of the loaded plugins that must end: new ones until they are loaded, and
/// replaced ones until their `cleanup`. The stop of the service ends them, because it interrupts
/// the changes that would do so.
#[derive(Debug, Default)]
pub(super) struct Detached(Mutex<Vec<Arc<Plugin>>>);

impl Detached {
    pub(super) fn add(&self, version: &Arc<Plugin>) {
        self.0.lock().push(Arc::clone(version));
    }

    pub(super) fn remove(&self, version: &Arc<Plugin>) {
        let mut versions = self.0.lock();
        versions.retain(|known| !Arc::ptr_eq(known, version));
    }

    pub(super) fn all(&self) -> Vec<Arc<Plugin>> {
        self.0.lock().clone()
    }
}
