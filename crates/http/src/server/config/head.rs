use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use super::within;
use crate::server::ListenError;

/// A head fits into one or two packets, so a client that needs more time is broken or malicious.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `max_size`: two full cookies or several tokens, and the maximum of proxies.
const DEFAULT_MAX_SIZE: ByteSize = ByteSize::kibibytes(32);
/// The default of `max_headers`. Browsers send about 20, and proxies add about 10.
const DEFAULT_MAX_HEADERS: u32 = 100;
/// The default of `max_uri_length`. RFC 9110, section 4.1 recommends at least 8000 bytes.
const DEFAULT_MAX_URI_LENGTH: ByteSize = ByteSize::kibibytes(8);

/// Minimum of the setting `max_size`: the parser reads in steps of this size.
const MIN_SIZE: u64 = 8 << 10;
/// Maximum of the setting.
const MAX_SIZE: u64 = 1 << 20;
/// Maximum of the setting. The header table of the parser is still small at this number.
const MAX_HEADERS: u64 = 1000;
/// Maximum length of the request target that the parser accepts.
const MAX_URI_LENGTH: u64 = 65_534;

/// Limits on the head of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HeadLimitsConfig {
    /// Time limit from the first byte of a head to its last.
    pub timeout: Timeout,
    /// Maximum size of a head, 8 KiB to 1 MiB. The response to a larger one is 431.
    pub max_size: ByteSize,
    /// Maximum header lines, up to 1000. The response to more is 431.
    pub max_headers: u32,
    /// Maximum length of the request target, less than 64 KiB. The response to a longer one is 414.
    pub max_uri_length: ByteSize,
}

impl HeadLimitsConfig {
    pub(super) fn check(&self) -> Result<(), ListenError> {
        within(
            "limits.head.max_size",
            self.max_size.get(),
            MIN_SIZE,
            MAX_SIZE,
        )?;
        within(
            "limits.head.max_headers",
            self.max_headers.into(),
            1,
            MAX_HEADERS,
        )?;
        within(
            "limits.head.max_uri_length",
            self.max_uri_length.get(),
            1,
            MAX_URI_LENGTH,
        )
    }
}

impl Default for HeadLimitsConfig {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            max_size: DEFAULT_MAX_SIZE,
            max_headers: DEFAULT_MAX_HEADERS,
            max_uri_length: DEFAULT_MAX_URI_LENGTH,
        }
    }
}
