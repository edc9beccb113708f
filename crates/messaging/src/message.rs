use bytes::Bytes;
use chrono::{DateTime, Utc};
use seaworthy_core::{RequestContext, TraceContext};
use serde::Serialize;

use crate::{
    Envelope, Event, MessageId, PublishError, Topic,
    envelope::{attribute, text_of},
    event::{JSON, PROTOBUF, to_json, topic_of},
};

/// What is to be published. Everything that is wrong with it is told when it is published.
#[derive(Debug)]
pub struct Message(Result<Envelope, PublishError>);

impl Message {
    /// An event as JSON.
    #[must_use]
    pub fn of<E: Event + Serialize>(event: &E) -> Self {
        Self::typed::<E>(to_json(event).map_err(PublishError::permanent), JSON)
    }

    /// An event as protobuf.
    #[must_use]
    pub fn protobuf<E: Event + prost::Message>(event: &E) -> Self {
        Self::typed::<E>(Ok(event.encode_to_vec().into()), PROTOBUF)
    }

    /// Bytes that are no typed event: for what others have defined. The kind is the topic's name.
    #[must_use]
    pub fn raw(topic: &str, content_type: &str, payload: impl Into<Bytes>) -> Self {
        let topic = Topic::new(topic).map_err(PublishError::permanent);
        Self(topic.map(|topic| {
            let kind = topic.as_str().to_owned();
            Envelope::new(topic, &kind, "", payload).with_content_type(content_type)
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

    /// Messages of one key are handled one at a time, in the order in which they were published.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.change(|envelope| envelope.with_key(key))
    }

    /// What the event is about.
    #[must_use]
    pub fn subject(self, subject: &str) -> Self {
        self.change(|envelope| envelope.with_subject(subject))
    }

    /// An identifier that is known already, such as that of a request that may come twice, instead of a new one.
    #[must_use]
    pub fn id(self, id: MessageId) -> Self {
        self.change(|envelope| envelope.with_id(id))
    }

    /// A header of the application's own.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.change(|envelope| envelope.with_header(name, value))
    }

    /// After this moment nobody wants it any more: it is dropped instead of handled.
    #[must_use]
    pub fn expires_at(self, moment: DateTime<Utc>) -> Self {
        self.change(|envelope| envelope.with_attribute(attribute::EXPIRY_TIME, text_of(moment)))
    }

    /// The message that led to this one: the same story goes on.
    #[must_use]
    pub fn caused_by(self, cause: &Envelope) -> Self {
        let story = cause
            .attribute(attribute::CORRELATION_ID)
            .unwrap_or(cause.id().as_str())
            .to_owned();
        self.change(|envelope| {
            envelope
                .with_attribute(attribute::CAUSATION_ID, cause.id().as_str())
                .with_attribute(attribute::CORRELATION_ID, story)
        })
    }

    fn change(self, change: impl FnOnce(Envelope) -> Envelope) -> Self {
        Self(self.0.map(change))
    }

    /// The message as it travels, with what the running request knows (MSG-8): its identifier, its deadline, who acts and on whose behalf, and the span `trace`.
    ///
    /// # Errors
    /// [`PublishError::Permanent`] for what is wrong with it.
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
