//! The envelope of a message: attributes, headers and the unchanged payload.

pub mod attribute;
mod message_id;
mod wire;

use std::{collections::BTreeMap, fmt, str::FromStr as _};

use bytes::Bytes;
use chrono::{DateTime, Utc};
pub use message_id::{InvalidMessageId, MessageId};
use seaworthy_core::TraceContext;
pub(crate) use wire::text_of;
pub use wire::{HeaderEncoding, InvalidHeader};

use crate::{GroupName, Topic};

/// A message with its CloudEvents 1.0 attributes and extensions, the headers of the application and
/// the payload in binary mode.
///
/// ```
/// use seaworthy_messaging::{Envelope, Topic};
///
/// let topic = Topic::new("symbol.created").unwrap();
/// let envelope = Envelope::new(topic, "symbol.created", "symbols", b"{}".to_vec()).with_key("symbol-7");
/// assert_eq!(envelope.key(), Some("symbol-7"));
/// ```
#[derive(Clone, PartialEq)]
pub struct Envelope {
    id: MessageId,
    topic: Topic,
    event_type: Box<str>,
    version: Option<u32>,
    source: Box<str>,
    subject: Option<Box<str>>,
    time: Option<DateTime<Utc>>,
    content_type: Option<Box<str>>,
    key: Option<Box<str>>,
    recipient: Option<GroupName>,
    extensions: BTreeMap<Box<str>, String>,
    headers: BTreeMap<String, String>,
    payload: Bytes,
}

impl Envelope {
    /// Creates a message with a new ID and the current time.
    #[must_use]
    pub fn new(topic: Topic, event_type: &str, source: &str, payload: impl Into<Bytes>) -> Self {
        Self {
            id: MessageId::generate(),
            topic,
            event_type: event_type.into(),
            version: None,
            source: source.into(),
            subject: None,
            time: Some(Utc::now()),
            content_type: None,
            key: None,
            recipient: None,
            extensions: BTreeMap::new(),
            headers: BTreeMap::new(),
            payload: payload.into(),
        }
    }

    /// Sets the message ID.
    #[must_use]
    pub fn with_id(mut self, id: MessageId) -> Self {
        self.id = id;
        self
    }

    /// Sets the topic.
    #[must_use]
    pub fn with_topic(mut self, topic: Topic) -> Self {
        self.topic = topic;
        self
    }

    /// Sets the source, the name of the publishing service.
    #[must_use]
    pub fn with_source(mut self, source: &str) -> Self {
        self.source = source.into();
        self
    }

    /// Sets the trace context of the publishing span.
    #[must_use]
    pub fn with_trace(mut self, trace: &TraceContext) -> Self {
        let traceparent = trace.traceparent().to_bytes();
        let context = [
            (attribute::TRACEPARENT, str::from_utf8(&traceparent).ok()),
            (attribute::TRACESTATE, trace.tracestate()),
            (attribute::BAGGAGE, trace.baggage()),
        ];
        for (name, value) in context {
            // Clients choose these values. A value that an engine cannot carry is left out, so that
            // the message can still be published.
            if let Some(value) = value.filter(|value| wire::is_carried(value)) {
                self.extensions.insert(name.into(), value.to_owned());
            }
        }
        self
    }

    /// Sets the version of the payload.
    #[must_use]
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets the subject.
    #[must_use]
    pub fn with_subject(mut self, subject: &str) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets the media type of the payload.
    #[must_use]
    pub fn with_content_type(mut self, content_type: &str) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets the key. Messages of one key are handled one at a time, in the order of publishing.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the only consumer group that receives the message, as for a replay.
    #[must_use]
    pub fn with_recipient(mut self, recipient: Option<GroupName>) -> Self {
        self.recipient = recipient;
        self
    }

    /// Sets an extension attribute. See [`attribute`] for the known ones.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: impl Into<String>) -> Self {
        self.extensions.insert(name.into(), value.into());
        self
    }

    /// Removes an extension attribute.
    #[must_use]
    pub fn without_attribute(mut self, name: &str) -> Self {
        self.extensions.remove(name);
        self
    }

    /// Sets a header of the application.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Returns the message ID.
    #[must_use]
    pub fn id(&self) -> &MessageId {
        &self.id
    }

    /// Returns the topic.
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// Returns the event type.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// Returns the version of the payload. Messages of other systems have none.
    #[must_use]
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// Returns the source, the name of the publishing service.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the subject.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Returns the time of the event.
    #[must_use]
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.time
    }

    /// Returns the media type of the payload.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the only consumer group that receives the message, if it is not for all. Engines
    /// that cannot address a group deliver it to all groups, and other groups ignore it.
    #[must_use]
    pub fn recipient(&self) -> Option<&GroupName> {
        self.recipient.as_ref()
    }

    /// Returns an extension attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.extensions.get(name).map(String::as_str)
    }

    /// Returns a header of the application.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Returns all headers of the application, sorted by name.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the payload.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// Replaces the payload.
    pub(crate) fn with_payload(mut self, payload: Bytes) -> Self {
        self.payload = payload;
        self
    }

    /// Removes all headers, and all attributes except the named ones.
    pub(crate) fn with_attributes_only(mut self, names: &[&str]) -> Self {
        self.headers.clear();
        self.extensions.retain(|name, _| names.contains(&&**name));
        self
    }

    pub(crate) fn without_payload(mut self) -> Self {
        self.payload = Bytes::new();
        self
    }

    /// Returns the approximate size in bytes, in memory and on the wire.
    #[must_use]
    pub fn size(&self) -> usize {
        let texts = |texts: &BTreeMap<String, String>| -> usize {
            texts
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum()
        };
        let extensions: usize = self
            .extensions
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        self.payload.len() + texts(&self.headers) + extensions + self.topic.as_str().len()
    }

    /// Returns the trace context of the publishing span.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        let bytes = |name| self.attribute(name).map(str::as_bytes);
        TraceContext::extract(
            bytes(attribute::TRACEPARENT),
            bytes(attribute::TRACESTATE),
            bytes(attribute::BAGGAGE),
        )
    }

    /// Returns the expiry. Consumers drop the message after it.
    #[must_use]
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.time_of(attribute::EXPIRY_TIME)
    }

    /// Returns the deadline of the publishing request.
    #[must_use]
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        self.time_of(attribute::DEADLINE)
    }

    pub(crate) fn time_of(&self, name: &str) -> Option<DateTime<Utc>> {
        DateTime::from_str(self.attribute(name)?).ok()
    }
}

/// Leaves the payload out, because it may contain personal data (OBS-3).
impl fmt::Debug for Envelope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Envelope")
            .field("id", &self.id)
            .field("topic", &self.topic)
            .field("event_type", &self.event_type)
            .field("version", &self.version)
            .field("source", &self.source)
            .field("key", &self.key)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
