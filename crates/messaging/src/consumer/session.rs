mod in_flight;

use std::{collections::HashSet, sync::Arc, time::Duration};

use seaworthy_telemetry::metrics::GaugeGuard;
use tokio::{
    sync::mpsc,
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

pub(super) use in_flight::InFlight;
use in_flight::{EndedJobs, JobEnd, JobEndReport, OpenSession};

use super::{
    Consumer,
    new_topic::{MaxReturning, NewTopic},
};
use crate::{
    Envelope,
    transport::{Deliveries, Delivery, DeliveryTag, Order, Position, TransportError},
};

/// The interval of the timer for an engine whose deliveries do not expire.
const NO_EXTENSION: Duration = Duration::from_secs(60 * 60);
/// The maximum number of deliveries that are settled together. It exceeds the default prefetch.
const MAX_SETTLED_AT_ONCE: usize = 256;

/// The action of the session for a delivery whose handler has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settlement {
    /// Handled, dead-lettered or dropped.
    Acknowledged,
    /// Redelivered later, because the session ends.
    Released,
    /// Redelivered, also to another member, because only newer members know its topic.
    Postponed,
    /// Redelivered later, because its dead letter cannot be stored.
    Nacked,
}

/// An open session, for the tasks of its handlers.
#[derive(Debug, Clone)]
pub(super) struct Session {
    number: u64,
    /// Cancelled by a stop, a pause or a newer connection. Messages without a running handler are
    /// released.
    pub(super) halt: CancellationToken,
    /// Cancelled after the connection is lost. Deliveries cannot be settled.
    pub(super) lost: CancellationToken,
    /// `None` if messages of unknown topics do not return to the group.
    pub(super) returning: Option<MaxReturning>,
}

/// A delivered message.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) session: Session,
    pub(super) tag: DeliveryTag,
    pub(super) envelope: Arc<Envelope>,
    pub(super) count: u32,
    pub(super) problem: Option<String>,
    pub(super) position: Option<Position>,
    /// `None` if the message does not have a new topic.
    pub(super) new_topic: Option<NewTopic>,
    _unacknowledged: GaugeGuard,
}

impl Job {
    /// Whether it begins after the previous message of its key. A message that is dead-lettered
    /// does not, because it would hold a slot of the prefetch while others of its key wait to
    /// return.
    fn waits_for_key(&self) -> bool {
        !matches!(self.new_topic, Some(NewTopic::Surplus))
    }
}

impl Consumer {
    /// Receives, starts and settles the messages of one session, and settles those of superseded
    /// ones. Returns `Ok` after a stop or a pause, or if a newer connection replaces the session.
    ///
    /// # Errors
    /// The connection was lost. The broker redelivers unsettled messages.
    pub(super) async fn session(
        self: &Arc<Self>,
        deliveries: Arc<dyn Deliveries>,
        in_flight: &mut InFlight,
    ) -> Result<(), TransportError> {
        in_flight.sessions += 1;
        let returns_new_topics = deliveries.returns_new_topics();
        let mut open = OpenSession {
            deliveries: Arc::clone(&deliveries),
            session: Session {
                number: in_flight.sessions,
                halt: CancellationToken::new(),
                lost: CancellationToken::new(),
                returning: returns_new_topics.then(|| MaxReturning::new(self.plan.prefetch)),
            },
            unacknowledged: HashSet::new(),
            ended: EndedJobs::default(),
        };
        let mut extend = time::interval(deliveries.extend_interval().unwrap_or(NO_EXTENSION));
        extend.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut settled = Vec::with_capacity(MAX_SETTLED_AT_ONCE);
        let mut superseded = deliveries.superseded();
        let mut halted = false;
        let outcome = loop {
            if halted && open.unacknowledged.is_empty() && in_flight.draining.is_empty() {
                break Ok(());
            }
            tokio::select! {
                biased;
                () = self.abort.cancelled(), if halted => break Ok(()),
                () = self.stop.cancelled(), if !halted => halted = true,
                () = self.state.paused(), if !halted => halted = true,
                () = &mut superseded, if !halted => match self.plan.order {
                    Order::Member => match deliveries.drain().await {
                        Ok(None) => halted = true,
                        Ok(Some(batch)) => {
                            self.receive_all(&mut open, batch, in_flight);
                            // Only ended handlers end a draining session.
                            if !open.unacknowledged.is_empty() {
                                in_flight.draining.push(open);
                            }
                            return Ok(());
                        }
                        Err(error) => break Err(error),
                    },
                    // The next session could get a message of a key whose handler still runs.
                    Order::Group => halted = true,
                },
                _ = in_flight.ends.recv_many(&mut settled, MAX_SETTLED_AT_ONCE) => {
                    let ended = std::mem::take(&mut settled);
                    if let Err(error) = self.settle(ended, Some(&mut open), in_flight).await {
                        break Err(error);
                    }
                    continue;
                }
                next = deliveries.next(), if !halted => match next {
                    Ok(batch) => {
                        self.receive_all(&mut open, batch, in_flight);
                        continue;
                    }
                    Err(error) => break Err(error),
                },
                _ = extend.tick() => {
                    self.extend_draining(in_flight).await;
                    if let Err(error) = open.extend().await {
                        break Err(error);
                    }
                    continue;
                }
            }
            // Reached once, when `halted` becomes true.
            open.session.halt.cancel();
            if let Err(error) = deliveries.stop().await {
                break Err(error);
            }
            self.halt_draining(in_flight).await;
            if let Err(error) = self.halt(&mut open, in_flight).await {
                break Err(error);
            }
        };
        open.session.halt.cancel();
        open.session.lost.cancel();
        if outcome.is_err() {
            in_flight.drop_waiting(open.session.number);
        }
        outcome
    }

    /// Settles the messages of superseded sessions while no session is open.
    pub(super) async fn finish_draining(self: &Arc<Self>, in_flight: &mut InFlight) {
        self.halt_draining(in_flight).await;
        let mut settled = Vec::new();
        while !in_flight.draining.is_empty() {
            tokio::select! {
                biased;
                () = self.abort.cancelled() => return,
                _ = in_flight.ends.recv_many(&mut settled, MAX_SETTLED_AT_ONCE) => {
                    // Without an open session, errors only end the superseded ones.
                    let _ = self.settle(std::mem::take(&mut settled), None, in_flight).await;
                }
            }
        }
    }

    async fn halt_draining(&self, in_flight: &mut InFlight) {
        for mut draining in std::mem::take(&mut in_flight.draining) {
            match self.halt(&mut draining, in_flight).await {
                Ok(()) if draining.unacknowledged.is_empty() => {}
                Ok(()) => in_flight.draining.push(draining),
                Err(error) => in_flight.lose(&draining, &error),
            }
        }
    }

    async fn extend_draining(&self, in_flight: &mut InFlight) {
        for draining in std::mem::take(&mut in_flight.draining) {
            match draining.extend().await {
                Ok(()) => in_flight.draining.push(draining),
                Err(error) => in_flight.lose(&draining, &error),
            }
        }
    }

    /// Releases the jobs of a session that wait for their key.
    async fn halt(
        &self,
        open: &mut OpenSession,
        in_flight: &mut InFlight,
    ) -> Result<(), TransportError> {
        open.session.halt.cancel();
        let number = open.session.number;
        let waiting = in_flight
            .queues
            .drain_waiting(|job| job.session.number == number);
        let tags: Vec<_> = waiting.iter().map(|job| job.tag).collect();
        for tag in &tags {
            open.unacknowledged.remove(tag);
        }
        self.metrics.released.add(tags.len() as u64);
        if tags.is_empty() {
            return Ok(());
        }
        open.deliveries.release(tags).await
    }

    fn receive_all(
        self: &Arc<Self>,
        open: &mut OpenSession,
        batch: Vec<Delivery>,
        in_flight: &mut InFlight,
    ) {
        for delivery in batch {
            open.unacknowledged.insert(delivery.tag);
            self.receive(&open.session, delivery, in_flight);
        }
    }

    fn receive(self: &Arc<Self>, session: &Session, delivery: Delivery, in_flight: &mut InFlight) {
        let new_topic = self.new_topic(session, &delivery.envelope);
        let job = Job {
            session: session.clone(),
            tag: delivery.tag,
            envelope: Arc::new(delivery.envelope),
            count: delivery.count,
            problem: delivery.problem,
            position: delivery.position,
            new_topic,
            _unacknowledged: self.metrics.unacknowledged.guard(),
        };
        let envelope = Arc::clone(&job.envelope);
        let begins = match envelope.key().filter(|_| job.waits_for_key()) {
            Some(key) => in_flight.queues.push(key, job),
            None => Some(job),
        };
        if let Some(job) = begins {
            self.begin(job, &in_flight.report);
        }
    }

    fn begin(self: &Arc<Self>, job: Job, report: &mpsc::UnboundedSender<JobEnd>) {
        let key = job.envelope.key().filter(|_| job.waits_for_key());
        let mut report = JobEndReport {
            end: Some(JobEnd {
                session: job.session.number,
                tag: job.tag,
                key: key.map(|_| Arc::clone(&job.envelope)),
                settled: Settlement::Released,
            }),
            to: report.clone(),
        };
        let consumer = Arc::clone(self);
        self.tasks.spawn(Arc::clone(&self.name), async move {
            let settled = consumer.handle(&job).await;
            // The message may be delivered again as soon as it is settled, and then needs the
            // permit.
            drop(job);
            if let Some(end) = &mut report.end {
                end.settled = settled;
            }
        });
    }

    /// Settles ended jobs and starts the next job of each key. Returns errors of the open session.
    async fn settle(
        self: &Arc<Self>,
        ended: Vec<JobEnd>,
        mut open: Option<&mut OpenSession>,
        in_flight: &mut InFlight,
    ) -> Result<(), TransportError> {
        for end in ended {
            let of_open = open.as_deref_mut().into_iter();
            let mut sessions = of_open.chain(&mut in_flight.draining);
            if let Some(session) = sessions.find(|open| open.session.number == end.session) {
                session.record(&end);
            }
            let key = end.key.as_deref().and_then(Envelope::key);
            if let Some(next) = key.and_then(|key| in_flight.queues.complete(key)) {
                self.begin(next, &in_flight.report);
            }
        }
        for mut draining in std::mem::take(&mut in_flight.draining) {
            match self.apply(&mut draining).await {
                Ok(()) if draining.unacknowledged.is_empty() => {}
                Ok(()) => in_flight.draining.push(draining),
                Err(error) => in_flight.lose(&draining, &error),
            }
        }
        match open {
            Some(open) => self.apply(open).await,
            None => Ok(()),
        }
    }

    /// Settles the deliveries of a session whose handlers have ended.
    async fn apply(&self, open: &mut OpenSession) -> Result<(), TransportError> {
        let EndedJobs {
            acknowledged,
            released,
            postponed,
            nacked,
        } = std::mem::take(&mut open.ended);
        if !acknowledged.is_empty() {
            open.deliveries.acknowledge(acknowledged).await?;
        }
        if !released.is_empty() {
            self.metrics.released.add(released.len() as u64);
            open.deliveries.release(released).await?;
        }
        if !postponed.is_empty() {
            self.metrics.released.add(postponed.len() as u64);
            open.deliveries.postpone(postponed).await?;
        }
        if !nacked.is_empty() {
            open.deliveries.nack(nacked).await?;
        }
        Ok(())
    }
}
