use crate::{
    GroupName, InvalidName, Topic,
    envelope::InvalidHeader,
    transport::{Cause, TransportError},
};
use seaworthy_core::{ByteSize, Code, Error};
use seaworthy_service::{ConnectError, StartError};

/// A message was not published, or the outcome is unknown.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The broker will never accept the message as it is.
    #[error("the message cannot be published")]
    Permanent(#[source] Cause),
    /// The message exceeds the setting `max_message_size`.
    #[error("the message has {size} bytes, but max_message_size is {} bytes", limit.get())]
    TooLarge {
        /// The size of the message in bytes.
        size: usize,
        /// The maximum size.
        limit: ByteSize,
    },
    /// The topic has no subscription.
    #[error("no consumer group subscribes to the topic {topic}")]
    Unroutable {
        /// The topic.
        topic: Topic,
    },
    /// The broker cannot be reached, does not respond in time, or rejects temporarily. Without a
    /// reply the message may have been published.
    #[error("the broker did not confirm the message")]
    Unavailable(#[source] Cause),
    /// A queue of the topic has reached its maximum length. The broker itself works, so other
    /// topics can be published to.
    #[error("a queue of the topic {topic} is full")]
    QueueFull {
        /// The topic.
        topic: Topic,
    },
    /// The message was not sent, because an earlier message of its key failed transiently or the
    /// time of the batch was over.
    #[error("the message was deferred: an earlier message of its key is not stored")]
    Deferred,
    /// The service has closed its connection to the broker.
    #[error("the publisher is closed")]
    Closed,
}

impl PublishError {
    /// Creates a permanent error.
    pub fn permanent(cause: impl Into<Cause>) -> Self {
        Self::Permanent(cause.into())
    }

    /// Creates a transient error of the broker.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// Whether publishing the same message again may succeed. An unroutable message may get a
    /// subscription.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Unroutable { .. }
                | Self::QueueFull { .. }
                | Self::Deferred
        )
    }

    /// Whether the failure defers later messages of the same key.
    pub(crate) const fn holds_key(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::Unroutable { .. }
            | Self::QueueFull { .. }
            | Self::Deferred
            | Self::Closed => true,
            Self::Permanent(_) | Self::TooLarge { .. } => false,
        }
    }

    /// All values of [`reason`](Self::reason).
    pub(crate) const REASONS: [&str; 7] = [
        "permanent",
        "too_large",
        "unroutable",
        "unavailable",
        "queue_full",
        "deferred",
        "closed",
    ];

    /// Returns the reason as the label of a metric.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Permanent(_) => "permanent",
            Self::TooLarge { .. } => "too_large",
            Self::Unroutable { .. } => "unroutable",
            Self::Unavailable(_) => "unavailable",
            Self::QueueFull { .. } => "queue_full",
            Self::Deferred => "deferred",
            Self::Closed => "closed",
        }
    }
}

impl From<InvalidHeader> for PublishError {
    fn from(error: InvalidHeader) -> Self {
        Self::permanent(error)
    }
}

impl From<TransportError> for PublishError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Unavailable(cause) => Self::Unavailable(cause),
            TransportError::Rejected(cause) => Self::Permanent(cause),
            TransportError::Closed => Self::Closed,
        }
    }
}

impl From<PublishError> for Error {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unavailable(_)
            | PublishError::QueueFull { .. }
            | PublishError::Deferred
            | PublishError::Closed => Self::new(
                Code::Unavailable,
                "BROKER_UNAVAILABLE",
                "the message broker is unavailable: try again later",
            )
            .with_cause(error),
            other => Self::internal(other),
        }
    }
}

/// A publisher or a subscription cannot be created (MSG-2).
#[derive(Debug, thiserror::Error)]
pub enum MessagingError {
    /// The settings are invalid.
    #[error("the settings of the broker are invalid: {0}")]
    Settings(String),
    /// The URL names an engine whose cargo feature is not enabled.
    #[error(
        "the broker URL has the scheme {scheme:?}, but its engine is not built in: enable the cargo feature of this engine in seaworthy-messaging"
    )]
    NotBuiltIn {
        /// The scheme of the URL.
        scheme: &'static str,
    },
    /// The broker cannot be reached in time.
    #[error(transparent)]
    NotConnected(#[from] ConnectError),
    /// The name of a topic or a group is not valid.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The subscription is invalid.
    #[error("the subscription {group:?} {problem}")]
    Subscription {
        /// The consumer group.
        group: String,
        /// The problem, as the predicate of a sentence.
        problem: String,
    },
    /// The publisher has no topics.
    #[error("a publisher needs at least one topic")]
    NoTopics,
    /// The broker rejects the topics.
    #[error("the topics {topics:?} cannot be declared")]
    Declare {
        /// The topics.
        topics: Vec<Topic>,
        /// The error of the broker.
        #[source]
        cause: TransportError,
    },
    /// The broker rejects the subscription.
    #[error("the consumer group {group} cannot subscribe")]
    Open {
        /// The consumer group.
        group: GroupName,
        /// The error of the broker.
        #[source]
        cause: TransportError,
    },
}

impl From<MessagingError> for StartError {
    fn from(error: MessagingError) -> Self {
        Self::with_cause("messaging cannot start", error)
    }
}
