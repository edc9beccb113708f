use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
};

use futures::{channel::oneshot::Canceled, future::join_all};
use parking_lot::RwLock;
use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    producer::{FutureProducer, FutureRecord, future_producer::OwnedDeliveryResult},
};
use tokio_util::sync::CancellationToken;

use super::{
    client::{Clients, is_rejection, transport_error},
    connection::{BrokerConnection, Listener},
    names::Names,
    renewed::Renewed,
    topology::Topology,
    wire,
};
use crate::{
    Envelope, PublishError, Topic,
    transport::{TopicPlan, TransportError},
};

/// Publishes batches.
pub(super) struct Publications {
    names: Names,
    connection: BrokerConnection,
    producer: Renewed<FutureProducer<Listener>>,
    /// Topics that may have no subscriber.
    optional: RwLock<BTreeSet<Topic>>,
}

impl Publications {
    pub(super) fn new(
        connection: BrokerConnection,
        names: Names,
        clients: &Clients,
    ) -> Result<Self, TransportError> {
        let listening = connection.clone();
        let create = move |clients: &Clients| {
            clients
                .publishing()
                .create_with_context(listening.listener())
        };
        Ok(Self {
            producer: Renewed::new(clients, create).map_err(transport_error)?,
            names,
            connection,
            optional: RwLock::default(),
        })
    }

    /// Creates topics that may have no subscriber. The first group creates the others.
    pub(super) async fn declare(
        &self,
        topology: &Topology,
        topics: Vec<TopicPlan>,
    ) -> Result<(), TransportError> {
        let (optional, required): (Vec<_>, Vec<_>) =
            topics.into_iter().partition(|plan| plan.allows_unroutable);
        for plan in required {
            topology.exists(&plan.topic).await?;
        }
        let optional: Vec<_> = optional.into_iter().map(|plan| plan.topic).collect();
        topology.create(&optional).await?;
        self.optional.write().extend(optional);
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
        // All messages are sent before the first confirmation is awaited.
        let sent: Vec<_> = batch
            .iter()
            .map(|envelope| {
                match found.get(envelope.topic()) {
                    Some(Ok(true)) => {}
                    Some(Err(error)) => return Err(copy(error)),
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
        let mut results = Vec::with_capacity(batch.len());
        for (answer, envelope) in answers.into_iter().zip(batch) {
            let mut answer = answer.and_then(outcome);
            if matches!(&answer, Ok(Err(error)) if is_too_large(error)) {
                // The cluster rejects a request whose messages are too large together. A message
                // that is too large alone is rejected again.
                answer = match self.send(envelope) {
                    Ok(sent) => outcome(sent.await),
                    Err(error) => Err(error),
                };
            }
            results.push(answer.and_then(|stored| {
                stored.map_err(|error| publish_error(topology, envelope.topic(), &error))
            }));
        }
        results
    }

    /// Whether the topic exists. Creates it if it may have no subscriber.
    async fn is_usable(&self, topology: &Topology, topic: &Topic) -> Result<bool, PublishError> {
        if !self.connection.is_up() {
            return Err(PublishError::unavailable("no broker can be reached"));
        }
        if topology.exists(topic).await? {
            return Ok(true);
        }
        let is_own = topic.is_dead_letters() || self.optional.read().contains(topic);
        if is_own {
            topology.create(std::slice::from_ref(topic)).await?;
        }
        Ok(is_own)
    }

    fn send(&self, envelope: &Envelope) -> Result<impl Delivering + use<>, PublishError> {
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

    /// Publishes a tombstone of a key.
    pub(super) fn send_removal(
        &self,
        topic: &str,
        key: &[u8],
    ) -> Result<impl Delivering + use<>, PublishError> {
        self.enqueue(FutureRecord::<[u8], [u8]>::to(topic).key(key))
    }

    fn enqueue(
        &self,
        record: FutureRecord<'_, [u8], [u8]>,
    ) -> Result<impl Delivering + use<>, PublishError> {
        let producer = self.producer.get().map_err(PublishError::unavailable)?;
        let producer = producer.ok_or(PublishError::Closed)?;
        match producer.send_result(record) {
            Ok(sent) => Ok(async move {
                let delivery = sent.await;
                // A client that was replaced ends after its last delivery.
                drop(producer);
                delivery
            }),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::Fatal), _)) => {
                // The client does not know which messages were stored, and stops. A new client
                // replaces it.
                let replaced = self.producer.replace(&producer);
                replaced.map_err(PublishError::unavailable)?;
                Err(PublishError::unavailable(
                    "the publishing client was replaced",
                ))
            }
            Err((error, _)) => Err(production_error(&error)),
        }
    }

    /// Stops publishing. Returns a token that is cancelled when the client has ended.
    pub(super) fn close(&self) -> Option<CancellationToken> {
        self.producer.close()
    }
}

/// A message on its way to the cluster.
pub(super) trait Delivering:
    Future<Output = Result<OwnedDeliveryResult, Canceled>> + Send
{
}

impl<F: Future<Output = Result<OwnedDeliveryResult, Canceled>> + Send> Delivering for F {}

/// Returns the result of a delivery, or an error if the client was closed.
fn outcome(
    delivery: Result<OwnedDeliveryResult, Canceled>,
) -> Result<Result<(), KafkaError>, PublishError> {
    let delivery = delivery.map_err(|_canceled| PublishError::Closed)?;
    Ok(delivery.map(drop).map_err(|(error, _)| error))
}

fn is_too_large(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge)
}

fn copy(error: &PublishError) -> PublishError {
    let cause = std::error::Error::source(error);
    let text = cause.map_or_else(|| error.to_string(), ToString::to_string);
    match error {
        PublishError::Unavailable(_) => PublishError::unavailable(text),
        PublishError::Closed => PublishError::Closed,
        _ => PublishError::permanent(text),
    }
}

pub(super) fn publish_error(
    topology: &Topology,
    topic: &Topic,
    error: &KafkaError,
) -> PublishError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            topology.remove_from_cache(topic);
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
        Some(code) if is_rejection(code) => PublishError::permanent(error.to_string()),
        _ => PublishError::unavailable(error.to_string()),
    }
}
