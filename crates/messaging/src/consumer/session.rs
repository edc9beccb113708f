use std::{collections::HashSet, sync::Arc, time::Duration};

use seaworthy_telemetry::metrics::GaugeGuard;
use tokio::{
    sync::mpsc,
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{Consumer, key_queues::KeyQueues};
use crate::{
    Envelope,
    transport::{Deliveries, Delivery, DeliveryTag, TransportError},
};

/// The interval of the timer for an engine whose deliveries do not expire.
const NO_EXTENSION: Duration = Duration::from_secs(60 * 60);
/// The maximum number of deliveries that are settled together. It exceeds the default prefetch.
const MAX_SETTLED_AT_ONCE: usize = 256;

/// The end of a session.
pub(super) enum SessionEnd {
    /// A stop or a pause ended it, after all deliveries were settled.
    Halted,
    /// The connection was lost. The broker redelivers what was not settled.
    Lost(TransportError),
}

/// The action of the session for a delivery whose handler has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settlement {
    /// Handled, dead-lettered or dropped.
    Acknowledged,
    /// Redelivered later, because the session ends.
    Released,
    /// Redelivered later, because its dead letter cannot be stored.
    Nacked,
}

/// An open session, for the tasks of its handlers.
#[derive(Debug, Clone)]
pub(super) struct Session {
    number: u64,
    /// Cancelled by a stop or a pause. Messages without a running handler are released.
    pub(super) halt: CancellationToken,
    /// Cancelled after the connection is lost. Deliveries cannot be settled.
    pub(super) lost: CancellationToken,
}

/// A delivered message.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) session: Session,
    pub(super) tag: DeliveryTag,
    pub(super) envelope: Arc<Envelope>,
    pub(super) count: u32,
    pub(super) problem: Option<String>,
    _unacknowledged: GaugeGuard,
}

/// The result of a handler task. The task sends it even if it panics or is aborted.
#[derive(Debug)]
struct Done {
    session: u64,
    tag: DeliveryTag,
    key: Option<Arc<Envelope>>,
    settled: Settlement,
}

struct Report {
    done: Option<Done>,
    to: mpsc::UnboundedSender<Done>,
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            // The receiver is closed only after the consumer has ended.
            let _ = self.to.send(done);
        }
    }
}

/// The state of a consumer across its sessions. A handler that continues after its session still
/// blocks its key.
pub(super) struct InFlight {
    queues: KeyQueues<Job>,
    done: mpsc::UnboundedReceiver<Done>,
    report: mpsc::UnboundedSender<Done>,
    sessions: u64,
}

impl InFlight {
    pub(super) fn new() -> Self {
        let (report, done) = mpsc::unbounded_channel();
        Self {
            queues: KeyQueues::new(),
            done,
            report,
            sessions: 0,
        }
    }
}

impl Consumer {
    /// Receives, starts and settles the messages of one session.
    pub(super) async fn session(
        self: &Arc<Self>,
        deliveries: Arc<dyn Deliveries>,
        in_flight: &mut InFlight,
    ) -> SessionEnd {
        in_flight.sessions += 1;
        let session = Session {
            number: in_flight.sessions,
            halt: CancellationToken::new(),
            lost: CancellationToken::new(),
        };
        let mut unacknowledged = HashSet::new();
        let mut extend = time::interval(deliveries.extend_interval().unwrap_or(NO_EXTENSION));
        extend.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut settled = Vec::with_capacity(MAX_SETTLED_AT_ONCE);
        let mut halted = false;
        let outcome = loop {
            if halted && unacknowledged.is_empty() {
                break Ok(());
            }
            tokio::select! {
                biased;
                () = self.abort.cancelled(), if halted => break Ok(()),
                () = self.stop.cancelled(), if !halted => halted = true,
                () = self.state.paused(), if !halted => halted = true,
                _ = in_flight.done.recv_many(&mut settled, MAX_SETTLED_AT_ONCE) => {
                    let ended = std::mem::take(&mut settled);
                    if let Err(error) = self.settle(&deliveries, ended, &session, &mut unacknowledged, in_flight).await {
                        break Err(error);
                    }
                    continue;
                }
                next = deliveries.next(), if !halted => match next {
                    Ok(batch) => {
                        for delivery in batch {
                            unacknowledged.insert(delivery.tag);
                            self.receive(&session, delivery, in_flight);
                        }
                        continue;
                    }
                    Err(error) => break Err(error),
                },
                _ = extend.tick() => {
                    let tags: Vec<_> = unacknowledged.iter().copied().collect();
                    if !tags.is_empty() && let Err(error) = deliveries.extend(tags).await {
                        break Err(error);
                    }
                    continue;
                }
            }
            // Only a stop or a pause reaches this line, once.
            session.halt.cancel();
            if let Err(error) = self
                .halt(&deliveries, &session, &mut unacknowledged, in_flight)
                .await
            {
                break Err(error);
            }
        };
        session.halt.cancel();
        session.lost.cancel();
        match outcome {
            Ok(()) => SessionEnd::Halted,
            Err(error) => {
                drop(
                    in_flight
                        .queues
                        .drain_waiting(|job| job.session.number == session.number),
                );
                SessionEnd::Lost(error)
            }
        }
    }

    /// Stops the deliveries and releases the jobs that wait for their key.
    async fn halt(
        &self,
        deliveries: &Arc<dyn Deliveries>,
        session: &Session,
        unacknowledged: &mut HashSet<DeliveryTag>,
        in_flight: &mut InFlight,
    ) -> Result<(), TransportError> {
        deliveries.stop().await?;
        let waiting = in_flight
            .queues
            .drain_waiting(|job| job.session.number == session.number);
        let tags: Vec<_> = waiting.iter().map(|job| job.tag).collect();
        for tag in &tags {
            unacknowledged.remove(tag);
        }
        self.metrics.released.add(tags.len() as u64);
        if tags.is_empty() {
            return Ok(());
        }
        deliveries.release(tags).await
    }

    fn receive(self: &Arc<Self>, session: &Session, delivery: Delivery, in_flight: &mut InFlight) {
        let job = Job {
            session: session.clone(),
            tag: delivery.tag,
            envelope: Arc::new(delivery.envelope),
            count: delivery.count,
            problem: delivery.problem,
            _unacknowledged: self.metrics.unacknowledged.guard(),
        };
        let envelope = Arc::clone(&job.envelope);
        let begins = match envelope.key() {
            Some(key) => in_flight.queues.push(key, job),
            None => Some(job),
        };
        if let Some(job) = begins {
            self.begin(job, &in_flight.report);
        }
    }

    fn begin(self: &Arc<Self>, job: Job, report: &mpsc::UnboundedSender<Done>) {
        let mut report = Report {
            done: Some(Done {
                session: job.session.number,
                tag: job.tag,
                key: job.envelope.key().map(|_| Arc::clone(&job.envelope)),
                settled: Settlement::Released,
            }),
            to: report.clone(),
        };
        let consumer = Arc::clone(self);
        self.tasks.spawn(Arc::clone(&self.name), async move {
            let settled = consumer.handle(&job).await;
            if let Some(done) = &mut report.done {
                done.settled = settled;
            }
        });
    }

    /// Settles ended jobs and starts the next job of each key.
    async fn settle(
        self: &Arc<Self>,
        deliveries: &Arc<dyn Deliveries>,
        ended: Vec<Done>,
        session: &Session,
        unacknowledged: &mut HashSet<DeliveryTag>,
        in_flight: &mut InFlight,
    ) -> Result<(), TransportError> {
        let mut acknowledged = Vec::with_capacity(ended.len());
        let (mut released, mut nacked) = (Vec::new(), Vec::new());
        for done in ended {
            if done.session == session.number {
                unacknowledged.remove(&done.tag);
                match done.settled {
                    Settlement::Acknowledged => acknowledged.push(done.tag),
                    Settlement::Released => released.push(done.tag),
                    Settlement::Nacked => nacked.push(done.tag),
                }
            }
            let key = done.key.as_deref().and_then(Envelope::key);
            if let Some(next) = key.and_then(|key| in_flight.queues.complete(key)) {
                self.begin(next, &in_flight.report);
            }
        }
        if !acknowledged.is_empty() {
            deliveries.acknowledge(acknowledged).await?;
        }
        if !released.is_empty() {
            self.metrics.released.add(released.len() as u64);
            deliveries.release(released).await?;
        }
        if !nacked.is_empty() {
            deliveries.nack(nacked).await?;
        }
        Ok(())
    }
}
