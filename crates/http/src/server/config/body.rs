use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use super::within;
use crate::server::ListenError;

/// The default of `stall_timeout`. A mobile client that changes cells is silent for a few seconds.
const DEFAULT_STALL_TIMEOUT: Timeout = Timeout::from_secs(15);
/// The default of `min_rate`, per second. A slower client only occupies the connection.
const DEFAULT_MIN_RATE: ByteSize = ByteSize::kibibytes(1);
/// The default of `timeout`, enough for a body of the maximum size over a slow mobile network.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(5 * 60);
/// The default of `max_size`. The stack applies the smaller limit of the service or the route.
const DEFAULT_MAX_SIZE: ByteSize = ByteSize::mebibytes(64);

/// Limits on the body of a request.
///
/// Time counts only while the service waits for bytes, so a slow handler does not end its client.
/// gRPC calls have no time limits for bodies, because their streams may be idle for hours. Pings
/// detect dead clients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BodyLimitsConfig {
    /// Maximum total waiting time for a body. Received bytes reduce it at `min_rate`, so it limits
    /// a pause as well as a slow client.
    pub stall_timeout: Timeout,
    /// Bytes per second that reduce the waiting time.
    pub min_rate: ByteSize,
    /// Time limit for a whole body.
    pub timeout: Timeout,
    /// Maximum size of a body for all routes. The response to a larger `Content-Length` is 413. A
    /// larger stream ends with an error.
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
