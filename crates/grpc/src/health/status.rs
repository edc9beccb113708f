use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use seaworthy_health::Health;
use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{MissedTickBehavior, interval},
};

use super::contract::grpc::health::v1::health_check_response::ServingStatus;

/// The interval of polls from memory, which is cheap, and soon enough for a load balancer.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Whether the service can be called, with updates. Cheap to clone. All clones share one poll of
/// the readiness.
#[derive(Debug, Clone)]
pub(crate) struct HealthStatus {
    health: Health,
    closing: watch::Receiver<bool>,
    poll: Arc<Poll>,
}

/// Polls the readiness for all open calls. The poll starts with the first call and ends with the
/// last clone of the status.
#[derive(Debug)]
struct Poll {
    status: watch::Sender<ServingStatus>,
    task: Mutex<Option<AbortHandle>>,
}

/// Follows the status for one open call.
#[derive(Debug)]
pub(super) struct Changes {
    health: Health,
    status: watch::Receiver<ServingStatus>,
    closing: watch::Receiver<bool>,
    last: ServingStatus,
}

/// Events that an open call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Status(ServingStatus),
    /// The listener closes, so open calls must end.
    Closing,
}

impl HealthStatus {
    /// Follows a health until the sender signals that the listener closes.
    pub(super) fn new(health: Health) -> (Self, watch::Sender<bool>) {
        let (sender, closing) = watch::channel(false);
        let poll = Arc::new(Poll {
            status: watch::Sender::new(status_of(&health)),
            task: Mutex::default(),
        });
        let status = Self {
            health,
            closing,
            poll,
        };
        (status, sender)
    }

    /// Returns the current state.
    pub(super) fn now(&self) -> ServingStatus {
        status_of(&self.health)
    }

    /// Returns a subscription to the state. Must be called inside a runtime.
    pub(super) fn changes(&self) -> Changes {
        self.poll.begin(&self.health);
        // The call starts with the state that the poll has, so it misses no change.
        refresh(&self.poll.status, &self.health);
        let mut status = self.poll.status.subscribe();
        let last = *status.borrow_and_update();
        Changes {
            health: self.health.clone(),
            last,
            status,
            closing: self.closing.clone(),
        }
    }
}

impl Poll {
    fn begin(&self, health: &Health) {
        let mut task = self.task.lock();
        // If the task has ended, its runtime has stopped.
        if task.as_ref().is_none_or(AbortHandle::is_finished) {
            let polling = poll(health.clone(), self.status.clone());
            *task = Some(tokio::spawn(polling).abort_handle());
        }
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().take() {
            task.abort();
        }
    }
}

async fn poll(health: Health, status: watch::Sender<ServingStatus>) {
    let mut ticks = interval(POLL_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        refresh(&status, &health);
    }
}

fn refresh(status: &watch::Sender<ServingStatus>, health: &Health) {
    let now = status_of(health);
    status.send_if_modified(|known| std::mem::replace(known, now) != now);
}

fn status_of(health: &Health) -> ServingStatus {
    if health.readiness().accepts_traffic() {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}

impl Changes {
    /// Returns the state that was last seen.
    pub(super) const fn last(&self) -> ServingStatus {
        self.last
    }

    /// Waits for another state or for the end. A state that changed earlier is returned first.
    pub(super) async fn next(&mut self) -> Change {
        loop {
            let is_closing = tokio::select! {
                biased;
                _ = self.closing.wait_for(|closing| *closing) => true,
                Ok(()) = self.status.changed() => false,
            };
            let now = if is_closing {
                status_of(&self.health)
            } else {
                *self.status.borrow_and_update()
            };
            if now != self.last {
                self.last = now;
                return Change::Status(now);
            }
            if is_closing {
                return Change::Closing;
            }
        }
    }

    /// Waits for the end.
    pub(super) async fn closed(&mut self) {
        let _ = self.closing.wait_for(|closing| *closing).await;
    }
}
