use bytes::Bytes;
use chrono::{DateTime, Utc};
use seaworthy_core::{RequestContext, TraceContext};
use serde::Serialize;

use crate::{
    Envelope, Event, MessageId, PublishError, Topic,
    envelope::{attribute, text_of},
    event::{JSON, PROTOBUF, to_json, topic_of},
};

/// A message to publish. Its methods never fail: publishing returns the first error.
///
/// ```
/// use seaworthy_messaging::Message;
///
/// let message = Message::raw("symbol.seen", "text/plain", "42").key("symbol-42");
/// # drop(message);
/// ```
#[derive(Debug)]
pub struct Message(Result<Envelope, PublishError>);

impl Message {
    /// Creates a message with an event as JSON.
    #[must_use]
    pub fn from_event<E: Event + Serialize>(event: &E) -> Self {
        Self::typed::<E>(to_json(event).map_err(PublishError::permanent), JSON)
    }

    /// Creates a message with an event as protobuf.
    #[must_use]
    pub fn protobuf<E: Event + prost::Message>(event: &E) -> Self {
        Self::typed::<E>(Ok(event.encode_to_vec().into()), PROTOBUF)
    }

    /// Creates a message with any bytes, for messages that other systems define. The event type is
    /// the name of the topic.
    #[must_use]
    pub fn raw(topic: &str, content_type: &str, payload: impl Into<Bytes>) -> Self {
        let topic = Topic::new(topic).map_err(PublishError::permanent);
        Self(topic.map(|topic| {
            let event_type = topic.as_str().to_owned();
            Envelope::new(topic, &event_type, "", payload).with_content_type(content_type)
        }))
    }

    fn typed<E: Event>(payload: Result<Bytes, PublishError>, content_type: &str) -> Self {
        let topic = topic_of::<E>().map_err(PublishError::permanent);
        Self(topic.and_then(|topic| {
            Ok(Envelope::new(topic, E::TYPE, "", payload?)
                .with_version(E::VERSION)
                .with_content_type(content_type))
        }))
    }

    /// Sets the key. Messages of one key are handled one at a time, in the order of publishing.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.change(|envelope| envelope.with_key(key))
    }

    /// Sets the subject, the CloudEvents attribute that identifies the thing that changed.
    #[must_use]
    pub fn subject(self, subject: &str) -> Self {
        self.change(|envelope| envelope.with_subject(subject))
    }

    /// Replaces the generated ID, for example by the ID of a request that may be repeated.
    #[must_use]
    pub fn id(self, id: MessageId) -> Self {
        self.change(|envelope| envelope.with_id(id))
    }

    /// Sets a header of the application.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.change(|envelope| envelope.with_header(name, value))
    }

    /// Sets the expiry. Consumers drop the message after it.
    #[must_use]
    pub fn expires_at(self, moment: DateTime<Utc>) -> Self {
        self.change(|envelope| envelope.with_attribute(attribute::EXPIRY_TIME, text_of(moment)))
    }

    /// Sets the causation ID to the ID of another message, and copies its correlation ID. Without
    /// one, the ID of the other message becomes the correlation ID.
    #[must_use]
    pub fn caused_by(self, cause: &Envelope) -> Self {
        let correlation_id = cause
            .attribute(attribute::CORRELATION_ID)
            .unwrap_or(cause.id().as_str())
            .to_owned();
        self.change(|envelope| {
            envelope
                .with_attribute(attribute::CAUSATION_ID, cause.id().as_str())
                .with_attribute(attribute::CORRELATION_ID, correlation_id)
        })
    }

    /// Sets the correlation ID, which all messages with one origin share. On RabbitMQ it is also
    /// the AMQP property `correlation_id`.
    #[must_use]
    pub fn correlation_id(self, id: &str) -> Self {
        self.change(|envelope| envelope.with_attribute(attribute::CORRELATION_ID, id))
    }

    fn change(self, change: impl FnOnce(Envelope) -> Envelope) -> Self {
        Self(self.0.map(change))
    }

    /// Returns the envelope with the context of the request (MSG-8): its ID, deadline, actor,
    /// tenant and the span `trace`.
    ///
    /// # Errors
    /// [`PublishError::Permanent`] if the message is invalid.
    pub(crate) fn into_envelope(
        self,
        source: &str,
        request: Option<&RequestContext>,
        trace: Option<&TraceContext>,
    ) -> Result<Envelope, PublishError> {
        let mut envelope = self.0?.with_source(source);
        if let Some(trace) = trace {
            envelope = envelope.with_trace(trace);
        }
        let Some(request) = request else {
            return Ok(envelope);
        };
        envelope = envelope.with_attribute(attribute::REQUEST_ID, request.request_id().as_str());
        if let Some(left) = request.deadline().map(|deadline| deadline.remaining()) {
            let moment = Utc::now() + left.unwrap_or_default();
            envelope = envelope.with_attribute(attribute::DEADLINE, text_of(moment));
        }
        if let Some(actor) = request.actor() {
            envelope = envelope.with_attribute(attribute::ACTOR, actor.as_str());
        }
        if let Some(tenant) = request.tenant() {
            envelope = envelope.with_attribute(attribute::TENANT, tenant.as_str());
        }
        Ok(envelope)
    }
}
