use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use async_nats::{
    error::Error as NatsError,
    jetstream::{
        self, Context,
        context::{PublishAckFuture, PublishError as NatsPublishError, PublishErrorKind},
        message::PublishMessage,
    },
};
use futures::future::join_all;
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use super::{connection::BrokerConnection, names::Names, topology::Topology, wire};
use crate::{
    DeadLetterId, Envelope, GroupName, PublishError, Topic,
    transport::{TopicPlan, TransportError},
};

/// How long a positive check for groups is cached. Groups are rarely deleted.
const GROUP_CACHE_TTL: Duration = Duration::from_secs(5);

/// Publishes batches.
pub(super) struct Publications {
    names: Names,
    /// Topics that may have no subscriber.
    optional: RwLock<BTreeSet<Topic>>,
    /// Topics with groups, and until when this is cached.
    subscribed: Mutex<HashMap<(Topic, Option<GroupName>), Instant>>,
}

impl Publications {
    pub(super) fn new(names: Names) -> Self {
        Self {
            names,
            optional: RwLock::default(),
            subscribed: Mutex::default(),
        }
    }

    pub(super) fn declare(&self, topics: Vec<TopicPlan>) {
        let optional = topics.into_iter().filter(|plan| plan.allows_unroutable);
        self.optional
            .write()
            .extend(optional.map(|plan| plan.topic));
    }

    pub(super) async fn publish(
        &self,
        (connection, context): (&BrokerConnection, &Context),
        topology: &Topology,
        batch: &[Envelope],
    ) -> Vec<Result<(), PublishError>> {
        let mut loss = connection.watch_loss();
        // All messages are sent before the first acknowledgement is awaited.
        let mut sent = Vec::with_capacity(batch.len());
        for envelope in batch {
            sent.push(self.send((connection, context), topology, envelope).await);
        }
        let answers = sent.into_iter().zip(batch).map(|(sent, envelope)| async {
            let Some(sent) = sent? else { return Ok(()) };
            match sent.await {
                Ok(_stored) => Ok(()),
                Err(error) => Err(self.publish_error(topology, envelope.topic(), &error)),
            }
        });
        tokio::select! {
            answers = join_all(answers) => answers,
            () = loss.wait() => {
                let lost = |_| Err(PublishError::unavailable("the connection was lost"));
                batch.iter().map(lost).collect()
            }
        }
    }

    /// Sends a message. Returns `None` if it has no subscriber and needs none.
    async fn send(
        &self,
        (connection, context): (&BrokerConnection, &Context),
        topology: &Topology,
        envelope: &Envelope,
    ) -> Result<Option<PublishAckFuture>, PublishError> {
        connection.is_up()?;
        let headers = wire::headers(envelope)?;
        let topic = envelope.topic();
        let subject = if topic.is_dead_letters() {
            topology.create_topic(connection, topic).await?;
            self.names.dead_letter(topic, &DeadLetterId::of(envelope))
        } else {
            if !self.has_group(connection, topology, envelope).await? {
                // No group would acknowledge it, so it would never be trimmed.
                if envelope.recipient().is_none() && self.optional.read().contains(topic) {
                    return Ok(None);
                }
                return Err(PublishError::Unroutable {
                    topic: topic.clone(),
                });
            }
            self.names.subject(topic)
        };
        let message = PublishMessage::build()
            .payload(envelope.payload().clone())
            .headers(headers);
        let sent = context.send_publish(subject, message).await;
        sent.map(Some)
            .map_err(|error| self.publish_error(topology, topic, &error))
    }

    async fn has_group(
        &self,
        connection: &BrokerConnection,
        topology: &Topology,
        envelope: &Envelope,
    ) -> Result<bool, TransportError> {
        let (topic, group) = (envelope.topic(), envelope.recipient());
        let cached = (topic.clone(), group.cloned());
        let now = Instant::now();
        let known = self.subscribed.lock().get(&cached).copied();
        if known.is_some_and(|until| now < until) {
            return Ok(true);
        }
        let found = topology.has_group(connection, topic, group).await?;
        let mut known = self.subscribed.lock();
        known.retain(|_, until| now < *until);
        if found {
            known.insert(cached, now + GROUP_CACHE_TTL);
        }
        Ok(found)
    }

    fn publish_error(
        &self,
        topology: &Topology,
        topic: &Topic,
        error: &NatsError<PublishErrorKind>,
    ) -> PublishError {
        match error.kind() {
            PublishErrorKind::StreamNotFound => {
                topology.remove_from_cache(topic);
                self.subscribed
                    .lock()
                    .retain(|(known, _), _| known != topic);
            }
            PublishErrorKind::MaxPayloadExceeded => {
                return PublishError::permanent(error.to_string());
            }
            _ if server_code(error)
                == Some(jetstream::ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM) =>
            {
                return PublishError::permanent(error.to_string());
            }
            _ => {}
        }
        PublishError::unavailable(error.to_string())
    }
}

/// The error code of the server.
fn server_code(error: &NatsPublishError) -> Option<jetstream::ErrorCode> {
    let source = std::error::Error::source(error)?;
    let error = source.downcast_ref::<jetstream::Error>()?;
    Some(error.error_code())
}
