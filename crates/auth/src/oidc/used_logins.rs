use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, FutureExt as _};
use parking_lot::Mutex;
use seaworthy_core::{Code, Error};

/// Each is a login that a person finished within the last minutes; with more of them at once something tries.
const MOST: usize = 100_000;
/// How often those whose time is over are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// Remembers which logins have let a person in, so that none does twice. Where a service has several replicas they have to share it, as they share a database.
///
/// A login is marked after the provider has confirmed the person. So callbacks with invented codes fill nothing, and only the mark decides: of two callbacks at once whose codes
/// the provider both accepts, one is let in.
pub trait UsedLogins: Send + Sync + 'static {
    /// Whether the login is marked. It spares the provider a code that was used; it lets nobody in.
    fn is_used(&self, login: String) -> BoxFuture<'static, Result<bool, Error>>;

    /// Marks a login for as long as it could come back; `false` where it is marked already. Of two at once one gets `true`. An error lets nobody in.
    fn mark(&self, login: String, life: Duration) -> BoxFuture<'static, Result<bool, Error>>;
}

/// In the memory of one process, up to 100,000 at a time; beyond that nobody is let in.
#[derive(Debug, Clone, Default)]
pub struct UsedLoginsInMemory(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    until: HashMap<String, Instant>,
    swept: Option<Instant>,
}

impl UsedLoginsInMemory {
    /// None came back yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn insert(&self, login: String, life: Duration) -> Result<bool, Error> {
        let now = Instant::now();
        let mut known = self.0.lock();
        let is_due = known
            .swept
            .is_none_or(|swept| now.duration_since(swept) > SWEEP);
        if is_due || known.until.len() >= MOST {
            known.until.retain(|_, until| *until > now);
            known.swept = Some(now);
        }
        if known.until.len() >= MOST {
            return Err(Error::new(
                Code::Unavailable,
                "OPENID_BUSY",
                "too many logins at once; try again later",
            ));
        }
        // Whether it is over is for the cookie to say; what is still here was used.
        Ok(known.until.insert(login, now + life).is_none())
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
