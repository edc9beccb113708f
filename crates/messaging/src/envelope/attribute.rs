//! The names of attributes: those of CloudEvents 1.0, of its documented extensions, and of this framework. All are lower-case letters and digits, as CloudEvents asks.

/// Which CloudEvents it is.
pub const SPEC_VERSION: &str = "specversion";
/// The version that is spoken.
pub const SPEC_VERSION_SPOKEN: &str = "1.0";
/// The identifier of the message.
pub const ID: &str = "id";
/// The service that published it.
pub const SOURCE: &str = "source";
/// The kind of event.
pub const TYPE: &str = "type";
/// What the event is about.
pub const SUBJECT: &str = "subject";
/// When the event was made.
pub const TIME: &str = "time";
/// The media type of the payload.
pub const DATA_CONTENT_TYPE: &str = "datacontenttype";
/// Where the payload's schema is.
pub const DATA_SCHEMA: &str = "dataschema";
/// The version of the payload's schema, a whole number.
pub const DATA_VERSION: &str = "dataversion";
/// Messages of one key are handled one at a time, in order.
pub const PARTITION_KEY: &str = "partitionkey";
/// The span that published it, of W3C Trace Context.
pub const TRACEPARENT: &str = "traceparent";
/// What vendors add to the span.
pub const TRACESTATE: &str = "tracestate";
/// What callers pass on.
pub const BAGGAGE: &str = "baggage";
/// The identifier of the request from which it comes (OBS-7).
pub const REQUEST_ID: &str = "requestid";
/// When the request from which it comes ended at the latest.
pub const DEADLINE: &str = "deadline";
/// Who acted.
pub const ACTOR: &str = "actor";
/// On whose behalf.
pub const TENANT: &str = "tenant";
/// The message that led to this one.
pub const CAUSATION_ID: &str = "causationid";
/// What all messages of one story share.
pub const CORRELATION_ID: &str = "correlationid";
/// After this moment nobody wants it any more.
pub const EXPIRY_TIME: &str = "expirytime";
/// The one group that is to get it, where it is not for all.
pub const RECIPIENT: &str = "recipient";

/// The attributes that have a field of their own in an envelope.
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
