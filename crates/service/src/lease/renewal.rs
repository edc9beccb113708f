use std::sync::Arc;

use tokio::{
    sync::watch,
    time::{self, Instant},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument as _;

use super::{grant::Holder, store::FencingToken};

/// The task that renews a lease. Dropping this value ends it.
#[derive(Debug)]
pub(super) struct Renewal {
    state: watch::Receiver<State>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

/// The state of the lease, as the task knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The lease is held at least until then, by the clock of this process.
    TrustedUntil(Instant),
    /// The store reported at this time that the lease had ended.
    Lost(Instant),
}

impl State {
    const fn trusted_until(self) -> Instant {
        match self {
            Self::TrustedUntil(until) | Self::Lost(until) => until,
        }
    }
}

impl Renewal {
    pub(super) fn start(holder: &Arc<Holder>, token: FencingToken, trusted_until: Instant) -> Self {
        let (sender, state) = watch::channel(State::TrustedUntil(trusted_until));
        let stop = CancellationToken::new();
        let work = renew(Arc::clone(holder), token, sender, stop.clone());
        // The separate task has no context of the work, so neither its transaction nor its deadline
        // applies to a renewal.
        let task = AbortOnDropHandle::new(tokio::spawn(work.in_current_span()));
        Self { state, stop, task }
    }

    /// Completes when the lease is invalid: another holder has it, or it was not renewed in time.
    pub(super) async fn lost(&mut self) {
        loop {
            let State::TrustedUntil(until) = *self.state.borrow_and_update() else {
                return;
            };
            tokio::select! {
                biased;
                changed = self.state.changed() => if changed.is_err() {
                    // The task has ended, so the lease is valid until its last renewal expires.
                    time::sleep_until(until).await;
                    return;
                },
                () = time::sleep_until(until) => return,
            }
        }
    }

    /// Ends the task after a renewal in progress, so that none follows a release. Returns until
    /// when the lease is valid.
    pub(super) async fn end(mut self) -> Instant {
        self.stop.cancel();
        let until = self.state.borrow().trusted_until();
        // A renewal that takes longer is dropped with the task.
        let _ = time::timeout_at(until, &mut self.task).await;
        self.state.borrow().trusted_until()
    }
}

async fn renew(
    holder: Arc<Holder>,
    token: FencingToken,
    state: watch::Sender<State>,
    stop: CancellationToken,
) {
    let mut next = Instant::now() + holder.config.renewal();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = time::sleep_until(next) => {}
        }
        let until = state.borrow().trusted_until();
        let began = Instant::now();
        match time::timeout_at(until, holder.renew(token)).await {
            Ok(Ok(Some(until))) => {
                state.send_replace(State::TrustedUntil(until));
                next = began + holder.config.renewal();
            }
            Ok(Ok(None)) => {
                state.send_replace(State::Lost(Instant::now()));
                return;
            }
            Ok(Err(error)) => {
                tracing::warn!(
                    lease = &*holder.name,
                    problem = seaworthy_core::error_chain(&error),
                    "cannot renew a lease"
                );
                next = Instant::now() + holder.config.retry();
            }
            // The holder detects the loss by its own clock.
            Err(_elapsed) => return,
        }
    }
}
