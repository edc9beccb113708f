//! Messages that no consumer could handle: why, how often, and where they were.

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
};

/// Attributes of an envelope in a dead-letter topic, beside those that it had.
pub mod attributes {
    /// The identifier of the dead letter: the message's own stays what it was.
    pub const ID: &str = "deadid";
    /// Where it was published.
    pub const TOPIC: &str = "deadtopic";
    /// The group that could not handle it.
    pub const GROUP: &str = "deadgroup";
    /// Why it was given up.
    pub const REASON: &str = "deadreason";
    /// The kind of the last failure.
    pub const CLASS: &str = "deadclass";
    /// What the last failure said.
    pub const MESSAGE: &str = "deadmessage";
    /// What failures of the same cause share.
    pub const FINGERPRINT: &str = "deadfingerprint";
    /// How often it was tried.
    pub const ATTEMPTS: &str = "deadattempts";
    /// When it failed first.
    pub const FIRST_FAILED: &str = "deadfirst";
    /// When it failed last.
    pub const LAST_FAILED: &str = "deadlast";
    /// How often it was replayed; a replayed message has it too, so that it is known when it fails again.
    pub const REPLAYS: &str = "deadreplays";
    /// The size in bytes of a payload of which the dead letter has only the beginning.
    pub const PAYLOAD_SIZE: &str = "deadsize";
    /// The SHA-256 of that payload in hexadecimal digits.
    pub const PAYLOAD_SHA256: &str = "deadsha256";
    /// All of them.
    pub const ALL: [&str; 13] = [
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
        PAYLOAD_SIZE,
        PAYLOAD_SHA256,
    ];
}

/// More of an explanation than a person reads, and little enough for a header.
const LONGEST_MESSAGE: usize = 1_000;

/// Identifies a dead letter. A message that fails again after a replay is another dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DeadLetterId(Arc<str>);

impl<'de> Deserialize<'de> for DeadLetterId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

impl DeadLetterId {
    /// An identifier as it was shown.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The identifier of an envelope of a dead-letter topic; that of the message where something else than this framework put it there.
    #[must_use]
    pub fn of(stored: &Envelope) -> Self {
        Self::new(
            stored
                .attribute(attributes::ID)
                .unwrap_or(stored.id().as_str()),
        )
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message that no consumer could handle.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// Its identifier.
    pub id: DeadLetterId,
    /// The message as it was published, with its own identifier.
    pub envelope: Envelope,
    /// The group that could not handle it.
    pub group: Option<GroupName>,
    /// Why it was given up.
    pub reason: DeadLetterReason,
    /// The kind of the last failure.
    pub class: String,
    /// What the last failure said, masked (OBS-3) and at most 1,000 bytes.
    pub message: String,
    /// What failures of the same cause share: 16 hexadecimal digits of a hash over the group, the kind of event, the class and the message without its numbers.
    pub fingerprint: String,
    /// How often it was tried since it was published or replayed last.
    pub attempts: u32,
    /// How often it was replayed.
    pub replays: u32,
    /// When it failed first.
    pub first_failed: Option<DateTime<Utc>>,
    /// When it failed last.
    pub last_failed: Option<DateTime<Utc>>,
    /// The payload as it was, where the broker refused it and only its beginning is here.
    pub cut: Option<TruncatedPayload>,
}

/// A payload of which a dead letter has only the beginning. Such a dead letter cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TruncatedPayload {
    /// The size of the original payload in bytes.
    pub size: u64,
    /// The SHA-256 of the original payload in hexadecimal digits.
    pub sha256: String,
}

impl DeadLetter {
    /// A message that a group gives up now.
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
            cut: None,
            envelope,
        }
    }

    /// The trace in which it failed.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        Some(self.envelope.trace()?.trace_id().to_string())
    }

    /// The dead letter as it is published to the dead-letter topic.
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

    /// The message as it is published again, for this group alone or for all.
    pub(crate) fn replayed(&self, recipient: Option<GroupName>) -> Envelope {
        let replays = self.replays.saturating_add(1).to_string();
        self.envelope
            .clone()
            .with_recipient(recipient)
            .with_attribute(attributes::REPLAYS, replays)
    }

    /// What an envelope of a dead-letter topic says. What something else put there (the broker itself, another program) may have no group, and has the reason `unknown`.
    ///
    /// Where it was published is told by where it is: an attribute could lead a replay to a topic that its publisher may not publish to.
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
        let (told, attempts) = (text(attributes::FINGERPRINT), text(attributes::ATTEMPTS));
        let replays = replays(&stored);
        let first_failed = stored.moment(attributes::FIRST_FAILED);
        let last_failed = stored.moment(attributes::LAST_FAILED);
        let size = stored.attribute(attributes::PAYLOAD_SIZE);
        let cut = size.map(|size| TruncatedPayload {
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
        let fingerprint = if is_fingerprint(&told) {
            told
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
            cut,
        }
    }

    /// The identifier of the request in which it was published.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.envelope.attribute(attribute::REQUEST_ID)
    }
}

fn replays(envelope: &Envelope) -> u32 {
    let told = envelope.attribute(attributes::REPLAYS);
    told.and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

/// Without control characters, and cut at a bound.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        let character = if character.is_control() {
            ' '
        } else {
            character
        };
        if line.len() + character.len_utf8() > LONGEST_MESSAGE {
            break;
        }
        line.push(character);
    }
    line
}

#[cfg(test)]
mod tests;
