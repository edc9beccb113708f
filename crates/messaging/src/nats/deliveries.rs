use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{Message, Subject, jetstream};
use futures::future::{BoxFuture, try_join_all};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    broker::Inner,
    hold::{Held, Hold},
    link::lost,
    names::Names,
    pull::{Arrival, Pull},
    returns::Returns,
    turn::{Had, Turn},
    wire,
};
use crate::transport::{
    Deliveries, Delivery, DeliveryTag, Order, SubscriptionPlan, TransportError,
};

/// So long what all groups have acknowledged stays at most. A sweep is a few questions per topic and member.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
const DONE: &str = "+ACK";
const GIVEN_BACK: &str = "-NAK";
const STILL_WORKING: &str = "+WPI";

/// One member of a group.
pub(super) struct NatsDeliveries {
    session: Arc<Session>,
    arrivals: tokio::sync::Mutex<Arrivals>,
}

/// Messages that have arrived and are not passed on.
struct Arrivals {
    incoming: mpsc::UnboundedReceiver<Arrival>,
    /// Messages that are passed on when their delivery counts are known.
    unseen: Vec<Delivery>,
}

struct Session {
    broker: Arc<Inner>,
    plan: SubscriptionPlan,
    returns: Returns,
    turn: Option<Turn>,
    had: Mutex<Option<Had>>,
    hold: Mutex<Hold>,
    /// Messages are asked for from the first call of `next` on: an opened session that is dropped takes nothing.
    begun: AtomicBool,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Where tasks put what arrives; taken away when the session ends.
    to: Mutex<Option<mpsc::UnboundedSender<Arrival>>>,
}

impl NatsDeliveries {
    pub(super) fn new(broker: Arc<Inner>, plan: SubscriptionPlan) -> Self {
        let (to, arrivals) = mpsc::unbounded_channel();
        let turn = (plan.order == Order::Group).then(|| {
            Turn::new(
                broker.link.clone(),
                &broker.names,
                &plan.group,
                broker.config.lease.get(),
                Arc::clone(&broker.ended),
            )
        });
        Self {
            session: Arc::new(Session {
                broker,
                returns: Returns::new(plan.group.clone(), plan.topics.clone()),
                plan,
                turn,
                had: Mutex::default(),
                hold: Mutex::default(),
                begun: AtomicBool::new(false),
                stop: CancellationToken::new(),
                tasks: TaskTracker::new(),
                to: Mutex::new(Some(to)),
            }),
            arrivals: tokio::sync::Mutex::new(Arrivals {
                incoming: arrivals,
                unseen: Vec::new(),
            }),
        }
    }
}

impl Session {
    /// Begins to ask for messages.
    fn begin(self: &Arc<Self>) {
        if self.begun.swap(true, Ordering::SeqCst) {
            return;
        }
        let Some(to) = self.to.lock().clone() else {
            return;
        };
        let pulls = self.pulls(&to);
        let (session, ended) = (Arc::clone(self), to.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = session.stop.cancelled() => {}
                () = ended.closed() => {}
                () = session.sweep() => {}
            }
        });
        if self.turn.is_none() {
            for pull in pulls {
                self.tasks.spawn(pull.run());
            }
            return;
        }
        let session = Arc::clone(self);
        self.tasks.spawn(async move {
            let ended = session.in_turn(pulls, &to);
            let ended = tokio::select! {
                biased;
                () = to.closed() => return,
                ended = ended => ended,
            };
            if let Err(error) = ended {
                let _ = to.send(Arrival::Ended(error));
            }
        });
    }

    /// Cuts off what all groups have acknowledged, now and then.
    async fn sweep(&self) {
        let Inner { link, topology, .. } = &*self.broker;
        loop {
            time::sleep(SWEEP_EVERY).await;
            for topic in &self.plan.topics {
                if let Err(error) = topology.sweep(link, topic).await {
                    tracing::debug!(%topic, %error, "a stream is cut off later");
                }
            }
        }
    }

    fn pulls(&self, to: &mpsc::UnboundedSender<Arrival>) -> Vec<Pull> {
        let prefetch = usize::from(self.plan.prefetch.get());
        let room = Arc::new(Semaphore::new(prefetch));
        let share = (prefetch / self.plan.topics.len().max(1)).max(1);
        let topics = self.plan.topics.iter().enumerate();
        topics
            .map(|(place, topic)| Pull {
                link: self.broker.link.clone(),
                place,
                stream: self.broker.names.stream(topic),
                consumer: Names::consumer(&self.plan.group),
                room: Arc::clone(&room),
                share,
                stop: self.stop.clone(),
                to: to.clone(),
            })
            .collect()
    }

    /// Asks for messages while it is this member's turn.
    async fn in_turn(
        self: &Arc<Self>,
        pulls: Vec<Pull>,
        to: &mpsc::UnboundedSender<Arrival>,
    ) -> Result<(), TransportError> {
        let Some(turn) = &self.turn else {
            return Ok(());
        };
        let mut connection = self.broker.link.connection();
        let had = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ok(()),
            had = turn.take(&mut connection) => had?,
        };
        *self.had.lock() = Some(had);
        let session = Arc::clone(self);
        let to = to.clone();
        // It is kept beyond the stop, until the last message is settled: not one of the tasks for which a stop waits.
        tokio::spawn(async move {
            let Some(turn) = &session.turn else { return };
            let is_wanted = |had| {
                let mut mine = session.had.lock();
                mine.as_mut().map(|mine| *mine = had).is_some()
            };
            tokio::select! {
                () = to.closed() => {}
                kept = turn.keep(had, is_wanted) => if let Err(error) = kept {
                    let _ = to.send(Arrival::Ended(error));
                }
            }
        });
        futures::future::join_all(pulls.into_iter().map(Pull::run)).await;
        Ok(())
    }

    fn delivery(
        &self,
        place: usize,
        message: Message,
        permit: OwnedSemaphorePermit,
    ) -> Option<Delivery> {
        let topic = self.plan.topics.get(place)?.clone();
        let reply = message.reply.clone()?;
        let message = jetstream::Message {
            message,
            context: self.broker.context.clone(),
        };
        let (sequence, count) = match message.info() {
            Ok(info) => (info.stream_sequence, info.delivered),
            Err(_unknown) => return None,
        };
        let (envelope, problem) = wire::envelope(topic, message.message);
        let tag = self.hold.lock().add(Held {
            reply,
            place: (place, sequence),
            returned: (count <= 1).then_some(0),
            _permit: permit,
        });
        Some(Delivery {
            tag,
            envelope,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            problem,
        })
    }

    async fn tell(
        &self,
        replies: impl IntoIterator<Item = Subject>,
        word: &'static str,
    ) -> Result<(), TransportError> {
        for reply in replies {
            self.broker.link.tell(reply, word).await?;
        }
        Ok(())
    }

    /// Gives back what goes back when the session has been stopped and holds nothing any more, and lets the next member of an ordered group begin.
    async fn end_if_over(&self) -> Result<(), TransportError> {
        let returning = {
            let mut hold = self.hold.lock();
            if !self.stop.is_cancelled() || !hold.holds_nothing() {
                return Ok(());
            }
            hold.take_returning()
        };
        let had = self.had.lock().take();
        self.let_go(returning, Vec::new(), had).await
    }

    /// Returns these undelivered messages, in addition to those that the session holds when it
    /// ends.
    async fn let_go(
        &self,
        returning: Vec<Held>,
        dying: Vec<Held>,
        had: Option<Had>,
    ) -> Result<(), TransportError> {
        let recorded: Vec<&Held> = returning.iter().collect();
        self.returns.record(&self.broker, &recorded).await;
        let mut all: Vec<Held> = returning.into_iter().chain(dying).collect();
        all.sort_by_key(|held| held.place);
        let mut replies: Vec<Subject> = all.into_iter().map(|held| held.reply).collect();
        let last = replies.pop();
        self.tell(replies, GIVEN_BACK).await?;
        if let Some(last) = last {
            // The answer to the last says that all of them are in their places.
            let word = Value::String(GIVEN_BACK.to_owned());
            self.broker.link.request(last.to_string(), &word).await?;
        }
        if let (Some(turn), Some(had)) = (&self.turn, had) {
            turn.give_up(had).await?;
        }
        let flushed = self.broker.link.client.flush().await;
        flushed.map_err(TransportError::unavailable)
    }

    /// What has arrived and was not handed out goes back with the rest.
    fn keep_unseen(&self, arrivals: &mut Arrivals) {
        while let Ok(arrival) = arrivals.incoming.try_recv() {
            if let Arrival::Message(place, message, permit) = arrival {
                arrivals
                    .unseen
                    .extend(self.delivery(place, *message, permit));
            }
        }
        let unseen = std::mem::take(&mut arrivals.unseen);
        let tags: Vec<_> = unseen.iter().map(|delivery| delivery.tag).collect();
        let mut hold = self.hold.lock();
        let returned = hold.take(&tags);
        hold.give_back_later(returned);
    }

    /// Subtracts returns from the deliveries that the server has counted.
    async fn count(&self, unseen: &mut [Delivery]) -> Result<(), TransportError> {
        let again = unseen.iter_mut().filter(|delivery| delivery.count > 1);
        let counted = again.map(|delivery| async {
            let Some(place) = self.hold.lock().place(delivery.tag) else {
                return Ok(());
            };
            let returned = self.returns.read(&self.broker, place).await?;
            self.hold.lock().note_returned(delivery.tag, returned);
            let returned = u32::try_from(returned).unwrap_or(u32::MAX);
            delivery.count = delivery.count.saturating_sub(returned).max(1);
            Ok(())
        });
        try_join_all(counted).await.map(drop)
    }

    /// Ends what still asks and waits.
    fn end(&self) {
        self.stop.cancel();
        self.to.lock().take();
    }
}

impl Deliveries for NatsDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            self.session.broker.is_open()?;
            self.session.begin();
            let mut arrivals = self.arrivals.lock().await;
            let Arrivals { incoming, unseen } = &mut *arrivals;
            while unseen.is_empty() {
                let mut arrival = incoming.recv().await.ok_or_else(lost)?;
                loop {
                    match arrival {
                        Arrival::Message(place, message, permit) => {
                            unseen.extend(self.session.delivery(place, *message, permit));
                        }
                        Arrival::Ended(error) => return Err(error),
                    }
                    // What has come already is handed out with it.
                    match incoming.try_recv() {
                        Ok(more) => arrival = more,
                        Err(_none) => break,
                    }
                }
            }
            self.session.count(unseen).await?;
            Ok(std::mem::take(unseen))
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let session = &self.session;
            session.broker.is_open()?;
            let done = session.hold.lock().take(&tags);
            let replies: Vec<_> = done.iter().map(|held| held.reply.clone()).collect();
            session.tell(replies, DONE).await?;
            session.returns.forget(&session.broker, &done).await;
            session.end_if_over().await
        })
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let session = &self.session;
            session.broker.is_open()?;
            if session.stop.is_cancelled() {
                let mut hold = session.hold.lock();
                let returned = hold.take(&tags);
                hold.give_back_later(returned);
            } else {
                let returned = session.hold.lock().take(&tags);
                let recorded: Vec<&Held> = returned.iter().collect();
                session.returns.record(&session.broker, &recorded).await;
                let replies = returned.into_iter().map(|held| held.reply);
                session.tell(replies, GIVEN_BACK).await?;
            }
            session.end_if_over().await
        })
    }

    fn extend_interval(&self) -> Option<Duration> {
        Some(self.session.broker.config.lease.get() / 3)
    }

    fn extend(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let replies = self.session.hold.lock().replies(&tags);
            self.session.tell(replies, STILL_WORKING).await
        })
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            let session = &self.session;
            session.stop.cancel();
            session.tasks.close();
            session.tasks.wait().await;
            let mut arrivals = self.arrivals.lock().await;
            session.keep_unseen(&mut arrivals);
            session.end_if_over().await
        })
    }
}

impl Drop for NatsDeliveries {
    fn drop(&mut self) {
        self.session.end();
        self.session.keep_unseen(self.arrivals.get_mut());
        let (returning, held) = {
            let mut hold = self.session.hold.lock();
            (hold.take_returning(), hold.take_held())
        };
        let had = self.session.had.lock().take();
        if returning.is_empty() && held.is_empty() && had.is_none() {
            return;
        }
        if let (Some(turn), Some(_)) = (&self.session.turn, had) {
            turn.has_ended();
        }
        // The server would take them back after the lease; it is told where it can be.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let session = Arc::clone(&self.session);
            runtime.spawn(async move {
                let link = &session.broker.link;
                if link.is_up().is_err() {
                    // The client keeps these until there is a connection: before the next session asks for anything.
                    let mut unsettled: Vec<Held> = returning.into_iter().chain(held).collect();
                    unsettled.sort_by_key(|held| held.place);
                    for held in unsettled {
                        let _ = link.client.publish(held.reply, GIVEN_BACK.into()).await;
                    }
                } else if let Err(error) = session.let_go(returning, held, had).await {
                    tracing::debug!(%error, "messages come back after their lease");
                }
            });
        }
    }
}
