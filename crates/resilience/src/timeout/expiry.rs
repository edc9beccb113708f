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
    /// A timer that is armed at its first poll. It is large and separate: a call that is ready
    /// at once has none, and its future is moved for less.
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

    /// Takes away what lies beyond, as long as the timer is not armed.
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
