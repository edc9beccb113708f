use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, FutureExt as _};
use parking_lot::Mutex;
use seaworthy_core::{Code, Error};

/// Maximum number of entries, more than the logins that users complete within `login_ttl`.
const MAX_LOGINS: usize = 100_000;
/// The interval at which expired entries are removed.
const PURGE_INTERVAL: Duration = Duration::from_secs(60);

/// A store of completed logins, which prevents a callback from being used twice. The replicas of a
/// service must share it, such as by a database.
///
/// [`OpenIdLogin`](super::OpenIdLogin) marks a login after the provider has confirmed the user, so
/// callbacks with invented codes do not fill the store. If the provider accepts the codes of two
/// concurrent callbacks, only the one that marks the login succeeds.
pub trait UsedLogins: Send + Sync + 'static {
    /// Returns whether the login is marked. This only saves a request to the provider. An error
    /// rejects the login.
    fn is_used(&self, login: String) -> BoxFuture<'static, Result<bool, Error>>;

    /// Marks a login for the rest of its lifetime, atomically. Returns `false` if it is marked
    /// already. An error rejects the login.
    fn mark(&self, login: String, life: Duration) -> BoxFuture<'static, Result<bool, Error>>;
}

/// Used logins in the memory of one process, at most 100,000. Further logins are rejected with 503.
#[derive(Debug, Clone, Default)]
pub struct UsedLoginsInMemory(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    until: HashMap<String, Instant>,
    purged: Option<Instant>,
}

impl UsedLoginsInMemory {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn insert(&self, login: String, life: Duration) -> Result<bool, Error> {
        let now = Instant::now();
        let mut entries = self.0.lock();
        let is_due = entries
            .purged
            .is_none_or(|purged| now.duration_since(purged) > PURGE_INTERVAL);
        if is_due || entries.until.len() >= MAX_LOGINS {
            entries.until.retain(|_, until| *until > now);
            entries.purged = Some(now);
        }
        if entries.until.len() >= MAX_LOGINS {
            return Err(Error::new(
                Code::Unavailable,
                "OPENID_BUSY",
                "too many concurrent logins: try again later",
            ));
        }
        // An expired entry still counts: the cookie decides whether the login has expired.
        Ok(entries.until.insert(login, now + life).is_none())
    }
}

impl UsedLogins for UsedLoginsInMemory {
    fn is_used(&self, login: String) -> BoxFuture<'static, Result<bool, Error>> {
        let is_used = self.0.lock().until.contains_key(&login);
        std::future::ready(Ok(is_used)).boxed()
    }

    fn mark(&self, login: String, life: Duration) -> BoxFuture<'static, Result<bool, Error>> {
        std::future::ready(self.insert(login, life)).boxed()
    }
}
