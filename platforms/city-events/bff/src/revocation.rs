//! Polls the auth service for revoked access tokens.
//!
//! A message would reach only one replica, and the gateway has no database to share it. So each
//! replica polls.

use std::time::SystemTime;

use city_events_contract::{MAX_ACCESS_TOKEN_LIFETIME, ReadPosition};
use seaworthy::{
    auth::token::{ClockReading, Revocations},
    config::Settings,
    contract::error::from_status,
    prelude::*,
};

use crate::upstream::Upstreams;

/// The interval of polls, as in the other services. A revocation takes effect within this time.
const POLL_INTERVAL: Timeout = Timeout::from_secs(1);

/// Copies revocations from the auth service.
#[derive(Clone)]
pub(crate) struct RevocationPoller {
    upstreams: Upstreams,
    revocations: Revocations,
    position: ReadPosition,
}

impl RevocationPoller {
    /// Polls once, and then once per second. If the auth service is unavailable, known revocations
    /// stay valid for `revocation.max_stale`.
    pub(crate) async fn start<C: Settings>(
        service: &Assembly<C>,
        upstreams: &Upstreams,
        revocations: &Revocations,
    ) {
        let poller = Self {
            upstreams: upstreams.clone(),
            revocations: revocations.clone(),
            position: ReadPosition::default(),
        };
        if let Err(error) = poller.poll().await {
            tracing::warn!(%error, "the revoked tokens cannot be read: every request is anonymous until the next poll succeeds");
        }
        let worker = Worker::new(
            "poll revoked tokens",
            Schedule::Interval(POLL_INTERVAL),
            move |_| {
                let poller = poller.clone();
                async move { poller.poll().await }
            },
        );
        // The next interval retries a failed run.
        service.worker(worker.attempts(1));
    }

    /// Reads all revocations at first, and then those since the last read.
    async fn poll(&self) -> Result<(), Error> {
        let now = ClockReading::now();
        let until = SystemTime::now() + MAX_ACCESS_TOKEN_LIFETIME;
        let read = self
            .upstreams
            .token_versions(self.position.since_us(), |changed| {
                self.revocations
                    .raise_version(&changed.user_id, changed.version, until);
            });
        let as_of = read.await.map_err(|status| from_status(&status))?;
        if let Some(as_of) = as_of {
            self.position.advance(as_of);
        }
        self.revocations.remove_expired(SystemTime::now());
        self.revocations.record_read(now);
        Ok(())
    }
}
