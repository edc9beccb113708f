use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use seaworthy_telemetry::redact::redact;
use serde::Serialize;

use crate::{
    DeadLetter, DeadLetterId, DeadLetterReason, GroupName, Topic, TruncatedPayload,
    transport::Position,
};

/// The maximum size of a shown payload in bytes.
const MAX_PAYLOAD_SIZE: usize = 64 * 1024;

/// A dead letter for display, without its payload unless requested.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadLetterDescription {
    /// The ID of the dead letter.
    pub id: DeadLetterId,
    /// The ID of the message.
    pub message_id: String,
    /// The topic.
    pub topic: Topic,
    /// The consumer group that failed.
    pub group: Option<GroupName>,
    /// The event type.
    pub event_type: String,
    /// The version of the payload.
    pub version: Option<u32>,
    /// The service that published the message.
    pub source: String,
    /// The subject of the event.
    pub subject: Option<String>,
    /// The key of the message.
    pub key: Option<String>,
    /// The time of the message.
    pub time: Option<DateTime<Utc>>,
    /// The reason.
    pub reason: DeadLetterReason,
    /// The class of the last failure.
    pub class: String,
    /// The message of the last failure.
    pub problem: String,
    /// The fingerprint of the cause.
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
    /// The correlation ID, which all messages with one origin share.
    pub correlation_id: Option<String>,
    /// The ID of the request that published the message.
    pub request_id: Option<String>,
    /// The ID of the trace in which the message failed.
    pub trace_id: Option<String>,
    /// The headers of the application, masked (OBS-3).
    pub headers: BTreeMap<String, String>,
    /// The media type of the payload.
    pub content_type: Option<String>,
    /// The size of the payload in bytes.
    pub payload_size: usize,
    /// The original payload, if the dead letter has only its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<TruncatedPayload>,
    /// The first 64 KiB of the payload as text, or in hexadecimal digits if it is not text. It is
    /// absent unless requested, because it may contain personal data.
    pub payload: Option<String>,
}

impl DeadLetterDescription {
    /// Describes a dead letter without its payload.
    #[must_use]
    pub fn of(letter: &DeadLetter) -> Self {
        let envelope = &letter.envelope;
        let headers = envelope.headers();
        Self {
            id: letter.id.clone(),
            message_id: envelope.id().as_str().to_owned(),
            topic: envelope.topic().clone(),
            group: letter.group.clone(),
            event_type: envelope.event_type().to_owned(),
            version: envelope.version(),
            source: envelope.source().to_owned(),
            subject: envelope.subject().map(str::to_owned),
            key: envelope.key().map(str::to_owned),
            time: envelope.time(),
            reason: letter.reason,
            class: letter.class.clone(),
            problem: letter.message.clone(),
            fingerprint: letter.fingerprint.clone(),
            attempts: letter.attempts,
            replays: letter.replays,
            first_failed: letter.first_failed,
            last_failed: letter.last_failed,
            position: letter.position,
            correlation_id: letter.correlation_id().map(str::to_owned),
            request_id: letter.request_id().map(str::to_owned),
            trace_id: letter.trace_id(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), redact(value).to_string()))
                .collect(),
            content_type: envelope.content_type().map(str::to_owned),
            payload_size: envelope.payload().len(),
            truncated: letter.truncated.clone(),
            payload: None,
        }
    }

    /// Describes a dead letter with its payload.
    #[must_use]
    pub fn with_payload(letter: &DeadLetter) -> Self {
        let payload = letter.envelope.payload();
        let begin = payload.get(..MAX_PAYLOAD_SIZE).unwrap_or(payload);
        let text = match str::from_utf8(begin) {
            Ok(text) => text.to_owned(),
            // The limit is within a character.
            Err(error) if error.error_len().is_none() => {
                String::from_utf8_lossy(begin.get(..error.valid_up_to()).unwrap_or_default())
                    .into_owned()
            }
            Err(_) => begin.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        Self {
            payload: Some(text),
            ..Self::of(letter)
        }
    }
}
