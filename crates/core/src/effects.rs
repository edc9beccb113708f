//! The changes that a call made outside of this process.
//!
//! A failed call may have changed something: it committed a transaction, or the connection broke
//! during the commit. Code that makes a change reports it to the [`Effects`] of the current call.
//! The caller then knows whether a retry would repeat the change.
//!
//! ```
//! use std::sync::Arc;
//! use seaworthy_core::effects::{self, Attempt, Effects, Outcome};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let call = Arc::new(Effects::new());
//! effects::scope(Arc::clone(&call), async {
//!     let attempt = Attempt::begin();
//!     // The change is sent here. A future that is dropped now leaves the outcome unknown.
//!     attempt.succeed();
//! })
//! .await;
//! assert_eq!(call.outcome(), Outcome::Changed);
//! # });
//! ```

use std::{
    any::Any,
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static CURRENT: Arc<Effects>;
}

/// The changes that one call made.
#[derive(Default)]
pub struct Effects {
    outcome: AtomicU8,
    participant: Option<Box<dyn Any + Send + Sync>>,
}

/// Whether a call changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// No change was reported.
    Unchanged,
    /// A change was sent, and its result is unknown.
    Unknown,
    /// At least one change was made.
    Changed,
}

/// A change in progress. Its outcome is unknown if it is dropped without one.
#[derive(Debug)]
#[must_use = "dropping an attempt records an unknown outcome"]
pub struct Attempt {
    effects: Option<Arc<Effects>>,
    outcome: Outcome,
}

impl Effects {
    /// Creates effects without a change.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the participant that a store uses to record, in its own transaction, that the call
    /// changed something.
    #[must_use]
    pub fn with_participant(mut self, participant: Box<dyn Any + Send + Sync>) -> Self {
        self.participant = Some(participant);
        self
    }

    /// Returns the participant if it has this type.
    #[must_use]
    pub fn participant<T: 'static>(&self) -> Option<&T> {
        self.participant.as_deref()?.downcast_ref()
    }

    /// Returns the most severe outcome that was reported.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.outcome.load(Ordering::SeqCst) {
            0 => Outcome::Unchanged,
            1 => Outcome::Unknown,
            _ => Outcome::Changed,
        }
    }

    fn record(&self, outcome: Outcome) {
        self.outcome.fetch_max(outcome as u8, Ordering::SeqCst);
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Effects")
            .field("outcome", &self.outcome())
            .finish_non_exhaustive()
    }
}

impl Attempt {
    /// Begins a change for the current call. Outside of a call, nothing is recorded.
    pub fn begin() -> Self {
        Self {
            effects: current(),
            outcome: Outcome::Unknown,
        }
    }

    /// Records that the change was made.
    pub fn succeed(mut self) {
        self.outcome = Outcome::Changed;
    }

    /// Records that nothing was changed.
    pub fn fail(mut self) {
        self.outcome = Outcome::Unchanged;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(effects) = &self.effects {
            effects.record(self.outcome);
        }
    }
}

/// Returns the effects of the current call, if they are recorded.
#[must_use]
pub fn current() -> Option<Arc<Effects>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Runs a call and records its changes. Tasks that the call spawns do not record changes.
pub fn scope<F: Future>(effects: Arc<Effects>, call: F) -> TaskLocalFuture<Arc<Effects>, F> {
    CURRENT.scope(effects, call)
}
