use crate::{
    GroupName, InvalidName, Topic,
    envelope::InvalidHeader,
    transport::{Cause, TransportError},
};
use seaworthy_core::{ByteSize, Code, Error};
use seaworthy_service::{ConnectError, StartError};

/// A message was not published, or nobody knows whether it was.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The message can never be published as it is.
    #[error("the message cannot be published")]
    Permanent(#[source] Cause),
    /// It is larger than `max_message_size`.
    #[error("the message has {size} bytes; at most {} are published", limit.get())]
    TooLarge {
        /// What it has.
        size: usize,
        /// What it may have.
        limit: ByteSize,
    },
    /// No group gets messages of its topic.
    #[error("no group gets messages of the topic {topic}")]
    Unroutable {
        /// The topic.
        topic: Topic,
    },
    /// The broker cannot be reached, did not answer in time, or refuses for now. Where it did not answer, the message may have been published.
    #[error("the broker did not take the message")]
    Unavailable(#[source] Cause),
    /// A queue of the topic has reached its maximum length. The broker itself works, so other topics
    /// can be published to.
    #[error("a queue of the topic {topic} is full")]
    QueueFull {
        /// The topic.
        topic: Topic,
    },
    /// The message was not sent, because an earlier message of its key failed transiently or the
    /// time of the batch was over.
    #[error("the message was not sent: earlier messages of its key come first")]
    Deferred,
    /// The service has closed its connection.
    #[error("the publisher is closed")]
    Closed,
}

impl PublishError {
    /// The message can never be published as it is.
    pub fn permanent(cause: impl Into<Cause>) -> Self {
        Self::Permanent(cause.into())
    }

    /// The broker did not take it for now.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// Whether the same message may be taken later. One that is unroutable may: its subscriber may be on its way.
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

    /// The reason as a label of a metric.
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
            TransportError::Refused(cause) => Self::Permanent(cause),
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
                "the service cannot pass this on right now",
            )
            .with_cause(error),
            other => Self::internal(other),
        }
    }
}

/// A publisher or a subscription cannot work (MSG-2).
#[derive(Debug, thiserror::Error)]
pub enum MessagingError {
    /// The settings cannot be used.
    #[error("the broker's settings cannot be used: {0}")]
    Settings(String),
    /// The URL asks for an engine that is not built in.
    #[error(
        "the URL asks for {scheme:?}, which is not built in: the cargo feature {scheme:?} of seaworthy-messaging adds it"
    )]
    NotBuiltIn {
        /// The scheme.
        scheme: &'static str,
    },
    /// The broker did not answer in time.
    #[error(transparent)]
    NotConnected(#[from] ConnectError),
    /// A name is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// It is put together wrongly.
    #[error("the subscription {group:?} {problem}")]
    Subscription {
        /// Its group.
        group: String,
        /// What is wrong.
        problem: String,
    },
    /// It publishes nothing.
    #[error("a publisher needs at least one topic")]
    NoTopics,
    /// The broker does not let the topics be used.
    #[error("the topics {topics:?} cannot be published to")]
    Declare {
        /// The topics.
        topics: Vec<Topic>,
        /// Why.
        #[source]
        cause: TransportError,
    },
    /// The broker does not let the group take messages.
    #[error("the group {group} cannot take messages")]
    Open {
        /// The group.
        group: GroupName,
        /// Why.
        #[source]
        cause: TransportError,
    },
}

impl From<MessagingError> for StartError {
    fn from(error: MessagingError) -> Self {
        Self::because("messages cannot be used", error)
    }
}
