use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::CallOrigin;

/// Permits for concurrent calls. Anonymous calls use at most half of them, so a flood of them
/// leaves the others to authenticated callers. If there is only one permit, they may use it.
#[derive(Debug, Clone)]
pub(crate) struct Permits {
    all: Arc<Semaphore>,
    anonymous: Arc<Semaphore>,
}

/// A permit for one call. Dropping it releases the permit.
#[derive(Debug)]
pub(crate) struct Permit {
    _all: OwnedSemaphorePermit,
    _anonymous: Option<OwnedSemaphorePermit>,
}

impl Permits {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(max)),
            anonymous: Arc::new(Semaphore::new((max / 2).max(1))),
        }
    }

    /// Returns a permit if one is free.
    ///
    /// # Errors
    /// No permit is free for this origin.
    pub(crate) fn try_acquire(&self, origin: CallOrigin) -> Result<Permit, TryAcquireError> {
        let anonymous = self
            .anonymous_limit(origin)
            .map(Semaphore::try_acquire_owned);
        Ok(Permit {
            _anonymous: anonymous.transpose()?,
            _all: Arc::clone(&self.all).try_acquire_owned()?,
        })
    }

    /// Waits for a permit. An anonymous call first waits for its part, so that it does not delay
    /// other calls.
    pub(crate) async fn acquire(&self, origin: CallOrigin) -> Option<Permit> {
        let anonymous = match self.anonymous_limit(origin) {
            Some(limit) => Some(limit.acquire_owned().await.ok()?),
            None => None,
        };
        Some(Permit {
            _anonymous: anonymous,
            _all: Arc::clone(&self.all).acquire_owned().await.ok()?,
        })
    }

    /// Returns the second limit of calls of this origin. `None` for authenticated callers.
    fn anonymous_limit(&self, origin: CallOrigin) -> Option<Arc<Semaphore>> {
        match origin {
            CallOrigin::Anonymous => Some(Arc::clone(&self.anonymous)),
            CallOrigin::Authenticated => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn available_permits(&self) -> usize {
        self.all.available_permits()
    }

    #[cfg(test)]
    pub(crate) fn add_permits(&self, more: usize) {
        self.all.add_permits(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn anonymous_calls_leave_half_of_the_permits_plug_2() {
        const MAX: usize = 6;
        let permits = Permits::new(MAX);
        let take = |origin| {
            let all = std::iter::from_fn(|| permits.try_acquire(origin).ok());
            all.collect::<Vec<_>>()
        };
        let mut anonymous = take(CallOrigin::Anonymous);
        let authenticated = take(CallOrigin::Authenticated);
        assert_eq!((anonymous.len(), authenticated.len()), (MAX / 2, MAX / 2));
        // A waiting anonymous call does not delay the next authenticated caller.
        let mut waiting = Box::pin(permits.acquire(CallOrigin::Anonymous));
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        drop(authenticated);
        drop(permits.try_acquire(CallOrigin::Authenticated).unwrap());
        anonymous.clear();
        assert!(waiting.await.is_some());
    }

    #[test]
    fn authenticated_callers_use_all_permits_plug_2() {
        let permits = Permits::new(6);
        let authenticated =
            std::iter::from_fn(|| permits.try_acquire(CallOrigin::Authenticated).ok());
        assert_eq!(authenticated.collect::<Vec<_>>().len(), 6);
    }

    #[test]
    fn single_permit_is_available_to_anonymous_calls_plug_2() {
        assert!(Permits::new(1).try_acquire(CallOrigin::Anonymous).is_ok());
    }
}
