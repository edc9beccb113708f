use seaworthy_redis::RedisError;

use crate::{PublishError, transport::TransportError};

/// Codes of transient errors. `NOGROUP` is that of a Redis that lost its data: the next session
/// creates the group again.
const TRANSIENT: [&str; 9] = [
    "LOADING",
    "READONLY",
    "MASTERDOWN",
    "OOM",
    "BUSY",
    "NOREPLICAS",
    "MISCONF",
    "TRYAGAIN",
    "NOGROUP",
];

fn is_transient(error: &str) -> bool {
    let code = error.split(' ').next().unwrap_or_default();
    TRANSIENT.contains(&code)
}

pub(super) fn transport_error(error: RedisError) -> TransportError {
    match &error {
        RedisError::Rejected { code, detail } if !is_transient(code) => {
            TransportError::rejected(format!("Redis rejected the command: {code} {detail}"))
        }
        _ => TransportError::unavailable(error),
    }
}

/// The error that a script returned for one message.
pub(super) fn publish_error(error: &str) -> PublishError {
    if is_transient(error) {
        PublishError::unavailable(error.to_owned())
    } else {
        PublishError::permanent(error.to_owned())
    }
}
