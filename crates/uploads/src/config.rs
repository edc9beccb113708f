use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `max_size`: a photo of a phone fits.
const DEFAULT_MAX_SIZE: ByteSize = ByteSize::mebibytes(10);
/// The default of `url_ttl`. A browser sends the file right after it has the URL.
const DEFAULT_URL_TTL: Timeout = Timeout::from_secs(5 * 60);
/// The default of `pending_ttl`. A user may continue an upload on the next day.
const DEFAULT_PENDING_TTL: Timeout = Timeout::from_secs(24 * 60 * 60);
/// The default of `failed_retention`. Support can look up a failure for a week.
const DEFAULT_FAILED_RETENTION: Timeout = Timeout::from_secs(7 * 24 * 60 * 60);
/// The default of `stall_timeout`, longer than all retries of a busy worker.
const DEFAULT_STALL_TIMEOUT: Timeout = Timeout::from_secs(10 * 60);
/// Scanning and decoding take seconds.
const DEFAULT_PROCESS_TIMEOUT: Timeout = Timeout::from_secs(2 * 60);
/// The default of `processing_ttl`. Operators repair a dependency within a day.
const DEFAULT_PROCESSING_TTL: Timeout = Timeout::from_secs(24 * 60 * 60);
/// The default of `max_attempts`. A file that crashed the process three times will do so again.
const DEFAULT_MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// The default of `max_open_per_owner`. A user selects some files in one step.
const DEFAULT_MAX_OPEN: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// The default of `max_bytes_per_owner`, enough for thousands of pictures.
const DEFAULT_MAX_BYTES: ByteSize = ByteSize::mebibytes(1024);

/// Settings of uploads.
///
/// ```
/// use seaworthy_core::ByteSize;
/// use seaworthy_uploads::UploadsConfig;
///
/// let config = UploadsConfig { max_size: ByteSize::mebibytes(25), ..UploadsConfig::default() };
/// # drop(config);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UploadsConfig {
    /// Maximum size of an upload.
    pub max_size: ByteSize,
    /// Whether S3 may sign a URL for an upload without a declared size and media type. A client can
    /// then send any size while the URL is valid, and the sweeper deletes content above `max_size`.
    /// Other storages reject such content immediately.
    pub allow_unenforced_max_size: bool,
    /// How long a signed URL is valid.
    pub url_ttl: Timeout,
    /// How long an upload may stay incomplete. Then it expires.
    pub pending_ttl: Timeout,
    /// How long failed and expired uploads stay visible.
    pub failed_retention: Timeout,
    /// The time without progress after which the message of a complete upload is published again.
    pub stall_timeout: Timeout,
    /// Maximum time of one attempt to scan and process an upload.
    pub process_timeout: Timeout,
    /// How long a complete upload may stay without a result while a dependency fails. Then it
    /// fails.
    pub processing_ttl: Timeout,
    /// Maximum number of attempts that end without a result, because the process ended, a timeout
    /// passed or the scanner failed for this content. Then the upload fails.
    pub max_attempts: NonZeroU32,
    /// Maximum number of incomplete uploads of one owner.
    pub max_open_per_owner: NonZeroU32,
    /// Maximum size of all uploads of one owner that are incomplete, in progress or ready.
    pub max_bytes_per_owner: ByteSize,
}

impl Default for UploadsConfig {
    fn default() -> Self {
        Self {
            max_size: DEFAULT_MAX_SIZE,
            allow_unenforced_max_size: false,
            url_ttl: DEFAULT_URL_TTL,
            pending_ttl: DEFAULT_PENDING_TTL,
            failed_retention: DEFAULT_FAILED_RETENTION,
            stall_timeout: DEFAULT_STALL_TIMEOUT,
            process_timeout: DEFAULT_PROCESS_TIMEOUT,
            processing_ttl: DEFAULT_PROCESSING_TTL,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            max_open_per_owner: DEFAULT_MAX_OPEN,
            max_bytes_per_owner: DEFAULT_MAX_BYTES,
        }
    }
}
