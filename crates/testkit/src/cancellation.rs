//! Drops futures at one await after the other.
//!
//! A future can be dropped at any await: the caller is cancelled, a timeout passes, or a branch of
//! `select!` wins. [`at_every_await`] repeats work and drops it at its first await, its second, and
//! so on until it completes. The test checks the state after each drop.
//!
//! On a loaded machine a server may respond before its client polls, so an await may not suspend.
//! The future therefore gets the smallest budget that Tokio has for one poll (see
//! [`tokio::task::coop`]). It then suspends after each step of a Tokio resource.
//!
//! ```
//! use seaworthy_testkit::cancellation::{DropPoint, at_every_await};
//! use tokio::{sync::Mutex, task::yield_now};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let balance = Mutex::new((5, 5));
//! let transfer = async || {
//!     let mut balance = balance.lock().await;
//!     yield_now().await;
//!     balance.0 -= 1;
//!     balance.1 += 1;
//! };
//! for point in DropPoint::ALL {
//!     let cancelled = at_every_await(point, transfer, async |_| {
//!         let balance = balance.lock().await;
//!         assert_eq!(balance.0 + balance.1, 10);
//!     });
//!     assert!(cancelled.await.drops > 0);
//! }
//! # });
//! ```

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use tokio::task::coop::poll_proceed;

/// The steps that Tokio allows a task in one poll, less one.
const STEPS_LESS_ONE: usize = 127;

/// More awaits than any tested work has. A future that never completes fails the test.
const MAX_AWAITS: usize = 10_000;

/// The number of runs in a row that must complete. The number of awaits differs between runs,
/// because an event may already have happened.
const COMPLETED_RUNS: usize = 4;

/// When a future is dropped, relative to the await that it has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropPoint {
    /// Immediately, while the awaited event has not happened.
    Waiting,
    /// When it is woken: the event has happened, and the future has not seen it.
    Woken,
}

/// The outcome of work that was dropped at every await and then completed.
#[derive(Debug)]
pub struct Completed<T> {
    /// The number of times the work was dropped.
    pub drops: usize,
    /// The output of the last run.
    pub output: T,
}

impl DropPoint {
    /// Both points.
    pub const ALL: [Self; 2] = [Self::Waiting, Self::Woken];
}

/// Runs a future and drops it at its await number `number`, counted from 1. Returns the output if
/// it completes earlier.
pub async fn drop_at<F: Future>(point: DropPoint, number: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut awaits = 0;
    poll_fn(move |context: &mut Context<'_>| {
        if awaits >= number {
            return Poll::Ready(None);
        }
        leave_one_step(context);
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                awaits += 1;
                if awaits >= number && point == DropPoint::Waiting {
                    return Poll::Ready(None);
                }
                Poll::Pending
            }
        }
    })
    .await
}

/// Consumes the budget of this poll until one step is left.
fn leave_one_step(context: &mut Context<'_>) {
    for _ in 0..STEPS_LESS_ONE {
        match poll_proceed(context) {
            Poll::Ready(step) => step.made_progress(),
            Poll::Pending => return,
        }
    }
}

/// Runs `work` and drops it at its first await, its second, and so on, until several runs in a row
/// complete. Calls `check` with the number of the await after each drop.
///
/// # Panics
/// The work does not complete within ten thousand awaits.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub async fn at_every_await<F: Future>(
    point: DropPoint,
    mut work: impl FnMut() -> F,
    mut check: impl AsyncFnMut(usize),
) -> Completed<F::Output> {
    let (mut drops, mut completed) = (0, 0);
    for number in 1..=MAX_AWAITS {
        match drop_at(point, number, work()).await {
            Some(output) => {
                completed += 1;
                if completed >= COMPLETED_RUNS {
                    return Completed { drops, output };
                }
            }
            None => {
                (drops, completed) = (drops + 1, 0);
                check(number).await;
            }
        }
    }
    panic!("the work does not complete within {MAX_AWAITS} awaits");
}
