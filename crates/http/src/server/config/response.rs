use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use super::within;
use crate::server::ListenError;

/// Longer than a body may stall, because a client may be busy with what it already received.
const DEFAULT_STALL_TIMEOUT: Timeout = Timeout::from_secs(30);
/// As for request bodies: slower than any modem in use.
const DEFAULT_MIN_RATE: ByteSize = ByteSize::kibibytes(1);

/// Limits on how slowly a peer may take a response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseLimitsConfig {
    /// How long the service may be kept from writing in all; every byte that the peer takes pays back at `min_rate`. A service that
    /// has nothing to write does not count.
    pub stall_timeout: Timeout,
    /// Bytes a second below which the waiting adds up.
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
