//! The input and output of a connection, with the times that the timer of the connection needs.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, Sleep, sleep, timeout},
};

use super::{
    frames::Frames, framing::Framing, half_close::HalfClose, rejection::Rejection,
    stall_timer::StallTimer, state::ConnectionState, stream::Stream,
};
use crate::server::{
    accept::Shared, config::LimitsConfig, registry::Ticket, stats::ConnectionStats,
};

/// The connection preface of every HTTP/2 client (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Replaces a malformed chunk. It is complete and never valid, so the parser rejects it
/// immediately.
const INVALID_CHUNK: &[u8] = b"\0\r\n\r\n";

/// The maximum number of bytes that are read from a peer after the last response. It is enough for
/// the rest of a rejected form, and too little for a flood.
const MAX_LINGERING: usize = 256 << 10;

/// The time limit for sending the last response, before the socket lingers. One packet fits into
/// the buffer of any socket, unless the peer does not read.
const LAST_RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) struct ConnectionIo {
    stream: Stream,
    state: Arc<ConnectionState>,
    prefix: Prefix,
    reading: Reading,
    half_close: HalfClose,
    writing: StallTimer,
    linger: Duration,
    lingering: Option<Lingering>,
    /// Dropped together with the socket, so that an upgraded connection counts too.
    _ticket: Ticket,
}

/// Bytes read while sniffing, to be read again.
#[derive(Default)]
struct Prefix {
    bytes: [u8; PREFACE.len()],
    filled: usize,
    taken: usize,
}

/// The state of the bytes that are read.
enum Reading {
    /// The version is not known yet, so the bytes are not scanned.
    Opaque,
    Http2(Frames),
    Http1 {
        framing: Framing,
        stats: Arc<ConnectionStats>,
    },
    /// A head that is rejected without the parser. No later byte is delivered.
    Rejected,
    /// A malformed body. Its rest is not delivered.
    MalformedBody,
}

struct Lingering {
    /// Sends the end of this side, which requires a write under TLS, and reads the rest of the
    /// other side.
    deadline: Pin<Box<Sleep>>,
    is_shut_down: bool,
    read: usize,
}

impl ConnectionIo {
    pub(super) fn new(
        stream: Stream,
        state: Arc<ConnectionState>,
        ticket: Ticket,
        limits: &LimitsConfig,
    ) -> Self {
        let response = &limits.response;
        Self {
            stream,
            state,
            prefix: Prefix::default(),
            reading: Reading::Opaque,
            half_close: HalfClose::new(limits.connections.half_close_timeout.get()),
            writing: StallTimer::new(response.stall_timeout.get(), response.min_rate.get()),
            linger: limits.connections.linger.get(),
            lingering: None,
            _ticket: ticket,
        }
    }

    /// Returns the protocol of the TLS handshake. A TLS client without ALPN uses HTTP/1.
    pub(super) fn alpn(&self) -> Option<&[u8]> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => Some(stream.get_ref().1.alpn_protocol().unwrap_or_default()),
        }
    }

    /// Reads more of the first bytes. Returns `false` at the end of the stream.
    pub(super) fn poll_sniff(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let free = self.prefix.bytes.get_mut(self.prefix.filled..);
        let mut buffer = ReadBuf::new(free.unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        let read = buffer.filled().len();
        self.prefix.filled += read;
        if read > 0 {
            self.state.record_received_bytes();
        }
        Poll::Ready(Ok(read > 0))
    }

    pub(super) fn sniffed_bytes(&self) -> &[u8] {
        self.prefix
            .bytes
            .get(..self.prefix.filled)
            .unwrap_or_default()
    }

    /// Treats all later bytes as HTTP/1, with strict framing.
    pub(super) fn expect_http1(&mut self, shared: &Shared) {
        self.reading = Reading::Http1 {
            framing: Framing::new(&shared.limits),
            stats: Arc::clone(&shared.stats),
        };
    }

    /// Treats all later bytes as HTTP/2 with its preface.
    pub(super) fn expect_http2(&mut self) {
        self.reading = Reading::Http2(Frames::new());
    }

    /// Scans bytes before the parser reads them.
    fn examine(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let read = buffer.filled().get(before..).unwrap_or_default();
        let (framing, stats) = match &mut self.reading {
            Reading::Http1 { framing, stats } => (framing, stats),
            Reading::Http2(frames) => {
                frames.scan(read);
                if frames.is_within_head() {
                    self.state.record_head_start();
                } else {
                    self.state.record_head_end();
                }
                return;
            }
            Reading::Opaque | Reading::Rejected | Reading::MalformedBody => return,
        };
        match framing.scan(read) {
            Ok(()) if framing.is_within_head() => self.state.record_head_start(),
            Ok(()) => self.state.record_head_end(),
            Err(invalid) => {
                let counter = match invalid.rejection {
                    Rejection::Malformed => &stats.malformed,
                    _ => &stats.rejected_requests,
                };
                ConnectionStats::count(counter);
                buffer.set_filled(before + invalid.valid);
                if framing.is_in_body() {
                    if invalid.rejection == Rejection::LargeBody {
                        self.state.mark_large_chunk();
                    }
                } else {
                    self.state.reject(invalid.rejection, framing.heads());
                    self.reading = Reading::Rejected;
                    return;
                }
                self.reading = Reading::MalformedBody;
                let room = buffer.remaining().min(INVALID_CHUNK.len());
                buffer.put_slice(INVALID_CHUNK.get(..room).unwrap_or_default());
            }
        }
    }

    /// Returns whether the requests of a client that closes its sending side are complete.
    fn is_between_messages(&self) -> bool {
        matches!(&self.reading, Reading::Http1 { framing, .. } if framing.is_between_messages())
    }

    fn track_write(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => {
                let deadline = self.writing.wait(Instant::now);
                self.state.set_write_deadline(Some(deadline));
            }
            Poll::Ready(result) => {
                let bytes = result.as_ref().map_or(0, |bytes| *bytes);
                if bytes > 0 {
                    self.half_close.record_sent();
                }
                self.writing.progress(bytes, Instant::now);
                self.state.set_write_deadline(None);
            }
        }
        written
    }

    /// Writes, after the rest of a probe.
    fn poll_write_with(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut Stream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let written = match self.half_close.poll_probe(context, &mut self.stream) {
            Poll::Ready(Ok(())) => write(Pin::new(&mut self.stream), context),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        };
        if written.is_ready() && self.half_close.is_closed() {
            // The reader may wait for the last byte.
            context.waker().wake_by_ref();
        }
        self.track_write(written)
    }

    /// Sends the last response and closes, within a time limit that the peer cannot extend. An
    /// abort does not wait for it.
    pub(super) async fn end_with(&mut self, response: &[u8]) {
        let state = Arc::clone(&self.state);
        let limit = LAST_RESPONSE_TIMEOUT + self.linger;
        let mut end = pin!(timeout(limit, async {
            self.write_all(response).await?;
            self.shutdown().await
        }));
        poll_fn(|context| {
            state.listen(context);
            if state.is_aborted() {
                return Poll::Ready(());
            }
            end.as_mut().poll(context).map(drop)
        })
        .await;
    }

    /// Sends the end of the stream, then reads and discards the bytes that the peer still sends. If
    /// a socket with unread bytes is closed, the kernel sends a reset. The reset destroys a
    /// response that the peer has not read (RFC 9112, section 9.6).
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (linger, state) = (self.linger, &self.state);
        let lingering = self.lingering.get_or_insert_with(|| {
            state.mark_closing();
            Lingering {
                deadline: Box::pin(sleep(linger)),
                is_shut_down: false,
                read: 0,
            }
        });
        if !lingering.is_shut_down {
            let Poll::Ready(outcome) = Pin::new(&mut self.stream).poll_shutdown(context) else {
                ready!(lingering.deadline.as_mut().poll(context));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            };
            outcome?;
            lingering.is_shut_down = true;
        }
        let mut scratch = [0; 4096];
        while lingering.read < MAX_LINGERING {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    lingering.read += buffer.filled().len();
                }
                Poll::Ready(_) => break,
                Poll::Pending => return lingering.deadline.as_mut().poll(context).map(Ok),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for ConnectionIo {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.is_upgraded() {
            this.state.listen(context);
            if this.state.is_aborted() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
        }
        let before = buffer.filled().len();
        if matches!(this.reading, Reading::Rejected) {
            // The driver ends the connection.
            return Poll::Pending;
        }
        if matches!(this.reading, Reading::MalformedBody) {
            let room = buffer.remaining().min(INVALID_CHUNK.len());
            buffer.put_slice(INVALID_CHUNK.get(..room).unwrap_or_default());
            return Poll::Ready(Ok(()));
        }
        let prefix = &mut this.prefix;
        if prefix.taken < prefix.filled {
            let rest = prefix
                .bytes
                .get(prefix.taken..prefix.filled)
                .unwrap_or_default();
            let taken = rest.len().min(buffer.remaining());
            buffer.put_slice(rest.get(..taken).unwrap_or_default());
            prefix.taken += taken;
        } else {
            if this.half_close.is_closed() {
                let stream = &mut this.stream;
                let end = this.half_close.poll_end(context, stream, &this.state);
                return end.map(Ok);
            }
            ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
            if buffer.filled().len() == before && this.is_between_messages() {
                this.state.half_close();
                this.half_close.begin();
                let stream = &mut this.stream;
                let end = this.half_close.poll_end(context, stream, &this.state);
                return end.map(Ok);
            }
        }
        if buffer.filled().len() > before {
            this.state.record_received_bytes();
            this.examine(buffer, before);
            if buffer.filled().len() == before {
                // No byte was valid. Returning zero bytes would mean the end of the stream.
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ConnectionIo {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write =
            |stream: Pin<&mut Stream>, context: &mut Context<'_>| stream.poll_write(context, bytes);
        self.get_mut().poll_write_with(context, write)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = |stream: Pin<&mut Stream>, context: &mut Context<'_>| {
            stream.poll_write_vectored(context, slices)
        };
        self.get_mut().poll_write_with(context, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.half_close.poll_probe(context, &mut this.stream))?;
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        if !this.stream.is_buffered() {
            return flushed;
        }
        this.track_write(flushed.map_ok(|()| 0)).map_ok(|_| ())
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_end(context)
    }
}

#[cfg(test)]
mod tests;
