//! A client that closes its sending side while it waits for a response.
//!
//! A client that is gone and a client that only has nothing more to send both end their stream with
//! the same packet (FIN). A reset would follow only after a write, so nothing can tell the two apart
//! before the response. The end of the stream is therefore held back for a limited time, in which the
//! request can be answered. Then the protocol library sees the end and cancels the request (LIFE-6).

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

use super::state::ConnectionState;

/// The end of the client's stream.
#[derive(Debug)]
pub(super) struct HalfClose {
    timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl HalfClose {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            deadline: None,
        }
    }

    /// The client has closed its sending side.
    pub(super) fn begin(&mut self) {
        self.deadline = Some(Box::pin(sleep(self.timeout)));
    }

    pub(super) fn is_closed(&self) -> bool {
        self.deadline.is_some()
    }

    /// Waits until no request is in flight, or until the timeout.
    pub(super) fn poll_end(
        &mut self,
        context: &mut Context<'_>,
        state: &ConnectionState,
    ) -> Poll<()> {
        match &mut self.deadline {
            Some(deadline) if state.quiet_since().is_none() => deadline.as_mut().poll(context),
            _ => Poll::Ready(()),
        }
    }
}
