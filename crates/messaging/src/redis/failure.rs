use seaworthy_redis::RedisError;

use crate::{PublishError, transport::TransportError};

/// Answers that say that it is not the time, and nothing against what was asked. `NOGROUP` is the answer of a Redis that has lost its data: the group is made again when the session is.
const FOR_NOW: [&str; 9] = [
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

fn is_for_now(said: &str) -> bool {
    let code = said.split(' ').next().unwrap_or_default();
    FOR_NOW.contains(&code)
}

pub(super) fn failed(error: RedisError) -> TransportError {
    match &error {
        RedisError::Refused { code, detail } if !is_for_now(code) => {
            TransportError::refused(format!("Redis refused: {code} {detail}"))
        }
        _ => TransportError::unavailable(error),
    }
}

/// What a script was told about one message.
pub(super) fn refused(said: &str) -> PublishError {
    if is_for_now(said) {
        PublishError::unavailable(said.to_owned())
    } else {
        PublishError::permanent(said.to_owned())
    }
}
