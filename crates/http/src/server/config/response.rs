use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use super::within;
use crate::server::ListenError;

/// The default of `stall_timeout`, longer than for bodies: a client may process received bytes.
const DEFAULT_STALL_TIMEOUT: Timeout = Timeout::from_secs(30);
/// The default of `min_rate`, per second, as for request bodies.
const DEFAULT_MIN_RATE: ByteSize = ByteSize::kibibytes(1);

/// Limits on clients that read a response slowly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseLimitsConfig {
    /// Maximum total time in which the client blocks the response. Sent bytes reduce it at
    /// `min_rate`. Time without data to send does not count.
    pub stall_timeout: Timeout,
    /// Bytes per second that reduce the waiting time.
    pub min_rate: ByteSize,
}

impl ResponseLimitsConfig {
    pub(super) fn check(&self) -> Result<(), ListenError> {
        within("limits.response.min_rate", self.min_rate.get(), 1, u64::MAX)
    }
}

impl Default for ResponseLimitsConfig {
    fn default() -> Self {
        Self {
            stall_timeout: DEFAULT_STALL_TIMEOUT,
            min_rate: DEFAULT_MIN_RATE,
        }
    }
}
