//! Dead letters: messages that no consumer could handle, with the reason.

mod fingerprint;
mod form;
mod reason;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fingerprint::{fingerprint, is_fingerprint};
pub(crate) use form::Form;
pub use reason::DeadLetterReason;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    Envelope, GroupName,
    envelope::{attribute, text_of},
    transport::Position,
};

/// The attributes that a dead letter adds to its envelope.
pub mod attributes {
    /// The ID of the dead letter. The message keeps its own ID.
    pub const ID: &str = "deadid";
    /// The topic of the message.
    pub const TOPIC: &str = "deadtopic";
    /// The consumer group that failed.
    pub const GROUP: &str = "deadgroup";
    /// The reason.
    pub const REASON: &str = "deadreason";
    /// The class of the last failure.
    pub const CLASS: &str = "deadclass";
    /// The message of the last failure.
    pub const MESSAGE: &str = "deadmessage";
    /// The fingerprint of the cause.
    pub const FINGERPRINT: &str = "deadfingerprint";
    /// The number of attempts.
    pub const ATTEMPTS: &str = "deadattempts";
    /// The time of the first failure.
    pub const FIRST_FAILED: &str = "deadfirst";
    /// The time of the last failure.
    pub const LAST_FAILED: &str = "deadlast";
    /// The number of replays. A replayed message has it too, so that a further failure increments
    /// it.
    pub const REPLAYS: &str = "deadreplays";
    /// The partition of the message in its topic, if the topic has partitions.
    pub const PARTITION: &str = "deadpartition";
    /// The offset of the message, if the broker numbers its messages.
    pub const OFFSET: &str = "deadoffset";
    /// The size in bytes of the payload before it was truncated.
    pub const PAYLOAD_SIZE: &str = "deadsize";
    /// The SHA-256 of the payload before it was truncated, in hexadecimal digits.
    pub const PAYLOAD_SHA256: &str = "deadsha256";
    /// All attributes.
    pub const ALL: [&str; 15] = [
        ID,
        TOPIC,
        GROUP,
        REASON,
        CLASS,
        MESSAGE,
        FINGERPRINT,
        ATTEMPTS,
        FIRST_FAILED,
        LAST_FAILED,
        REPLAYS,
        PARTITION,
        OFFSET,
        PAYLOAD_SIZE,
        PAYLOAD_SHA256,
    ];
}

/// The maximum size of the message of a failure in bytes, small enough for a header.
const MAX_MESSAGE: usize = 1_000;

/// The ID of a dead letter. A message that fails again after a replay is another dead letter.
///
/// ```
/// use seaworthy_messaging::DeadLetterId;
///
/// assert_eq!(DeadLetterId::new("0192d3a8").as_str(), "0192d3a8");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DeadLetterId(Arc<str>);

impl<'de> Deserialize<'de> for DeadLetterId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

impl DeadLetterId {
    /// Creates an ID from its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the ID of an envelope in a dead-letter topic. An envelope of another publisher has
    /// the ID of its message.
    #[must_use]
    pub fn of(stored: &Envelope) -> Self {
        Self::new(
            stored
                .attribute(attributes::ID)
                .unwrap_or(stored.id().as_str()),
        )
    }

    /// Returns the ID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message that no consumer could handle.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// The ID of the dead letter.
    pub id: DeadLetterId,
    /// The message as it was published, with its own ID.
    pub envelope: Envelope,
    /// The consumer group that failed, if it is known.
    pub group: Option<GroupName>,
    /// The reason.
    pub reason: DeadLetterReason,
    /// The class of the last failure.
    pub class: String,
    /// The message of the last failure, masked (OBS-3), at most 1,000 bytes.
    pub message: String,
    /// The fingerprint of the cause: 16 hexadecimal digits of a hash over the group, the event
    /// type, the class and the message without its numbers.
    pub fingerprint: String,
    /// The number of attempts since the message was published or last replayed.
    pub attempts: u32,
    /// The number of replays.
    pub replays: u32,
    /// The time of the first failure.
    pub first_failed: Option<DateTime<Utc>>,
    /// The time of the last failure.
    pub last_failed: Option<DateTime<Utc>>,
    /// The position of the message at its broker, if the broker numbers its messages.
    pub position: Option<Position>,
    /// The original payload, if the broker rejected it and the dead letter has only its beginning.
    pub truncated: Option<TruncatedPayload>,
}

/// The original payload of a dead letter that has only its beginning. It cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TruncatedPayload {
    /// The size of the original payload in bytes.
    pub size: u64,
    /// The SHA-256 of the original payload in hexadecimal digits.
    pub sha256: String,
}

impl DeadLetter {
    /// Creates a dead letter of a message that fails at the current time.
    pub(crate) fn new(
        envelope: Envelope,
        group: &GroupName,
        reason: DeadLetterReason,
        class: &str,
        message: &str,
        attempts: u32,
        first_failed: DateTime<Utc>,
    ) -> Self {
        let message = one_line(&seaworthy_telemetry::redact::redact(message));
        let replays = replays(&envelope);
        let envelope = envelope
            .without_attribute(attributes::REPLAYS)
            .with_recipient(None);
        Self {
            id: DeadLetterId::new(&seaworthy_core::new_id().hyphenated().to_string()),
            fingerprint: fingerprint(group.as_str(), envelope.event_type(), class, &message),
            group: Some(group.clone()),
            reason,
            class: one_line(class),
            message,
            attempts,
            replays,
            first_failed: Some(first_failed),
            last_failed: Some(Utc::now()),
            position: None,
            truncated: None,
            envelope,
        }
    }

    /// Returns the ID of the trace in which the message failed.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        Some(self.envelope.trace()?.trace_id().to_string())
    }

    /// Returns the envelope for the dead-letter topic.
    #[must_use]
    pub fn into_stored(self) -> Envelope {
        let topic = self.envelope.topic().clone();
        let mut stored = self
            .envelope
            .with_topic(topic.dead_letters())
            .with_attribute(attributes::ID, self.id.as_str())
            .with_attribute(attributes::TOPIC, topic.as_str())
            .with_attribute(attributes::REASON, self.reason.as_str())
            .with_attribute(attributes::CLASS, self.class)
            .with_attribute(attributes::MESSAGE, self.message)
            .with_attribute(attributes::FINGERPRINT, self.fingerprint)
            .with_attribute(attributes::ATTEMPTS, self.attempts.to_string());
        if self.replays > 0 {
            stored = stored.with_attribute(attributes::REPLAYS, self.replays.to_string());
        }
        if let Some(Position { partition, offset }) = self.position {
            stored = stored.with_attribute(attributes::OFFSET, offset.to_string());
            if let Some(partition) = partition {
                stored = stored.with_attribute(attributes::PARTITION, partition.to_string());
            }
        }
        if let Some(group) = self.group {
            stored = stored.with_attribute(attributes::GROUP, group.as_str());
        }
        for (name, moment) in [
            (attributes::FIRST_FAILED, self.first_failed),
            (attributes::LAST_FAILED, self.last_failed),
        ] {
            if let Some(moment) = moment {
                stored = stored.with_attribute(name, text_of(moment));
            }
        }
        stored
    }

    /// Returns the message for a replay, for one group or for all.
    pub(crate) fn replayed(&self, recipient: Option<GroupName>) -> Envelope {
        let replays = self.replays.saturating_add(1).to_string();
        self.envelope
            .clone()
            .with_recipient(recipient)
            .with_attribute(attributes::REPLAYS, replays)
    }

    /// Parses an envelope of a dead-letter topic. One of another publisher, such as the broker
    /// itself, may have no group and has the reason `unknown`.
    ///
    /// The dead-letter topic determines the topic of the message. An attribute could make a replay
    /// publish to a topic that the publisher of the envelope may not use.
    #[must_use]
    pub fn from_stored(stored: Envelope) -> Self {
        let text = |name: &str| stored.attribute(name).unwrap_or_default().to_owned();
        let id = DeadLetterId::of(&stored);
        let group = GroupName::new(&text(attributes::GROUP)).ok();
        let topic = stored.topic().of_dead_letters();
        let (reason, class, message) = (
            text(attributes::REASON),
            text(attributes::CLASS),
            text(attributes::MESSAGE),
        );
        let (stored_fingerprint, attempts) =
            (text(attributes::FINGERPRINT), text(attributes::ATTEMPTS));
        let replays = replays(&stored);
        let first_failed = stored.time_of(attributes::FIRST_FAILED);
        let last_failed = stored.time_of(attributes::LAST_FAILED);
        let number = |name: &str| stored.attribute(name)?.parse::<u64>().ok();
        let position = number(attributes::OFFSET).map(|offset| Position {
            partition: number(attributes::PARTITION).and_then(|number| number.try_into().ok()),
            offset,
        });
        let size = stored.attribute(attributes::PAYLOAD_SIZE);
        let truncated = size.map(|size| TruncatedPayload {
            size: size.parse().unwrap_or_default(),
            sha256: text(attributes::PAYLOAD_SHA256),
        });
        let mut envelope = stored;
        for name in attributes::ALL {
            envelope = envelope.without_attribute(name);
        }
        if let Some(topic) = topic {
            envelope = envelope.with_topic(topic);
        }
        let envelope = envelope.with_recipient(None);
        let fingerprint = if is_fingerprint(&stored_fingerprint) {
            stored_fingerprint
        } else {
            let group = group.as_ref().map_or("", GroupName::as_str);
            fingerprint(group, envelope.event_type(), &reason, &message)
        };
        Self {
            id,
            envelope,
            group,
            reason: DeadLetterReason::parse(&reason),
            class,
            message,
            fingerprint,
            attempts: attempts.parse().unwrap_or_default(),
            replays,
            first_failed,
            last_failed,
            position,
            truncated,
        }
    }

    /// Returns the correlation ID, which all messages with one origin share.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.envelope.attribute(attribute::CORRELATION_ID)
    }

    /// Returns the ID of the request that published the message.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.envelope.attribute(attribute::REQUEST_ID)
    }
}

fn replays(envelope: &Envelope) -> u32 {
    let replays = envelope.attribute(attributes::REPLAYS);
    replays
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

/// Removes control characters and truncates the text.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        let character = if character.is_control() {
            ' '
        } else {
            character
        };
        if line.len() + character.len_utf8() > MAX_MESSAGE {
            break;
        }
        line.push(character);
    }
    line
}

#[cfg(test)]
mod tests;
