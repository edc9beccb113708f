use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use super::within;
use crate::server::ListenError;

/// The least that RFC 9113, section 6.5.2 recommends, and what most servers allow.
const DEFAULT_MAX_STREAMS: u32 = 100;
/// As many as there may be streams: a user who leaves a page cancels each once, an attacker again and again.
const DEFAULT_MAX_RESETS: u32 = 100;
/// With the number above: ten cancellations a second for as long as the connection lasts.
const DEFAULT_RESET_WINDOW: Timeout = Timeout::from_secs(10);
/// What the protocol library chose after CVE-2023-44487.
const DEFAULT_MAX_PENDING_RESETS: u32 = 20;
/// What the protocol library chose after RUSTSEC-2024-0003.
const DEFAULT_MAX_ERROR_RESETS: u32 = 1024;
/// Fills a path of 100 Mbit/s and 20 ms for one stream.
const DEFAULT_STREAM_WINDOW: ByteSize = ByteSize::kibibytes(256);
/// What a connection may make this side hold: four streams at full speed.
const DEFAULT_CONNECTION_WINDOW: ByteSize = ByteSize::mebibytes(1);
/// The least that the protocol allows; larger frames let one stream hold up the others.
const DEFAULT_MAX_FRAME_SIZE: ByteSize = ByteSize::kibibytes(16);
/// Per stream; a hundred streams hold 6 MiB at most.
const DEFAULT_SEND_BUFFER: ByteSize = ByteSize::kibibytes(64);
/// Below the minutes after which address translators forget a silent connection.
const DEFAULT_PING_INTERVAL: Timeout = Timeout::from_secs(30);
/// Longer than any round trip.
const DEFAULT_PING_TIMEOUT: Timeout = Timeout::from_secs(10);

/// Largest flow-control window (RFC 9113, section 6.9.1).
const MOST_WINDOW: u64 = (1 << 31) - 1;
/// Range of `SETTINGS_MAX_FRAME_SIZE` (RFC 9113, section 6.5.2).
const LEAST_FRAME: u64 = 1 << 14;
const MOST_FRAME: u64 = (1 << 24) - 1;

/// Limits of HTTP/2. Head and body limits apply to it as well: `limits.head.max_size` bounds the decoded header list and with it the
/// number of CONTINUATION frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Http2Config {
    /// Requests in flight on one connection.
    pub max_streams: u32,
    /// Requests a peer may cancel on one connection within `reset_window` before the connection is closed (CVE-2023-44487).
    pub max_resets: u32,
    /// The time over which `max_resets` counts.
    pub reset_window: Timeout,
    /// Requests cancelled before they were even started that are kept in mind; more close the connection.
    pub max_pending_resets: u32,
    /// Streams this side resets for a peer's errors before the connection is closed.
    pub max_error_resets: u32,
    /// Bytes of one request body that a peer may send ahead of the service, at most 2 GiB.
    pub stream_window: ByteSize,
    /// Bytes of all request bodies of a connection that a peer may send ahead of the service, at most 2 GiB.
    pub connection_window: ByteSize,
    /// Largest frame that is accepted, from 16 KiB to 16 MiB less one byte.
    pub max_frame_size: ByteSize,
    /// Bytes of one response that are held for a peer that does not take them.
    pub send_buffer: ByteSize,
    /// How often the peer is asked for a sign of life.
    pub ping_interval: Timeout,
    /// How long the answer to that may take.
    pub ping_timeout: Timeout,
}

impl Http2Config {
    pub(super) fn check(&self) -> Result<(), ListenError> {
        let key = "limits.http2.stream_window";
        within(key, self.stream_window.get(), 1, MOST_WINDOW)?;
        let key = "limits.http2.connection_window";
        within(key, self.connection_window.get(), 1, MOST_WINDOW)?;
        let key = "limits.http2.max_frame_size";
        within(key, self.max_frame_size.get(), LEAST_FRAME, MOST_FRAME)?;
        let key = "limits.http2.send_buffer";
        within(key, self.send_buffer.get(), 1, u32::MAX.into())?;
        within(
            "limits.http2.max_streams",
            self.max_streams.into(),
            1,
            MOST_WINDOW,
        )
    }
}

impl Default for Http2Config {
    fn default() -> Self {
        Self {
            max_streams: DEFAULT_MAX_STREAMS,
            max_resets: DEFAULT_MAX_RESETS,
            reset_window: DEFAULT_RESET_WINDOW,
            max_pending_resets: DEFAULT_MAX_PENDING_RESETS,
            max_error_resets: DEFAULT_MAX_ERROR_RESETS,
            stream_window: DEFAULT_STREAM_WINDOW,
            connection_window: DEFAULT_CONNECTION_WINDOW,
            max_frame_size: DEFAULT_MAX_FRAME_SIZE,
            send_buffer: DEFAULT_SEND_BUFFER,
            ping_interval: DEFAULT_PING_INTERVAL,
            ping_timeout: DEFAULT_PING_TIMEOUT,
        }
    }
}
