use std::{collections::HashSet, sync::Arc};

use parking_lot::Mutex;

/// Logins with a callback in progress. Only one callback of a login at a time sends requests to the
/// provider. The number of entries is at most the number of concurrent requests.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<String>>>);

/// A login with a callback in progress, until it is dropped.
#[derive(Debug)]
pub(super) struct InFlightGuard {
    logins: InFlight,
    login: String,
}

impl InFlight {
    /// Returns `None` if another callback of the login is in progress.
    pub(super) fn enter(&self, login: String) -> Option<InFlightGuard> {
        self.0.lock().insert(login.clone()).then(|| InFlightGuard {
            logins: self.clone(),
            login,
        })
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.logins.0.lock().remove(&self.login);
    }
}
