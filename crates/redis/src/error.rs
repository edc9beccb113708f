/// Errors of a call to Redis. Their texts do not contain the address, which may contain a password.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// Redis did not respond within the timeout.
    #[error("Redis did not respond in time")]
    TimedOut,
    /// The connection failed.
    #[error("Redis cannot be reached: {0}")]
    Unreachable(String),
    /// Redis responded with an error.
    #[error("Redis rejected the command: {code}")]
    Rejected {
        /// The error code, such as `WRONGTYPE`.
        code: String,
        /// The error text, for logs. It may contain data of the request.
        detail: String,
    },
    /// The reply has an unexpected type.
    #[error("the response of Redis has an unexpected type")]
    Unexpected,
}

impl RedisError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Unreachable(_))
    }
}

impl From<redis::RedisError> for RedisError {
    fn from(error: redis::RedisError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_io_error() || error.is_connection_dropped() || error.is_cluster_error() {
            return Self::Unreachable(error.category().to_owned());
        }
        match error.code() {
            Some(code) => Self::Rejected {
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
