use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use std::{collections::BTreeMap, str::FromStr as _};

use super::{
    Envelope, MessageId,
    attribute::{self, FIELDS},
};
use crate::{GroupName, Topic};

/// The maximum length of a header name in bytes.
const MAX_NAME_LENGTH: usize = 100;
/// The maximum length of a header value in bytes. A hundred such headers are below the limits of
/// brokers.
pub(super) const MAX_VALUE_LENGTH: usize = 4 * 1024;

/// The encoding of attributes as headers of an engine, in the binary mode of CloudEvents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderEncoding {
    /// The prefix of attribute names: `ce_` on Kafka, `ce-` on NATS and `cloudEvents_` on AMQP.
    pub prefix: &'static str,
}

/// A header is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the header {name:?} is not valid: {problem}")]
pub struct InvalidHeader {
    name: String,
    problem: &'static str,
}

impl Envelope {
    /// Returns the attributes and headers of the message as headers of an engine.
    #[must_use]
    pub fn to_headers(&self, encoding: HeaderEncoding) -> Vec<(String, String)> {
        let mut all = Vec::with_capacity(10 + self.extensions.len() + self.headers.len());
        let mut attribute = |name: &str, value: &str| {
            all.push((format!("{}{name}", encoding.prefix), value.to_owned()));
        };
        attribute(attribute::SPEC_VERSION, attribute::SUPPORTED_SPEC_VERSION);
        attribute(attribute::ID, self.id.as_str());
        attribute(attribute::SOURCE, &self.source);
        attribute(attribute::TYPE, &self.event_type);
        for (name, value) in [
            (attribute::SUBJECT, &self.subject),
            (attribute::DATA_CONTENT_TYPE, &self.content_type),
            (attribute::PARTITION_KEY, &self.key),
        ] {
            if let Some(value) = value {
                attribute(name, value);
            }
        }
        if let Some(time) = self.time {
            attribute(attribute::TIME, &text_of(time));
        }
        if let Some(version) = self.version {
            attribute(attribute::DATA_VERSION, &version.to_string());
        }
        if let Some(recipient) = &self.recipient {
            attribute(attribute::RECIPIENT, recipient.as_str());
        }
        for (name, value) in &self.extensions {
            attribute(name, value);
        }
        let headers = self.headers.iter();
        all.extend(headers.map(|(name, value)| (name.clone(), value.clone())));
        all
    }

    /// Creates a message from the headers of an engine. Missing attributes get defaults: the ID
    /// from the content, the event type from the topic, the trace and the request from common
    /// headers.
    #[must_use]
    pub fn from_headers(
        encoding: HeaderEncoding,
        topic: Topic,
        headers: impl IntoIterator<Item = (String, String)>,
        payload: Bytes,
    ) -> Self {
        let mut attributes = BTreeMap::new();
        let mut own = BTreeMap::new();
        for (name, value) in headers {
            match name.strip_prefix(encoding.prefix) {
                Some(bare) => attributes.insert(bare.to_ascii_lowercase(), value),
                None => own.insert(name, value),
            };
        }
        let mut text = |name: &str| attributes.remove(name).map(String::into_boxed_str);
        let id = text(attribute::ID).and_then(|id| MessageId::parse(&id).ok());
        let envelope = Self {
            id: id.unwrap_or_else(|| MessageId::of_content(topic.as_str(), &payload)),
            event_type: text(attribute::TYPE).unwrap_or_else(|| topic.as_str().into()),
            version: text(attribute::DATA_VERSION).and_then(|version| version.parse().ok()),
            source: text(attribute::SOURCE).unwrap_or_default(),
            subject: text(attribute::SUBJECT),
            time: text(attribute::TIME).and_then(|time| DateTime::from_str(&time).ok()),
            content_type: text(attribute::DATA_CONTENT_TYPE),
            key: text(attribute::PARTITION_KEY),
            recipient: text(attribute::RECIPIENT).and_then(|name| GroupName::new(&name).ok()),
            extensions: BTreeMap::new(),
            topic,
            payload,
            headers: BTreeMap::new(),
        };
        let mut extensions: BTreeMap<Box<str>, String> = attributes
            .into_iter()
            .filter(|(name, _)| !FIELDS.contains(&name.as_str()))
            .map(|(name, value)| (name.into_boxed_str(), value))
            .collect();
        for (attribute, foreign) in [
            (attribute::TRACEPARENT, &["traceparent"][..]),
            (attribute::TRACESTATE, &["tracestate"]),
            (attribute::REQUEST_ID, &["x-request-id", "request_id"]),
        ] {
            let value = foreign.iter().find_map(|name| own.get(*name));
            if let Some(value) = value {
                extensions
                    .entry(attribute.into())
                    .or_insert_with(|| value.clone());
            }
        }
        Self {
            extensions,
            headers: own,
            ..envelope
        }
    }

    /// Checks that every engine accepts the headers and attributes.
    ///
    /// # Errors
    /// [`InvalidHeader`] for the first header that an engine does not accept.
    pub fn check_headers(&self) -> Result<(), InvalidHeader> {
        let refuse = |name: &str, problem| {
            Err(InvalidHeader {
                name: name.to_owned(),
                problem,
            })
        };
        for (name, value) in self.to_headers(HeaderEncoding { prefix: "" }) {
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if name.is_empty() || name.len() > MAX_NAME_LENGTH || !name.bytes().all(is_token) {
                return refuse(&name, "use letters, digits, '-', '_' and '.' in the name");
            }
            if value.len() > MAX_VALUE_LENGTH {
                return refuse(&name, "the value is longer than 4 KiB");
            }
            if !is_carried(&value) {
                return refuse(&name, "the value contains control characters");
            }
        }
        Ok(())
    }
}

/// Whether every engine accepts this header value.
pub(super) fn is_carried(value: &str) -> bool {
    value.len() <= MAX_VALUE_LENGTH && !value.chars().any(char::is_control)
}

/// Formats a time for an attribute.
pub(crate) fn text_of(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}
