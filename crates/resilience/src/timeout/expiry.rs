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
    /// A timer that is armed at its first poll.
    #[derive(Debug)]
    pub(super) struct Expiry {
        limit: Duration,
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Expiry {
    pub(super) const fn after(limit: Duration) -> Self {
        Self { limit, sleep: None }
    }

    pub(super) fn poll_elapsed(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Elapsed> {
        let mut this = self.project();
        if this.sleep.is_none() {
            this.sleep.set(Some(sleep(*this.limit)));
        }
        if let Some(sleep) = this.sleep.as_pin_mut() {
            ready!(sleep.poll(context));
        }
        Poll::Ready(Elapsed::after(*this.limit))
    }
}
