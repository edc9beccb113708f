//! Whose access tokens count no more. Messages of it go to one replica of a service, which then tells the others by its database; this service keeps nothing, so each replica asks.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use parking_lot::Mutex;
use seaworthy::{
    auth::token::Revocations, config::Settings, contract::error::from_status, prelude::*,
};

use crate::upstream::Upstreams;

/// A ban takes effect within this time, as at the other services.
const LOOK_EVERY: Timeout = Timeout::from_secs(1);
/// Longer than any access token lives: after it no older one can be valid. Also what may be asked for at most.
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// Transactions commit later than they write.
const OVERLAP: Duration = Duration::from_secs(60);

/// What is known, and since when.
#[derive(Clone)]
pub(crate) struct Revoked {
    upstreams: Upstreams,
    revocations: Revocations,
    answered: Arc<Mutex<Option<Instant>>>,
}

impl Revoked {
    /// Asks before the first request comes, and then once a second. While the auth service is away, what is known counts.
    pub(crate) async fn follow<C: Settings>(
        service: &Assembly<C>,
        upstreams: &Upstreams,
        revocations: &Revocations,
    ) {
        let revoked = Self {
            upstreams: upstreams.clone(),
            revocations: revocations.clone(),
            answered: Arc::default(),
        };
        if let Err(error) = revoked.look().await {
            tracing::warn!(%error, "nobody can tell which tokens were taken back; it is asked again");
        }
        let worker = Worker::new(
            "versions of tokens",
            Schedule::Interval(LOOK_EVERY),
            move |_| {
                let revoked = revoked.clone();
                async move { revoked.look().await }
            },
        );
        // A run that fails is followed by the next one.
        service.worker(worker.attempts(1));
    }

    /// Asks for everything that may still matter, and later for what is new.
    async fn look(&self) -> Result<(), Error> {
        let now = Instant::now();
        let last = *self.answered.lock();
        let back = last.map_or(KEEP, |last| {
            let passed = now.saturating_duration_since(last);
            passed.saturating_add(OVERLAP).min(KEEP)
        });
        let until = SystemTime::now() + KEEP;
        let told = self.upstreams.token_versions(back, |changed| {
            self.revocations
                .raise_version(&changed.user_id, changed.version, until);
        });
        told.await.map_err(|status| from_status(&status))?;
        self.revocations.forget_expired(SystemTime::now());
        *self.answered.lock() = Some(now);
        Ok(())
    }
}
