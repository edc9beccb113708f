use std::{collections::HashSet, sync::Arc, time::Duration};

use seaworthy_telemetry::metrics::GaugeGuard;
use tokio::{
    sync::mpsc,
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{Consumer, lanes::Lanes};
use crate::{
    Envelope,
    transport::{Deliveries, Delivery, DeliveryTag, TransportError},
};

/// Where nothing has to be extended, the clock for it need not run.
const NEVER: Duration = Duration::from_secs(60 * 60);
/// Messages that end together are settled together; more at once than are ever in hand by default.
const MOST_SETTLED_AT_ONCE: usize = 256;

/// Why a session ended.
pub(super) enum End {
    /// A stop or a pause: everything was settled.
    Halted,
    /// The connection was lost: the broker delivers again what was not settled.
    Lost(TransportError),
}

/// How a message left the hands of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// Done, dead or not wanted.
    Acknowledged,
    /// To be delivered again.
    Released,
    /// To be delivered again, because its dead letter cannot be stored.
    Nacked,
}

/// One open session, as the tasks that handle its messages see it.
#[derive(Debug, Clone)]
pub(super) struct Session {
    number: u64,
    /// The stop or a pause has come: what is not being handled goes back.
    pub(super) halt: CancellationToken,
    /// The connection is lost: settling is in vain.
    pub(super) lost: CancellationToken,
}

/// A message in hand.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) session: Session,
    pub(super) tag: DeliveryTag,
    pub(super) envelope: Arc<Envelope>,
    pub(super) count: u32,
    pub(super) problem: Option<String>,
    _unacknowledged: GaugeGuard,
}

/// A message that left the hands of its task. Sent when the task ends, however it ends.
#[derive(Debug)]
struct Done {
    session: u64,
    tag: DeliveryTag,
    key: Option<Arc<Envelope>>,
    settled: Settled,
}

struct Report {
    done: Option<Done>,
    to: mpsc::UnboundedSender<Done>,
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            // Nobody listens only when the consumer itself is gone.
            let _ = self.to.send(done);
        }
    }
}

/// What a consumer holds over all its sessions: a handler that outlives its session still occupies the lane of its key.
pub(super) struct Hands {
    lanes: Lanes<Job>,
    done: mpsc::UnboundedReceiver<Done>,
    report: mpsc::UnboundedSender<Done>,
    sessions: u64,
}

impl Hands {
    pub(super) fn new() -> Self {
        let (report, done) = mpsc::unbounded_channel();
        Self {
            lanes: Lanes::new(),
            done,
            report,
            sessions: 0,
        }
    }
}

impl Consumer {
    /// Takes and settles the messages of one session.
    pub(super) async fn session(
        self: &Arc<Self>,
        deliveries: Arc<dyn Deliveries>,
        hands: &mut Hands,
    ) -> End {
        hands.sessions += 1;
        let session = Session {
            number: hands.sessions,
            halt: CancellationToken::new(),
            lost: CancellationToken::new(),
        };
        let mut unacknowledged = HashSet::new();
        let mut extend = time::interval(deliveries.extend_interval().unwrap_or(NEVER));
        extend.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut settled = Vec::with_capacity(MOST_SETTLED_AT_ONCE);
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
                _ = hands.done.recv_many(&mut settled, MOST_SETTLED_AT_ONCE) => {
                    let ended = std::mem::take(&mut settled);
                    if let Err(error) = self.settle(&deliveries, ended, &session, &mut unacknowledged, hands).await {
                        break Err(error);
                    }
                    continue;
                }
                next = deliveries.next(), if !halted => match next {
                    Ok(batch) => {
                        for delivery in batch {
                            unacknowledged.insert(delivery.tag);
                            self.take(&session, delivery, hands);
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
            // Only a stop or a pause leads here, once.
            session.halt.cancel();
            if let Err(error) = self.halt(&deliveries, &session, &mut unacknowledged, hands).await {
                break Err(error);
            }
        };
        session.halt.cancel();
        session.lost.cancel();
        match outcome {
            Ok(()) => End::Halted,
            Err(error) => {
                drop(
                    hands
                        .lanes
                        .take_waiting(|job| job.session.number == session.number),
                );
                End::Lost(error)
            }
        }
    }

    /// Takes nothing more, and gives back what waits for its turn.
    async fn halt(
        &self,
        deliveries: &Arc<dyn Deliveries>,
        session: &Session,
        unacknowledged: &mut HashSet<DeliveryTag>,
        hands: &mut Hands,
    ) -> Result<(), TransportError> {
        deliveries.stop().await?;
        let waiting = hands
            .lanes
            .take_waiting(|job| job.session.number == session.number);
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

    fn take(self: &Arc<Self>, session: &Session, delivery: Delivery, hands: &mut Hands) {
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
            Some(key) => hands.lanes.enter(key, job),
            None => Some(job),
        };
        if let Some(job) = begins {
            self.begin(job, &hands.report);
        }
    }

    fn begin(self: &Arc<Self>, job: Job, report: &mpsc::UnboundedSender<Done>) {
        let mut report = Report {
            done: Some(Done {
                session: job.session.number,
                tag: job.tag,
                key: job.envelope.key().map(|_| Arc::clone(&job.envelope)),
                settled: Settled::Released,
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

    /// Settles what has ended, and lets the next of each lane begin.
    async fn settle(
        self: &Arc<Self>,
        deliveries: &Arc<dyn Deliveries>,
        ended: Vec<Done>,
        session: &Session,
        unacknowledged: &mut HashSet<DeliveryTag>,
        hands: &mut Hands,
    ) -> Result<(), TransportError> {
        let mut acknowledged = Vec::with_capacity(ended.len());
        let (mut given_back, mut nacked) = (Vec::new(), Vec::new());
        for done in ended {
            if done.session == session.number {
                unacknowledged.remove(&done.tag);
                match done.settled {
                    Settled::Acknowledged => acknowledged.push(done.tag),
                    Settled::Released => given_back.push(done.tag),
                    Settled::Nacked => nacked.push(done.tag),
                }
            }
            let key = done.key.as_deref().and_then(Envelope::key);
            if let Some(next) = key.and_then(|key| hands.lanes.leave(key)) {
                self.begin(next, &hands.report);
            }
        }
        if !acknowledged.is_empty() {
            deliveries.acknowledge(acknowledged).await?;
        }
        if !given_back.is_empty() {
            self.metrics.released.add(given_back.len() as u64);
            deliveries.release(given_back).await?;
        }
        if !nacked.is_empty() {
            deliveries.nack(nacked).await?;
        }
        Ok(())
    }
}
