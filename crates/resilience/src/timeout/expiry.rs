use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use crate::Elapsed;

pin_project! {
    /// A timer that starts at its first poll. It is large, so it is separate: a call that is ready
    /// immediately has none, and moving its future costs less.
    #[derive(Debug)]
    pub(super) struct Expiry {
        limit: Duration,
        sleep: Option<Pin<Box<Sleep>>>,
    }
}

impl Expiry {
    pub(super) const fn after(limit: Duration) -> Self {
        Self { limit, sleep: None }
    }

    /// Shortens the timeout to `limit`, unless the timer has started.
    pub(super) fn shorten_to(self: Pin<&mut Self>, limit: Duration) {
        let this = self.project();
        *this.limit = limit.min(*this.limit);
    }

    pub(super) fn poll_elapsed(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Elapsed> {
        let this = self.project();
        let limit = *this.limit;
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(sleep.as_mut().poll(context));
        Poll::Ready(Elapsed::after(limit))
    }
}
