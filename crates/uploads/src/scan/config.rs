use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `max_size`: the default `StreamMaxLength` of clamd.
const DEFAULT_MAX_SIZE: ByteSize = ByteSize::mebibytes(25);
/// The default of `timeout`. The scan of a nested archive takes some seconds.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(60);
/// The default of `max_connections`: the default `MaxThreads` of clamd.
const DEFAULT_MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The connection to clamd, the daemon of ClamAV.
///
/// ```
/// use seaworthy_uploads::ClamdConfig;
///
/// let config = ClamdConfig { address: Some("clamd:3310".to_owned()), ..ClamdConfig::default() };
/// # drop(config);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClamdConfig {
    /// Whether production accepts uploads without a scan if `address` is not set.
    #[schemars(extend("x-allowance" = true))]
    pub allow_unscanned: bool,
    /// Whether production accepts an `address` on another machine. clamd has no TLS, so others on
    /// the network can read the uploads and change the results.
    #[schemars(extend("x-allowance" = true))]
    pub allow_unencrypted: bool,
    /// The address of clamd: HOST:PORT, or unix: and the path of its socket. Without it uploads are
    /// not scanned, and production rejects the settings unless `allow_unscanned` is true. It
    /// rejects another machine unless `allow_unencrypted` is true.
    #[schemars(extend("x-connects" = true, "x-unsafe" = [{
        "id": "FILE-1",
        "value": null,
        "unless": "allow_unscanned",
        "why": "uploads are not scanned, so the service accepts files with malware",
        "fix": "set the address of clamd, or allow_unscanned: true to accept files without a scan"
    }, {
        "id": "SEC-1",
        "remote": true,
        "unless": "allow_unencrypted",
        "why": "clamd has no TLS, so others on the network can read the uploads and change the results",
        "fix": "use a socket (unix:) or 127.0.0.1, or set allow_unencrypted: true if only this service can use the network"
    }]))]
    pub address: Option<String>,
    /// Maximum size of content. Use the value of `StreamMaxLength` in the settings of clamd. Larger
    /// uploads fail.
    pub max_size: ByteSize,
    /// Maximum time of a scan.
    pub timeout: Timeout,
    /// Maximum number of scans at the same time. Further scans wait.
    pub max_connections: NonZeroU32,
}

impl Default for ClamdConfig {
    fn default() -> Self {
        Self {
            allow_unscanned: false,
            allow_unencrypted: false,
            address: None,
            max_size: DEFAULT_MAX_SIZE,
            timeout: DEFAULT_TIMEOUT,
            max_connections: DEFAULT_MAX_CONNECTIONS,
        }
    }
}
