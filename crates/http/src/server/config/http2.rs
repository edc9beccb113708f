use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use super::within;
use crate::server::ListenError;

/// The default of `max_streams`: the minimum of RFC 9113, section 6.5.2, as in most servers.
const DEFAULT_MAX_STREAMS: u32 = 100;
/// The default of `max_resets`: the number of streams. A browser that closes a page cancels all.
const DEFAULT_MAX_RESETS: u32 = 100;
/// The default of `reset_window`. With `max_resets`, it allows ten cancellations per second.
const DEFAULT_RESET_WINDOW: Timeout = Timeout::from_secs(10);
/// The default of `max_pending_resets`: that of the HTTP/2 library after CVE-2023-44487.
const DEFAULT_MAX_PENDING_RESETS: u32 = 20;
/// The default of `max_error_resets`: that of the HTTP/2 library after RUSTSEC-2024-0003.
const DEFAULT_MAX_ERROR_RESETS: u32 = 1024;
/// The default of `stream_window`: the bandwidth-delay product of 100 Mbit/s and 20 ms.
const DEFAULT_STREAM_WINDOW: ByteSize = ByteSize::kibibytes(256);
/// The default of `connection_window`: four streams at full speed.
const DEFAULT_CONNECTION_WINDOW: ByteSize = ByteSize::mebibytes(1);
/// The default of `max_frame_size`: the minimum, because large frames delay other streams.
const DEFAULT_MAX_FRAME_SIZE: ByteSize = ByteSize::kibibytes(16);
/// The default of `send_buffer`, per stream: a hundred streams hold at most 6.25 MiB.
const DEFAULT_SEND_BUFFER: ByteSize = ByteSize::kibibytes(64);
/// The default of `ping_interval`, shorter than the idle timeout of NAT devices.
const DEFAULT_PING_INTERVAL: Timeout = Timeout::from_secs(30);
/// The default of `ping_timeout`, longer than any round trip.
const DEFAULT_PING_TIMEOUT: Timeout = Timeout::from_secs(10);

/// Maximum flow-control window (RFC 9113, section 6.9.1).
const MAX_WINDOW: u64 = (1 << 31) - 1;
/// Range of `SETTINGS_MAX_FRAME_SIZE` (RFC 9113, section 6.5.2).
const MIN_FRAME_SIZE: u64 = 1 << 14;
const MAX_FRAME_SIZE: u64 = (1 << 24) - 1;

/// Limits of HTTP/2. The limits of heads and bodies apply too: `limits.head.max_size` limits the
/// decoded header list, and so the CONTINUATION frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Http2Config {
    /// Maximum requests in flight on one connection.
    pub max_streams: u32,
    /// Maximum requests that a client may cancel on one connection within `reset_window`. More
    /// close the connection (CVE-2023-44487).
    pub max_resets: u32,
    /// The time window of `max_resets`.
    pub reset_window: Timeout,
    /// Maximum cancelled requests that the service has not yet started. More close the connection.
    pub max_pending_resets: u32,
    /// Maximum streams that the service resets because of client errors. More close the connection.
    pub max_error_resets: u32,
    /// Maximum bytes of one request body ahead of the handler, up to 2 GiB.
    pub stream_window: ByteSize,
    /// Maximum bytes of all request bodies of a connection ahead of the handlers, up to 2 GiB. All
    /// connections share a limit of `server.max_body_memory`. A connection gets 64 KiB while the
    /// limit is exhausted.
    pub connection_window: ByteSize,
    /// Maximum size of a frame, 16 KiB to 16 MiB less one byte.
    pub max_frame_size: ByteSize,
    /// Maximum bytes of one response that wait for the client.
    pub send_buffer: ByteSize,
    /// Interval of pings.
    pub ping_interval: Timeout,
    /// Time limit for the response to a ping.
    pub ping_timeout: Timeout,
}

impl Http2Config {
    pub(super) fn check(&self) -> Result<(), ListenError> {
        let key = "limits.http2.stream_window";
        within(key, self.stream_window.get(), 1, MAX_WINDOW)?;
        let key = "limits.http2.connection_window";
        within(key, self.connection_window.get(), 1, MAX_WINDOW)?;
        let key = "limits.http2.max_frame_size";
        within(
            key,
            self.max_frame_size.get(),
            MIN_FRAME_SIZE,
            MAX_FRAME_SIZE,
        )?;
        let key = "limits.http2.send_buffer";
        within(key, self.send_buffer.get(), 1, u32::MAX.into())?;
        within(
            "limits.http2.max_streams",
            self.max_streams.into(),
            1,
            MAX_WINDOW,
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
