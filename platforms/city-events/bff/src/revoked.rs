//! Whose access tokens count no more. Messages of it go to one replica of a service, which then tells the others by its database; this service keeps nothing, so each replica asks.

use std::time::SystemTime;

use city_events_contract::{MAX_ACCESS_TOKEN_LIFETIME, ReadPosition};
use seaworthy::{
    auth::token::{ClockReading, Revocations},
    config::Settings,
    contract::error::from_status,
    prelude::*,
};

use crate::upstream::Upstreams;

/// A ban takes effect within this time, as at the other services.
const LOOK_EVERY: Timeout = Timeout::from_secs(1);

/// What is known.
#[derive(Clone)]
pub(crate) struct Revoked {
    upstreams: Upstreams,
    revocations: Revocations,
    position: ReadPosition,
}

impl Revoked {
    /// Asks before the first request comes, and then once a second. While the auth service is away, what is known counts for as long as the settings say.
    pub(crate) async fn follow<C: Settings>(
        service: &Assembly<C>,
        upstreams: &Upstreams,
        revocations: &Revocations,
    ) {
        let revoked = Self {
            upstreams: upstreams.clone(),
            revocations: revocations.clone(),
            position: ReadPosition::default(),
        };
        if let Err(error) = revoked.look().await {
            tracing::warn!(%error, "nobody can tell which tokens were taken back, so none is believed; it is asked again");
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
        let now = ClockReading::now();
        let until = SystemTime::now() + MAX_ACCESS_TOKEN_LIFETIME;
        let told = self
            .upstreams
            .token_versions(self.position.since_us(), |changed| {
                self.revocations
                    .raise_version(&changed.user_id, changed.version, until);
            });
        let as_of = told.await.map_err(|status| from_status(&status))?;
        if let Some(as_of) = as_of {
            self.position.advance(as_of);
        }
        self.revocations.remove_expired(SystemTime::now());
        self.revocations.record_read(now);
        Ok(())
    }
}
