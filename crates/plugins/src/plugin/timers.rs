use std::{fmt, future::poll_fn, pin::Pin, task::Poll};

use futures::FutureExt;
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep, sleep_until};

/// Timers that calls reuse. A new tokio timer wakes a worker if it is the first one to expire,
/// which takes longer than an empty hook. A later deadline of an existing timer wakes no worker.
#[derive(Default)]
pub(crate) struct Timers(Mutex<Vec<Pin<Box<Sleep>>>>);

impl Timers {
    /// Waits for a future until a deadline.
    pub(super) async fn wait<T>(
        &self,
        deadline: Instant,
        mut future: impl Future<Output = T> + Unpin,
    ) -> Option<T> {
        let mut timer = match self.take(deadline) {
            Some(timer) => timer,
            None => Box::pin(sleep_until(deadline)),
        };
        timer.as_mut().reset(deadline);
        let result = poll_fn(|context| match future.poll_unpin(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => timer.as_mut().poll(context).map(|()| None),
        });
        let result = result.await;
        self.0.lock().push(timer);
        result
    }

    /// Returns the latest timer whose deadline is not later than `deadline`. Long waits thus leave
    /// the timers of short ones, and a new timer is rare.
    fn take(&self, deadline: Instant) -> Option<Pin<Box<Sleep>>> {
        let mut timers = self.0.lock();
        let (latest, _) = timers
            .iter()
            .map(|timer| timer.deadline())
            .enumerate()
            .filter(|(_, earlier)| *earlier <= deadline)
            .max_by_key(|(_, earlier)| *earlier)?;
        Some(timers.swap_remove(latest))
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Timers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        time::Duration,
    };

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_end_at_their_own_deadlines_plug_2() {
        let (timers, begun) = (Timers::default(), Instant::now());
        // A wait reuses a timer of an earlier wait, unless all timers expire after its deadline.
        for (seconds, count) in [(30, 1), (1, 2), (2, 2), (40, 2), (41, 2)] {
            let (sender, ended) = oneshot::channel();
            sender.send(seconds).unwrap();
            let deadline = Instant::now() + Duration::from_secs(seconds);
            assert_eq!(timers.wait(deadline, ended).await, Some(Ok(seconds)));
            assert_eq!(timers.0.lock().len(), count, "{seconds}");
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        for seconds in [3, 50, 7] {
            let begun = Instant::now();
            let timeout = Duration::from_secs(seconds);
            let ended = timers.wait(begun + timeout, pending::<()>()).await;
            assert_eq!((ended, begun.elapsed()), (None, timeout));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn long_waits_leave_the_timers_of_short_ones_plug_2() {
        let timers = Timers::default();
        for timeout in [50, 30_000, 30_000, 50].repeat(1_000) {
            let deadline = Instant::now() + Duration::from_millis(timeout);
            assert_eq!(timers.wait(deadline, ready(())).await, Some(()));
            tokio::time::advance(Duration::from_millis(5)).await;
        }
        assert_eq!(timers.0.lock().len(), 2);
    }
}
