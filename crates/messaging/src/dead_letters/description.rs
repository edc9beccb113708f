use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use seaworthy_telemetry::redact::redact;
use serde::Serialize;

use crate::{TruncatedPayload, DeadLetter, DeadLetterId, DeadLetterReason, GroupName, Topic};

/// As much of a payload as a person reads.
const LONGEST_PAYLOAD: usize = 64 * 1024;

/// Everything about a dead letter, for people and programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadLetterDescription {
    /// Its identifier.
    pub id: DeadLetterId,
    /// That of the message.
    pub message_id: String,
    /// The topic.
    pub topic: Topic,
    /// The group that could not handle it.
    pub group: Option<GroupName>,
    /// The kind of event.
    pub event_type: String,
    /// The version of its payload.
    pub version: Option<u32>,
    /// Who published it.
    pub source: String,
    /// What it is about.
    pub subject: Option<String>,
    /// Its key.
    pub key: Option<String>,
    /// When it was made.
    pub time: Option<DateTime<Utc>>,
    /// Why it was given up.
    pub reason: DeadLetterReason,
    /// The kind of the last failure.
    pub class: String,
    /// What the last failure said.
    pub problem: String,
    /// What failures of the same cause share.
    pub fingerprint: String,
    /// How often it was tried since it was published or replayed last.
    pub attempts: u32,
    /// How often it was replayed.
    pub replays: u32,
    /// When it failed first.
    pub first_failed: Option<DateTime<Utc>>,
    /// When it failed last.
    pub last_failed: Option<DateTime<Utc>>,
    /// The request from which it comes.
    pub request_id: Option<String>,
    /// The trace in which it failed.
    pub trace_id: Option<String>,
    /// The headers of the application's own, masked (OBS-3).
    pub headers: BTreeMap<String, String>,
    /// The media type of the payload.
    pub content_type: Option<String>,
    /// How many bytes the payload has.
    pub payload_size: usize,
    /// The payload as it was, where only its beginning was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<TruncatedPayload>,
    /// The first 64 KiB of the payload as a text, in hexadecimal digits where it is none; only where it is asked for, because nobody knows what is in it.
    pub payload: Option<String>,
}

impl DeadLetterDescription {
    /// Everything but the payload.
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
            request_id: letter.request_id().map(str::to_owned),
            trace_id: letter.trace_id(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), redact(value).to_string()))
                .collect(),
            content_type: envelope.content_type().map(str::to_owned),
            payload_size: envelope.payload().len(),
            cut: letter.cut.clone(),
            payload: None,
        }
    }

    /// With the payload.
    #[must_use]
    pub fn with_payload(letter: &DeadLetter) -> Self {
        let payload = letter.envelope.payload();
        let begin = payload.get(..LONGEST_PAYLOAD).unwrap_or(payload);
        let text = match str::from_utf8(begin) {
            Ok(text) => text.to_owned(),
            // Cut within a character.
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
