use std::{fmt, future::Future, pin::pin, sync::Arc};

use rand::RngExt as _;
use seaworthy_core::new_id;
use tokio::time::{self, Instant};

use super::{
    config::LeaseConfig,
    renewal::Renewal,
    store::{FencingToken, LeaseError, LeaseStore},
};

/// One name in a store, for one holder. Each call of [`new`](Self::new) creates a separate holder.
#[derive(Debug)]
pub struct Lease(Arc<Holder>);

/// One holder of one name, shared by the lease and the task that renews it.
#[derive(Debug)]
pub(super) struct Holder {
    store: Arc<dyn LeaseStore>,
    pub(super) name: Arc<str>,
    holder: Arc<str>,
    pub(super) config: LeaseConfig,
}

/// The lease was lost during the work, and the work was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lease {0:?} was lost")]
pub struct LeaseLost(pub String);

/// A held lease. If you drop it without [`release`](Self::release), it lasts until it expires.
#[derive(Debug)]
pub struct HeldLease<'a> {
    lease: &'a Lease,
    token: FencingToken,
    trusted_until: Instant,
}

impl Lease {
    /// Creates a holder of the lease `name`.
    pub fn new(store: Arc<dyn LeaseStore>, name: impl Into<Arc<str>>, config: LeaseConfig) -> Self {
        Self(Arc::new(Holder {
            store,
            name: name.into(),
            holder: new_id().to_string().into(),
            config,
        }))
    }

    /// Acquires the lease if no other holder has it.
    ///
    /// # Errors
    /// [`LeaseError`] if the store fails.
    pub async fn try_acquire(&self) -> Result<Option<HeldLease<'_>>, LeaseError> {
        let granted = self.0.acquire().await?;
        Ok(granted.map(|(token, trusted_until)| HeldLease {
            lease: self,
            token,
            trusted_until,
        }))
    }

    /// Waits until the lease is acquired, also while the store fails.
    pub async fn acquire(&self) -> HeldLease<'_> {
        // Logs only the first failure in a row.
        let mut should_log = true;
        loop {
            match time::timeout(self.0.config.duration.get(), self.try_acquire()).await {
                Ok(Ok(Some(grant))) => return grant,
                Ok(Ok(None)) => should_log = true,
                Ok(Err(error)) if should_log => {
                    should_log = false;
                    tracing::warn!(
                        lease = &*self.0.name,
                        problem = seaworthy_core::error_chain(&error),
                        "cannot acquire a lease"
                    );
                }
                Ok(Err(_)) | Err(_) => {}
            }
            let spread = 1.0 + rand::rng().random::<f64>() / 5.0;
            time::sleep(self.0.config.poll_interval.get().mul_f64(spread)).await;
        }
    }
}

impl HeldLease<'_> {
    /// Returns the token, which is higher than those of all earlier holders.
    #[must_use]
    pub fn token(&self) -> FencingToken {
        self.token
    }

    /// Runs `work`. A separate task renews the lease while it runs, so `work` may hold a
    /// transaction of the database that stores the lease.
    ///
    /// The task ends with this future, also when the future is dropped.
    ///
    /// # Errors
    /// [`LeaseLost`] if another holder has the lease, or the store failed until the lease was about
    /// to expire. In both cases the work is cancelled.
    pub async fn run<F: Future>(&mut self, work: F) -> Result<F::Output, LeaseLost> {
        let mut renewal = Renewal::start(&self.lease.0, self.token, self.trusted_until);
        let outcome = {
            let mut work = pin!(work);
            tokio::select! {
                biased;
                () = renewal.lost() => None,
                done = &mut work => Some(done),
            }
        };
        match outcome {
            Some(done) => {
                self.trusted_until = renewal.end().await;
                Ok(done)
            }
            None => Err(self.lost()),
        }
    }

    /// Releases the lease, so that another holder can acquire it immediately. If the store fails,
    /// the lease expires.
    pub async fn release(self) {
        let Holder {
            store,
            name,
            holder,
            config,
        } = &*self.lease.0;
        let released =
            time::timeout(config.renewal(), store.release(name, holder, self.token)).await;
        if let Ok(Err(error)) = released {
            tracing::warn!(
                lease = &**name,
                problem = seaworthy_core::error_chain(&error),
                "cannot release a lease, so it will expire"
            );
        }
    }

    fn lost(&self) -> LeaseLost {
        LeaseLost(self.lease.0.name.to_string())
    }
}

impl Holder {
    /// Acquires the lease. Returns its token, and until when it is valid without a renewal.
    async fn acquire(&self) -> Result<Option<(FencingToken, Instant)>, LeaseError> {
        // Measure from the start of the request, which is earlier than the start in the store.
        let requested_at = Instant::now();
        let token = self
            .store
            .acquire(&self.name, &self.holder, self.config.duration)
            .await?;
        Ok(token.map(|token| (token, requested_at + self.config.trusted())))
    }

    /// Renews the lease. Returns until when it is valid without another renewal, or `None` if it
    /// has ended.
    pub(super) async fn renew(&self, token: FencingToken) -> Result<Option<Instant>, LeaseError> {
        let requested_at = Instant::now();
        let is_renewed = self
            .store
            .renew(&self.name, &self.holder, token, self.config.duration)
            .await?;
        Ok(is_renewed.then(|| requested_at + self.config.trusted()))
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.name)
    }
}
