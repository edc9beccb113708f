//! Smaller forms of a dead letter, for a broker that permanently rejects the complete one.

use sha2::{Digest as _, Sha256};

use super::attributes;
use crate::Envelope;

/// The size of a truncated payload in bytes: below the limits of every broker, and enough to
/// recognize the message.
pub(super) const MAX_CUT_PAYLOAD: usize = 16 * 1024;

/// The parts of the message that a dead letter keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The whole message.
    Complete,
    /// The message without the headers and attributes of its publisher.
    WithoutHeaders,
    /// The beginning of the payload, without headers. It cannot be replayed.
    TruncatedPayload,
}

impl Form {
    /// All forms, the largest first.
    pub(crate) const ALL: [Self; 3] =
        [Self::Complete, Self::WithoutHeaders, Self::TruncatedPayload];

    /// Returns the stored dead letter in this form.
    pub(crate) fn of(self, stored: &Envelope) -> Envelope {
        match self {
            Self::Complete => stored.clone(),
            Self::WithoutHeaders => stored.clone().with_attributes_only(&attributes::ALL),
            Self::TruncatedPayload => cut(stored.clone().with_attributes_only(&attributes::ALL)),
        }
    }
}

fn cut(letter: Envelope) -> Envelope {
    let payload = letter.payload().clone();
    let digest = Sha256::digest(&payload);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    letter
        .with_attribute(attributes::PAYLOAD_SIZE, payload.len().to_string())
        .with_attribute(attributes::PAYLOAD_SHA256, digest)
        .with_payload(payload.slice(..payload.len().min(MAX_CUT_PAYLOAD)))
}
