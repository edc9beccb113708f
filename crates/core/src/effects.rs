//! What a call has changed outside of this process, as far as it is known.
//!
//! A call that fails may have changed something before: a transaction was committed, or the connection broke while it was being committed. Code that makes a change reports it
//! to the [`Effects`] of the running call, so that whoever decides about a repeat knows whether one would double the change.
//!
//! ```
//! use std::sync::Arc;
//! use seaworthy_core::effects::{self, Attempt, Effects, Known};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let call = Arc::new(Effects::new());
//! effects::scope(Arc::clone(&call), async {
//!     let attempt = Attempt::begin();
//!     // The change is sent here; a future that is dropped meanwhile leaves it unknown.
//!     attempt.succeeded();
//! })
//! .await;
//! assert_eq!(call.known(), Known::Changed);
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

/// The changes that one call has made.
#[derive(Default)]
pub struct Effects {
    known: AtomicU8,
    participant: Option<Box<dyn Any + Send + Sync>>,
}

/// What is known of the changes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// No change was reported.
    Nothing,
    /// A change was sent, and whether it was carried out is unknown.
    Unknown,
    /// Something was changed.
    Changed,
}

/// A change that is under way. Dropped without an outcome, it is unknown.
#[derive(Debug)]
#[must_use = "an attempt that is dropped counts as one whose outcome is unknown"]
pub struct Attempt {
    effects: Option<Arc<Effects>>,
    known: Known,
}

impl Effects {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a store of changes looks for, to record in its own transaction that the call has changed something.
    #[must_use]
    pub fn with_participant(mut self, participant: Box<dyn Any + Send + Sync>) -> Self {
        self.participant = Some(participant);
        self
    }

    /// The participant, where it is of this type.
    #[must_use]
    pub fn participant<T: 'static>(&self) -> Option<&T> {
        self.participant.as_deref()?.downcast_ref()
    }

    /// What is known of the changes so far.
    #[must_use]
    pub fn known(&self) -> Known {
        match self.known.load(Ordering::SeqCst) {
            0 => Known::Nothing,
            1 => Known::Unknown,
            _ => Known::Changed,
        }
    }

    fn record(&self, known: Known) {
        self.known.fetch_max(known as u8, Ordering::SeqCst);
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Effects")
            .field("known", &self.known())
            .finish_non_exhaustive()
    }
}

impl Attempt {
    /// Begins a change on behalf of the running call; without one, nothing is recorded.
    pub fn begin() -> Self {
        Self {
            effects: current(),
            known: Known::Unknown,
        }
    }

    /// The change was made.
    pub fn succeeded(mut self) {
        self.known = Known::Changed;
    }

    /// It is certain that nothing was changed.
    pub fn failed(mut self) {
        self.known = Known::Nothing;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(effects) = &self.effects {
            effects.record(self.known);
        }
    }
}

/// The effects of the running call, if they are recorded.
#[must_use]
pub fn current() -> Option<Arc<Effects>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Runs a call and records its changes. A task that the call spawns records none.
pub fn scope<F: Future>(effects: Arc<Effects>, call: F) -> TaskLocalFuture<Arc<Effects>, F> {
    CURRENT.scope(effects, call)
}
