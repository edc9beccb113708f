//! Futures that are dropped at an await, one await after the other.
//!
//! A future can be dropped wherever it awaits: the caller goes away, a timeout passes, a branch of `select!` wins. [`at_every_await`] runs work again and again and drops it
//! at its first await, its second, and so on until it completes, and lets the test look at what each drop left.
//!
//! What a future awaits may be there already: on a loaded machine a server answers before its client looks. So the future gets the smallest budget that Tokio has for one poll
//! (see [`tokio::task::coop`]), and awaits after each step of a Tokio resource whether it must or not.
//!
//! ```
//! use seaworthy_testkit::cancellation::{Moment, at_every_await};
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
//! for moment in Moment::ALL {
//!     let cancelled = at_every_await(moment, transfer, async |_| {
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

/// The steps that Tokio allows a task in one poll, but for one.
const STEPS_LESS_ONE: usize = 127;

/// Far more awaits than any work of a test has: a future that never completes fails the test.
const MAX_AWAITS: usize = 10_000;

/// How many runs in a row have to complete. How often work awaits differs from run to run: what it waits for may be there already.
const CALM_RUNS: usize = 4;

/// When a future is dropped, seen from the await that it has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At once: what it waits for has not happened.
    Waiting,
    /// When it is woken: what it waits for has happened, and it has not seen it.
    Woken,
}

/// What came of work that was dropped at every await and then completed.
#[derive(Debug)]
pub struct Completed<T> {
    /// How many times it was dropped before.
    pub drops: usize,
    /// What it returned in the end.
    pub output: T,
}

impl Moment {
    /// Both moments.
    pub const ALL: [Self; 2] = [Self::Waiting, Self::Woken];
}

/// Runs a future and drops it at its await number `number`, counted from 1. `Some` is the output of one that completes before.
pub async fn drop_at<F: Future>(moment: Moment, number: usize, future: F) -> Option<F::Output> {
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
                if awaits >= number && moment == Moment::Waiting {
                    return Poll::Ready(None);
                }
                Poll::Pending
            }
        }
    })
    .await
}

/// Uses up the budget of this poll until one step is left.
fn leave_one_step(context: &mut Context<'_>) {
    for _ in 0..STEPS_LESS_ONE {
        match poll_proceed(context) {
            Poll::Ready(step) => step.made_progress(),
            Poll::Pending => return,
        }
    }
}

/// Runs `work` and drops it at its first await, its second, and so on until it completes several times in a row. `check` gets the number of the await after each drop.
///
/// # Panics
/// The work does not complete within ten thousand awaits.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub async fn at_every_await<F: Future>(
    moment: Moment,
    mut work: impl FnMut() -> F,
    mut check: impl AsyncFnMut(usize),
) -> Completed<F::Output> {
    let (mut drops, mut calm) = (0, 0);
    for number in 1..=MAX_AWAITS {
        match drop_at(moment, number, work()).await {
            Some(output) => {
                calm += 1;
                if calm >= CALM_RUNS {
                    return Completed { drops, output };
                }
            }
            None => {
                (drops, calm) = (drops + 1, 0);
                check(number).await;
            }
        }
    }
    panic!("the work does not complete within {MAX_AWAITS} awaits");
}
