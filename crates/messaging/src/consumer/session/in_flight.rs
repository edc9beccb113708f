use std::{collections::HashSet, sync::Arc};

use seaworthy_core::error_chain;
use tokio::sync::mpsc;

use super::{Job, Session, Settlement};
use crate::{
    Envelope,
    consumer::key_queues::KeyQueues,
    transport::{Deliveries, DeliveryTag, TransportError},
};

/// The result of a handler task. The task sends it even if it panics or is aborted.
#[derive(Debug)]
pub(super) struct JobEnd {
    pub(super) session: u64,
    pub(super) tag: DeliveryTag,
    pub(super) key: Option<Arc<Envelope>>,
    pub(super) settled: Settlement,
}

pub(super) struct JobEndReport {
    pub(super) end: Option<JobEnd>,
    pub(super) to: mpsc::UnboundedSender<JobEnd>,
}

impl Drop for JobEndReport {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            // The receiver is closed only after the consumer has ended.
            let _ = self.to.send(end);
        }
    }
}

/// A session whose deliveries are not all settled.
pub(super) struct OpenSession {
    pub(super) deliveries: Arc<dyn Deliveries>,
    pub(super) session: Session,
    pub(super) unacknowledged: HashSet<DeliveryTag>,
    pub(super) ended: EndedJobs,
}

/// Deliveries whose handlers have ended.
#[derive(Default)]
pub(super) struct EndedJobs {
    pub(super) acknowledged: Vec<DeliveryTag>,
    pub(super) released: Vec<DeliveryTag>,
    pub(super) postponed: Vec<DeliveryTag>,
    pub(super) nacked: Vec<DeliveryTag>,
}

impl OpenSession {
    pub(super) fn record(&mut self, end: &JobEnd) {
        self.unacknowledged.remove(&end.tag);
        let list = match end.settled {
            Settlement::Acknowledged => &mut self.ended.acknowledged,
            Settlement::Released => &mut self.ended.released,
            Settlement::Postponed => &mut self.ended.postponed,
            Settlement::Nacked => &mut self.ended.nacked,
        };
        list.push(end.tag);
    }

    pub(super) async fn extend(&self) -> Result<(), TransportError> {
        let tags: Vec<_> = self.unacknowledged.iter().copied().collect();
        if tags.is_empty() {
            return Ok(());
        }
        self.deliveries.extend(tags).await
    }
}

/// The state of a consumer across its sessions. A handler that continues after its session still
/// blocks its key.
pub(in super::super) struct InFlight {
    pub(super) queues: KeyQueues<Job>,
    pub(super) ends: mpsc::UnboundedReceiver<JobEnd>,
    pub(super) report: mpsc::UnboundedSender<JobEnd>,
    pub(super) sessions: u64,
    /// Superseded sessions. They get no new deliveries.
    pub(super) draining: Vec<OpenSession>,
}

impl InFlight {
    pub(in super::super) fn new() -> Self {
        let (report, ends) = mpsc::unbounded_channel();
        Self {
            queues: KeyQueues::new(),
            ends,
            report,
            sessions: 0,
            draining: Vec::new(),
        }
    }

    /// Drops the messages of a lost session that wait for their key. The broker redelivers them.
    pub(super) fn drop_waiting(&mut self, number: u64) {
        let waiting = self
            .queues
            .drain_waiting(|job| job.session.number == number);
        drop(waiting);
    }

    /// Ends a superseded session whose connection is lost.
    pub(super) fn lose(&mut self, lost: &OpenSession, error: &TransportError) {
        lost.session.halt.cancel();
        lost.session.lost.cancel();
        self.drop_waiting(lost.session.number);
        tracing::warn!(
            problem = error_chain(error),
            "a replaced connection was lost, so the broker delivers its messages again"
        );
    }
}
