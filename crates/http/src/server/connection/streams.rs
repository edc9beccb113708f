//! The requests of one HTTP/2 connection. Each is a task that ends when its peer stops reading the
//! response.
//!
//! A blocked socket is detected on writes. A single stream can be blocked by a window that its peer
//! does not open again (CVE-2019-9517), while the connection works. Then only the stream is reset.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use hyper::rt::Executor;
use parking_lot::Mutex;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use super::stall_timer::StallTimer;
use crate::server::{accept::Shared, stats::ConnectionStats};

/// The progress that the response of a stream reports to the task that sends it.
#[derive(Debug, Default)]
pub(super) struct SendProgress {
    waits: AtomicBool,
    bytes: AtomicUsize,
}

impl SendProgress {
    /// Records bytes that the service has produced and the peer has to read.
    pub(super) fn record_produced(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Relaxed);
        self.waits.store(true, Relaxed);
    }

    /// Records that the service has nothing to send, so the peer is not at fault.
    pub(super) fn set_idle(&self) {
        self.waits.store(false, Relaxed);
    }
}

/// Runs the streams of one connection.
#[derive(Clone)]
pub(crate) struct Streams {
    shared: Arc<Shared>,
    next: Arc<Mutex<Option<Arc<SendProgress>>>>,
}

impl Streams {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            next: Arc::default(),
        }
    }

    /// Returns the progress of the stream that is executed next. The protocol library calls the
    /// service, and then executes the stream of that call.
    pub(super) fn announce(&self) -> Arc<SendProgress> {
        let progress = Arc::new(SendProgress::default());
        *self.next.lock() = Some(Arc::clone(&progress));
        progress
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, work: F) {
        // A stream without announced progress is the other half of an upgraded stream.
        match self.next.lock().take() {
            None => tokio::spawn(work),
            Some(progress) => {
                let limits = &self.shared.limits.response;
                tokio::spawn(Sending {
                    work,
                    progress,
                    stall: StallTimer::new(limits.stall_timeout.get(), limits.min_rate.get()),
                    timer: None,
                    shared: Arc::clone(&self.shared),
                })
            }
        };
    }
}

pin_project! {
    struct Sending<F> {
        #[pin]
        work: F,
        progress: Arc<SendProgress>,
        stall: StallTimer,
        timer: Option<Pin<Box<Sleep>>>,
        shared: Arc<Shared>,
    }
}

impl<F: Future<Output = ()>> Future for Sending<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.work.poll(context).is_ready() {
            return Poll::Ready(());
        }
        let sent = this.progress.bytes.swap(0, Relaxed);
        let waits = this.progress.waits.load(Relaxed);
        if sent > 0 || !waits {
            this.stall.progress(sent, Instant::now);
        }
        if !waits {
            return Poll::Pending;
        }
        let deadline = this.stall.wait(Instant::now);
        let timer = this
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer
            .as_mut()
            .poll(context)
            .map(|()| ConnectionStats::count(&this.shared.stats.write_stalls))
    }
}
