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

use super::{link::Link, names::Names, topology::Topology, wire};
use crate::{
    DeadLetterId, Envelope, GroupName, PublishError, Topic,
    transport::{TopicPlan, TransportError},
};

/// That a topic has groups is believed for this long: groups come often and go seldom.
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// Publishes batches, each in its order.
pub(super) struct Publications {
    context: Context,
    names: Names,
    unheard: RwLock<BTreeSet<Topic>>,
    heard: Mutex<HashMap<(Topic, Option<GroupName>), Instant>>,
}

impl Publications {
    pub(super) fn new(context: Context, names: Names) -> Self {
        Self {
            context,
            names,
            unheard: RwLock::default(),
            heard: Mutex::default(),
        }
    }

    pub(super) fn declare(&self, topics: Vec<TopicPlan>) {
        let unheard = topics
            .into_iter()
            .filter(|plan| plan.allows_unroutable);
        self.unheard.write().extend(unheard.map(|plan| plan.topic));
    }

    pub(super) async fn publish(
        &self,
        link: &Link,
        topology: &Topology,
        batch: &[Envelope],
    ) -> Vec<Result<(), PublishError>> {
        let mut connection = link.connection();
        // All are on their way before the first acknowledgement is waited for.
        let mut sent = Vec::with_capacity(batch.len());
        for envelope in batch {
            sent.push(self.send(link, topology, envelope).await);
        }
        let answers = sent.into_iter().zip(batch).map(|(sent, envelope)| async {
            let Some(sent) = sent? else { return Ok(()) };
            match sent.await {
                Ok(_stored) => Ok(()),
                Err(error) => Err(self.failed(topology, envelope.topic(), &error)),
            }
        });
        tokio::select! {
            answers = join_all(answers) => answers,
            () = connection.is_lost() => {
                let lost = |_| Err(PublishError::unavailable("the connection was lost"));
                batch.iter().map(lost).collect()
            }
        }
    }

    /// Sends one, unless nobody gets it and that is no error.
    async fn send(
        &self,
        link: &Link,
        topology: &Topology,
        envelope: &Envelope,
    ) -> Result<Option<PublishAckFuture>, PublishError> {
        link.is_up()?;
        let headers = wire::headers(envelope)?;
        let topic = envelope.topic();
        let subject = if topic.is_dead_letters() {
            topology.topic(link, topic).await?;
            self.names.dead_letter(topic, &DeadLetterId::of(envelope))
        } else {
            if !self.is_heard(link, topology, envelope).await? {
                // Nobody would ever cut it off.
                if envelope.recipient().is_none() && self.unheard.read().contains(topic) {
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
        let sent = self.context.send_publish(subject, message).await;
        sent.map(Some)
            .map_err(|error| self.failed(topology, topic, &error))
    }

    async fn is_heard(
        &self,
        link: &Link,
        topology: &Topology,
        envelope: &Envelope,
    ) -> Result<bool, TransportError> {
        let (topic, group) = (envelope.topic(), envelope.recipient());
        let asked = (topic.clone(), group.cloned());
        let now = Instant::now();
        let known = self.heard.lock().get(&asked).copied();
        if known.is_some_and(|until| now < until) {
            return Ok(true);
        }
        let heard = topology.is_heard(link, topic, group).await?;
        let mut known = self.heard.lock();
        known.retain(|_, until| now < *until);
        if heard {
            known.insert(asked, now + BELIEVED_FOR);
        }
        Ok(heard)
    }

    fn failed(
        &self,
        topology: &Topology,
        topic: &Topic,
        error: &NatsError<PublishErrorKind>,
    ) -> PublishError {
        match error.kind() {
            PublishErrorKind::StreamNotFound => {
                topology.forget(topic);
                self.heard.lock().retain(|(known, _), _| known != topic);
            }
            PublishErrorKind::MaxPayloadExceeded => {
                return PublishError::permanent(error.to_string());
            }
            _ if told(error) == Some(jetstream::ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM) => {
                return PublishError::permanent(error.to_string());
            }
            _ => {}
        }
        PublishError::unavailable(error.to_string())
    }
}

fn told(error: &NatsPublishError) -> Option<jetstream::ErrorCode> {
    let source = std::error::Error::source(error)?;
    let told = source.downcast_ref::<jetstream::Error>()?;
    Some(told.error_code())
}
