use std::{collections::HashMap, time::Duration};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, mpsc},
    time,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tonic::Streaming;

use super::{
    api::{
        Api, EventStatus, Stream, SubscribeRequest, SubscribeResponse, TopicEvent, transport_error,
    },
    wire,
};
use crate::{
    Topic,
    transport::{Deliveries, Delivery, DeliveryTag, SubscriptionPlan, TransportError},
};

/// The time within which Dapr processes the last result. It does not confirm results.
const LINGER: Duration = Duration::from_millis(100);
/// Maximum wait for the end of a subscription. Dapr ends it half a second after the last result.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// An event and the index of its topic.
type Arrived = Result<(usize, TopicEvent), TransportError>;

/// The deliveries to one member: a stream for each topic.
pub(super) struct DaprDeliveries {
    topics: Vec<Topic>,
    prefetch: usize,
    events: tokio::sync::Mutex<mpsc::Receiver<Arrived>>,
    /// The results for each topic.
    results: Vec<mpsc::UnboundedSender<SubscribeRequest>>,
    held: Mutex<Held>,
    room: Notify,
    _ended: DropGuard,
}

/// The deliveries that are not settled: their topics and the IDs of their events.
#[derive(Debug, Default)]
struct Held {
    events: HashMap<DeliveryTag, (usize, String)>,
    last: u64,
}

impl DaprDeliveries {
    /// Subscribes to the topics. Its tasks end after the session and are in `tasks`.
    pub(super) async fn open(
        api: &Api,
        component: &str,
        plan: SubscriptionPlan,
        tasks: &TaskTracker,
    ) -> Result<Self, TransportError> {
        let ended = CancellationToken::new();
        // Ends the tasks of the first topics if a later one is rejected.
        let guard = ended.clone().drop_guard();
        // Dapr waits for results, so the events that wait here are few.
        let (sender, events) = mpsc::channel(1);
        let mut results = Vec::with_capacity(plan.topics.len());
        for (index, topic) in plan.topics.iter().enumerate() {
            let stream = api.subscribe(component, topic.as_str()).await?;
            results.push(stream.0.clone());
            tasks.spawn(read(index, stream, sender.clone(), ended.clone()));
        }
        Ok(Self {
            topics: plan.topics,
            prefetch: plan.prefetch.get().into(),
            events: tokio::sync::Mutex::new(events),
            results,
            held: Mutex::default(),
            room: Notify::new(),
            _ended: guard,
        })
    }

    fn hold(&self, index: usize, event: TopicEvent) -> Option<Delivery> {
        let topic = self.topics.get(index)?.clone();
        let mut held = self.held.lock();
        held.last += 1;
        let tag = DeliveryTag(held.last);
        held.events.insert(tag, (index, event.id.clone()));
        let (envelope, problem) = wire::envelope(topic, event);
        Some(Delivery {
            tag,
            envelope,
            count: 1,
            problem,
            position: None,
        })
    }

    fn settle(&self, tags: &[DeliveryTag], status: EventStatus) -> Result<(), TransportError> {
        let mut held = self.held.lock();
        for (index, id) in tags.iter().filter_map(|tag| held.events.remove(tag)) {
            let sent = self
                .results
                .get(index)
                .map(|results| results.send(SubscribeRequest::processed(id, status)));
            if !matches!(sent, Some(Ok(()))) {
                return Err(connection_lost_error());
            }
        }
        self.room.notify_one();
        Ok(())
    }
}

/// Passes the events of a stream on until the session ends. Then Dapr gets the last results before
/// the end of the stream, which returns all other events to the broker.
async fn read(
    index: usize,
    (results, mut stream): Stream,
    events: mpsc::Sender<Arrived>,
    ended: CancellationToken,
) {
    let pass_on = async {
        loop {
            let event = match next(&mut stream).await {
                Ok(Some(event)) => Ok((index, event)),
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            let is_last = event.is_err();
            if events.send(event).await.is_err() || is_last {
                return is_last;
            }
        }
    };
    let is_lost = tokio::select! {
        is_lost = pass_on => is_lost,
        () = ended.cancelled() => false,
    };
    if is_lost {
        return;
    }
    time::sleep(LINGER).await;
    drop(results);
    let end = async { while let Ok(Some(_)) = stream.message().await {} };
    // Dapr notices the end of the connection as well.
    let _ = time::timeout(END_TIMEOUT, end).await;
}

async fn next(
    stream: &mut Streaming<SubscribeResponse>,
) -> Result<Option<TopicEvent>, TransportError> {
    match stream.message().await {
        Ok(Some(response)) => Ok(response.event),
        Ok(None) => Err(connection_lost_error()),
        Err(status) => Err(transport_error(&status)),
    }
}

fn connection_lost_error() -> TransportError {
    TransportError::unavailable("Dapr has ended the subscription")
}

impl Deliveries for DaprDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            let mut events = self.events.lock().await;
            while self.held.lock().events.len() >= self.prefetch {
                self.room.notified().await;
            }
            let (index, event) = events.recv().await.ok_or_else(connection_lost_error)??;
            Ok(self.hold(index, event).into_iter().collect())
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.settle(&tags, EventStatus::Success) })
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move { self.settle(&tags, EventStatus::Retry) })
    }

    /// The session does not send a result for the events that wait, so Dapr returns them when the
    /// session ends.
    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
