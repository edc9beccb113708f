/// Redis cannot be reached, or did not answer as it should. The address is not part of the text: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// It did not answer within the timeout.
    #[error("Redis did not answer in time")]
    Late,
    /// The connection could not be made, or broke.
    #[error("Redis cannot be reached: {0}")]
    Unreachable(String),
    /// It answered with an error.
    #[error("Redis refused: {code}")]
    Refused {
        /// Its own word for it, such as `WRONGTYPE`.
        code: String,
        /// What it said, for logs; it may repeat what it was sent.
        detail: String,
    },
    /// It answered with something else than was expected.
    #[error("Redis answered with another type")]
    Unexpected,
}

impl RedisError {
    /// Whether a later attempt may succeed without a change: it says nothing about the request.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Late | Self::Unreachable(_))
    }
}

impl From<redis::RedisError> for RedisError {
    fn from(error: redis::RedisError) -> Self {
        if error.is_timeout() {
            return Self::Late;
        }
        if error.is_io_error() || error.is_connection_dropped() || error.is_cluster_error() {
            return Self::Unreachable(error.category().to_owned());
        }
        match error.code() {
            Some(code) => Self::Refused {
                code: code.to_owned(),
                detail: error.detail().unwrap_or_default().to_owned(),
            },
            None => match error.kind() {
                redis::ErrorKind::UnexpectedReturnType | redis::ErrorKind::Parse => {
                    Self::Unexpected
                }
                _ => Self::Unreachable(error.category().to_owned()),
            },
        }
    }
}
