use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use super::within;
use crate::server::ListenError;

/// A head is one or two packets; whoever needs longer is not sending one.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);
/// Two full cookies or several tokens fit; common proxies send at most this.
const DEFAULT_MAX_SIZE: ByteSize = ByteSize::kibibytes(32);
/// Browsers send about 20 and proxies add about 10.
const DEFAULT_MAX_HEADERS: u32 = 100;
/// RFC 9110, section 4.1 recommends to support at least 8000 bytes.
const DEFAULT_MAX_URI: ByteSize = ByteSize::kibibytes(8);

/// Least size of a head: the parser reads in steps of this size.
const LEAST_SIZE: u64 = 8 << 10;
/// Most that a head may be allowed: above it the limit would not limit.
const MOST_SIZE: u64 = 1 << 20;
/// Above this many the parser's table of headers is no longer small.
const MOST_HEADERS: u64 = 1000;
/// The longest request target the parser itself takes.
const MOST_URI: u64 = 65_534;

/// Limits on the head of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HeadLimitsConfig {
    /// The time from the first byte of a head to its last, however the bytes are spread.
    pub timeout: Timeout,
    /// Bytes of the whole head, between 8 KiB and 1 MiB. Answered with 431.
    pub max_size: ByteSize,
    /// Number of header lines, at most 1000. Answered with 431.
    pub max_headers: u32,
    /// Bytes of the request target, less than 64 KiB. Answered with 414.
    pub max_uri_length: ByteSize,
}

impl HeadLimitsConfig {
    pub(super) fn check(&self) -> Result<(), ListenError> {
        within(
            "limits.head.max_size",
            self.max_size.get(),
            LEAST_SIZE,
            MOST_SIZE,
        )?;
        within(
            "limits.head.max_headers",
            self.max_headers.into(),
            1,
            MOST_HEADERS,
        )?;
        within(
            "limits.head.max_uri_length",
            self.max_uri_length.get(),
            1,
            MOST_URI,
        )
    }
}

impl Default for HeadLimitsConfig {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            max_size: DEFAULT_MAX_SIZE,
            max_headers: DEFAULT_MAX_HEADERS,
            max_uri_length: DEFAULT_MAX_URI,
        }
    }
}
