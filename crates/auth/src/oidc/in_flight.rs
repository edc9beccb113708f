use std::{collections::HashSet, sync::Arc};

use parking_lot::Mutex;

/// The logins whose callbacks are being handled: one callback of a login at a time asks the provider. There are as many as requests that run.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<String>>>);

/// A login whose callback is being handled, until this is dropped.
#[derive(Debug)]
pub(super) struct Handling {
    all: InFlight,
    login: String,
}

impl InFlight {
    /// `None` where another callback of the login is being handled.
    pub(super) fn enter(&self, login: String) -> Option<Handling> {
        self.0.lock().insert(login.clone()).then(|| Handling {
            all: self.clone(),
            login,
        })
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.login);
    }
}
