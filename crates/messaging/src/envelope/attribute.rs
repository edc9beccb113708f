//! Attribute names of CloudEvents 1.0, of its documented extensions, and of this framework.

/// The version of the CloudEvents specification.
pub const SPEC_VERSION: &str = "specversion";
/// The value of [`SPEC_VERSION`].
pub const SUPPORTED_SPEC_VERSION: &str = "1.0";
/// The message ID.
pub const ID: &str = "id";
/// The publishing service.
pub const SOURCE: &str = "source";
/// The event type.
pub const TYPE: &str = "type";
/// The subject of the event.
pub const SUBJECT: &str = "subject";
/// The time of the event.
pub const TIME: &str = "time";
/// The media type of the payload.
pub const DATA_CONTENT_TYPE: &str = "datacontenttype";
/// The URI of the payload's schema.
pub const DATA_SCHEMA: &str = "dataschema";
/// The version of the payload, an integer.
pub const DATA_VERSION: &str = "dataversion";
/// The key. Messages of one key are handled one at a time, in order.
pub const PARTITION_KEY: &str = "partitionkey";
/// The W3C trace context of the publishing span.
pub const TRACEPARENT: &str = "traceparent";
/// The vendor-specific part of the W3C trace context.
pub const TRACESTATE: &str = "tracestate";
/// The W3C baggage.
pub const BAGGAGE: &str = "baggage";
/// The ID of the publishing request (OBS-7).
pub const REQUEST_ID: &str = "requestid";
/// The deadline of the publishing request.
pub const DEADLINE: &str = "deadline";
/// The actor of the publishing request.
pub const ACTOR: &str = "actor";
/// The tenant of the publishing request.
pub const TENANT: &str = "tenant";
/// The ID of the message that caused this one.
pub const CAUSATION_ID: &str = "causationid";
/// The ID that all messages with one origin share.
pub const CORRELATION_ID: &str = "correlationid";
/// The expiry. Consumers drop the message after it.
pub const EXPIRY_TIME: &str = "expirytime";
/// The only consumer group that receives the message.
pub const RECIPIENT: &str = "recipient";

/// The attributes with a field in [`Envelope`](super::Envelope).
pub(super) const FIELDS: [&str; 10] = [
    SPEC_VERSION,
    ID,
    SOURCE,
    TYPE,
    SUBJECT,
    TIME,
    DATA_CONTENT_TYPE,
    DATA_VERSION,
    PARTITION_KEY,
    RECIPIENT,
];
