use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use tokio::time::{Instant, Sleep, sleep};

/// The next step of a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeartbeatEvent {
    /// Send a ping.
    Ping,
    /// The client did not respond in time.
    Lost,
}

/// Pings of the server, to each of which the client responds within a timeout.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    next_ping: Instant,
    is_waiting: bool,
    timer: Pin<Box<Sleep>>,
}

impl Heartbeat {
    pub(super) fn new(interval: Duration, timeout: Duration) -> Self {
        Self {
            interval,
            timeout,
            next_ping: Instant::now() + interval,
            is_waiting: false,
            timer: Box::pin(sleep(interval)),
        }
    }

    /// Waits for the next step. Cancel safe.
    pub(super) async fn next(&mut self) -> HeartbeatEvent {
        let due = self.timer.deadline();
        // Read the clock too, because a timer fires late.
        poll_fn(|context| match Instant::now() >= due {
            true => Poll::Ready(()),
            false => self.timer.as_mut().poll(context),
        })
        .await;
        if self.is_waiting {
            return HeartbeatEvent::Lost;
        }
        let now = Instant::now();
        self.is_waiting = true;
        self.next_ping = now + self.interval;
        // A late ping does not move the deadline, but leaves the client half of the timeout.
        let lost_at = (due + self.timeout).max(now + self.timeout / 2);
        self.timer.as_mut().reset(lost_at);
        HeartbeatEvent::Ping
    }

    /// Records the response of the client.
    pub(super) fn record_pong(&mut self) {
        if self.is_waiting {
            self.is_waiting = false;
            self.timer.as_mut().reset(self.next_ping);
        }
    }
}
