use std::collections::{BTreeSet, HashMap};

use futures::{channel::oneshot::Canceled, future::join_all};
use parking_lot::{Mutex, RwLock};
use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    producer::{
        DeliveryFuture, FutureProducer, FutureRecord, future_producer::OwnedDeliveryResult,
    },
};
use tokio_util::sync::CancellationToken;

use super::{
    client::{Clients, failed, is_refusal},
    detached::Detached,
    link::{Link, Listener},
    names::Names,
    topology::Topology,
    wire,
};
use crate::{
    Envelope, PublishError, Topic,
    transport::{TopicPlan, TransportError},
};

/// Publishes batches, each in its order.
pub(super) struct Publications {
    names: Names,
    clients: Clients,
    link: Link,
    /// None after the close.
    producer: Mutex<Option<Detached<FutureProducer<Listener>>>>,
    unheard: RwLock<BTreeSet<Topic>>,
}

impl Publications {
    pub(super) fn new(link: Link, names: Names, clients: Clients) -> Result<Self, TransportError> {
        let producer = clients.publishing().create_with_context(link.listener());
        Ok(Self {
            producer: Mutex::new(Some(Detached::new(producer.map_err(failed)?))),
            names,
            clients,
            link,
            unheard: RwLock::default(),
        })
    }

    /// Those that may have no subscriber are made; the others are made by their first group.
    pub(super) async fn declare(
        &self,
        topology: &Topology,
        topics: Vec<TopicPlan>,
    ) -> Result<(), TransportError> {
        let (unheard, heard): (Vec<_>, Vec<_>) = topics
            .into_iter()
            .partition(|plan| plan.allows_unroutable);
        for plan in heard {
            topology.is_there(&plan.topic).await?;
        }
        let unheard: Vec<_> = unheard.into_iter().map(|plan| plan.topic).collect();
        topology.make(&unheard).await?;
        self.unheard.write().extend(unheard);
        Ok(())
    }

    pub(super) async fn publish(
        &self,
        topology: &Topology,
        batch: &[Envelope],
    ) -> Vec<Result<(), PublishError>> {
        let mut found = HashMap::new();
        for envelope in batch {
            let topic = envelope.topic();
            if !found.contains_key(topic) {
                found.insert(topic, self.is_usable(topology, topic).await);
            }
        }
        // All are on their way before the first confirmation is waited for.
        let sent: Vec<_> = batch
            .iter()
            .map(|envelope| {
                match found.get(envelope.topic()) {
                    Some(Ok(true)) => {}
                    Some(Err(error)) => return Err(again(error)),
                    Some(Ok(false)) | None => {
                        return Err(PublishError::Unroutable {
                            topic: envelope.topic().clone(),
                        });
                    }
                }
                self.send(envelope)
            })
            .collect();
        let answers = sent.into_iter().map(|sent| async { Ok(sent?.await) });
        let answers: Vec<Result<_, PublishError>> = join_all(answers).await;
        let mut told = Vec::with_capacity(batch.len());
        for (answer, envelope) in answers.into_iter().zip(batch) {
            let mut answer = answer.and_then(outcome);
            if matches!(&answer, Ok(Err(error)) if is_too_large(error)) {
                // Messages travel together, and the cluster refuses all of them when they are too large together. What is too large alone is refused once more.
                answer = match self.send(envelope) {
                    Ok(sent) => outcome(sent.await),
                    Err(error) => Err(error),
                };
            }
            told.push(answer.and_then(|stored| {
                stored.map_err(|error| told_error(topology, envelope.topic(), &error))
            }));
        }
        told
    }

    /// Whether the topic is there, made now where it is this side's.
    async fn is_usable(&self, topology: &Topology, topic: &Topic) -> Result<bool, PublishError> {
        if !self.link.is_up() {
            return Err(PublishError::unavailable("no broker can be reached"));
        }
        if topology.is_there(topic).await? {
            return Ok(true);
        }
        let is_own = topic.is_dead_letters() || self.unheard.read().contains(topic);
        if is_own {
            topology.make(std::slice::from_ref(topic)).await?;
        }
        Ok(is_own)
    }

    fn send(&self, envelope: &Envelope) -> Result<DeliveryFuture, PublishError> {
        let name = self.names.topic(envelope.topic());
        let key = wire::key(envelope);
        let mut record = FutureRecord::to(&name)
            .payload(&envelope.payload()[..])
            .headers(wire::headers(envelope));
        if let Some(key) = &key {
            record = record.key(&key[..]);
        }
        self.enqueue(record)
    }

    /// Says that what had this key is no more.
    pub(super) fn send_removal(
        &self,
        topic: &str,
        key: &[u8],
    ) -> Result<DeliveryFuture, PublishError> {
        self.enqueue(FutureRecord::<[u8], [u8]>::to(topic).key(key))
    }

    fn enqueue(
        &self,
        record: FutureRecord<'_, [u8], [u8]>,
    ) -> Result<DeliveryFuture, PublishError> {
        let mut producer = self.producer.lock();
        let sent = producer.as_ref().ok_or(PublishError::Closed)?;
        match sent.send_result(record) {
            Ok(sent) => Ok(sent),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::Fatal), _)) => {
                // The client cannot tell any more what was stored, and never publishes again: a new one can.
                let new = self.clients.publishing();
                let new = new.create_with_context(self.link.listener());
                *producer = Some(Detached::new(new.map_err(PublishError::unavailable)?));
                Err(PublishError::unavailable(
                    "the publishing client had to be made again",
                ))
            }
            Err((error, _)) => Err(production_error(&error)),
        }
    }

    /// Publishes nothing any more. Returns what tells when the client has ended.
    pub(super) fn close(&self) -> Option<CancellationToken> {
        let producer = self.producer.lock().take();
        producer.map(|producer| producer.ended())
    }
}

/// Whether it was stored; an error of its own where nobody will ever say.
fn outcome(
    told: Result<OwnedDeliveryResult, Canceled>,
) -> Result<Result<(), KafkaError>, PublishError> {
    let told = told.map_err(|_canceled| PublishError::Closed)?;
    Ok(told.map(drop).map_err(|(error, _)| error))
}

fn is_too_large(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge)
}

fn again(error: &PublishError) -> PublishError {
    let cause = std::error::Error::source(error);
    let text = cause.map_or_else(|| error.to_string(), ToString::to_string);
    match error {
        PublishError::Unavailable(_) => PublishError::unavailable(text),
        PublishError::Closed => PublishError::Closed,
        _ => PublishError::permanent(text),
    }
}

pub(super) fn told_error(topology: &Topology, topic: &Topic, error: &KafkaError) -> PublishError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            topology.forget(topic);
            PublishError::Unroutable {
                topic: topic.clone(),
            }
        }
        _ => production_error(error),
    }
}

fn production_error(error: &KafkaError) -> PublishError {
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::InvalidMessageSize
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::MessageBatchTooLarge,
        ) => PublishError::permanent(error.to_string()),
        Some(code) if is_refusal(code) => PublishError::permanent(error.to_string()),
        _ => PublishError::unavailable(error.to_string()),
    }
}
