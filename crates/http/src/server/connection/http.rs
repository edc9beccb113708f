//! Converts the settings of a listener to those of the protocol library.

use hyper::server::conn::{http1, http2};
use hyper_util::rt::TokioTimer;

use super::streams::Streams;
use crate::server::config::LimitsConfig;

/// Minimum buffer of a connection: one full TLS record and a head.
const MIN_BUFFER: usize = 64 << 10;
/// The number of headers that the parser's table holds without allocating.
const INLINE_HEADERS: u32 = 100;

/// Returns the HTTP/1 settings of a listener, which every connection uses.
pub(crate) fn http1(limits: &LimitsConfig) -> http1::Builder {
    // The scanner rejects at the limit itself. The parser would reject without a body.
    let head = limits.head.max_size.as_usize() + 1;
    let mut builder = http1::Builder::new();
    builder
        // The driver watches the head. A second timer per request costs more than it gains.
        .header_read_timeout(None)
        .max_header_size(head)
        .max_buf_size(head.max(MIN_BUFFER));
    if limits.head.max_headers != INLINE_HEADERS {
        builder.max_headers(limits.head.max_headers as usize);
    }
    builder
}

/// Returns the HTTP/2 settings of one connection, because its streams refer to the connection.
pub(super) fn http2(
    limits: &LimitsConfig,
    connection_window: u32,
    streams: Streams,
) -> http2::Builder<Streams> {
    let http2 = &limits.http2;
    let saturating = |size: seaworthy_core::ByteSize| u32::try_from(size.get()).unwrap_or(u32::MAX);
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(http2.max_streams)
        .max_pending_accept_reset_streams(http2.max_pending_resets as usize)
        .max_local_error_reset_streams(http2.max_error_resets as usize)
        .initial_stream_window_size(saturating(http2.stream_window))
        .initial_connection_window_size(connection_window)
        .max_frame_size(saturating(http2.max_frame_size))
        .max_send_buf_size(http2.send_buffer.as_usize())
        .max_header_list_size(saturating(limits.head.max_size))
        .keep_alive_interval(http2.ping_interval.get())
        .keep_alive_timeout(http2.ping_timeout.get());
    builder
}
