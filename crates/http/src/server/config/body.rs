use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use super::within;
use crate::server::ListenError;

/// A mobile client changing cells is silent for a few seconds, hardly for more.
const DEFAULT_STALL_TIMEOUT: Timeout = Timeout::from_secs(15);
/// Slower than any modem in use; a client below it is holding the connection and not sending.
const DEFAULT_MIN_RATE: ByteSize = ByteSize::kibibytes(1);
/// Enough for the largest body at a slow mobile rate.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(5 * 60);
/// Only the ceiling: the working limit (2 MiB unless a route says otherwise) belongs to the middleware.
const DEFAULT_MAX_SIZE: ByteSize = ByteSize::mebibytes(64);

/// Limits on the body of a request.
///
/// Time counts only while the service waits for bytes, so a service that reads slowly does not blame its client. gRPC calls over HTTP/2
/// are exempt from the time limits: their request stream may rest for hours, and pings find out whether the peer is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BodyLimitsConfig {
    /// How long the service may be kept waiting in all; every byte that arrives pays back at `min_rate`. So it bounds a silence as
    /// well as a trickle.
    pub stall_timeout: Timeout,
    /// Bytes a second below which the waiting adds up.
    pub min_rate: ByteSize,
    /// The time a body may take in all, whatever its rate.
    pub timeout: Timeout,
    /// Bytes of a body that no route may exceed. A larger `Content-Length` is answered with 413, a larger stream ends in an error.
    pub max_size: ByteSize,
}

impl BodyLimitsConfig {
    pub(super) fn check(&self) -> Result<(), ListenError> {
        within("limits.body.min_rate", self.min_rate.get(), 1, u64::MAX)
    }
}

impl Default for BodyLimitsConfig {
    fn default() -> Self {
        Self {
            stall_timeout: DEFAULT_STALL_TIMEOUT,
            min_rate: DEFAULT_MIN_RATE,
            timeout: DEFAULT_TIMEOUT,
            max_size: DEFAULT_MAX_SIZE,
        }
    }
}
