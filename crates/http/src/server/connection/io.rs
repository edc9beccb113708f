//! The bytes of a connection: what is told of them to the watching timer, and how they end.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::{framing::Framing, patience::Patience, state::ConnectionState, stream::Stream};
use crate::server::{config::LimitsConfig, registry::Ticket, stats::ConnectionStats};

/// What every HTTP/2 client sends first (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Stands in the place of what is malformed: valid nowhere in a head or in the framing of a chunk, and complete, so that the parser refuses
/// at once.
const REFUSED: &[u8] = b"\0\r\n\r\n";

/// What a peer may still send after the end, before it is left alone: enough for the rest of a refused form, little for a flood.
const MOST_LINGERING: usize = 256 << 10;

pub(crate) struct ConnectionIo {
    stream: Stream,
    state: Arc<ConnectionState>,
    prefix: Prefix,
    reading: Reading,
    writing: Patience,
    linger: std::time::Duration,
    lingering: Option<Lingering>,
    /// Held as long as the socket is, so that an upgraded connection counts too.
    _ticket: Ticket,
}

/// Bytes read while sniffing, to be read again.
#[derive(Default)]
struct Prefix {
    bytes: [u8; PREFACE.len()],
    filled: usize,
    taken: usize,
}

/// What the bytes read are.
enum Reading {
    /// Not looked at: HTTP/2, or not yet known.
    Opaque,
    Http1 {
        framing: Framing,
        stats: Arc<ConnectionStats>,
    },
    /// Malformed; the rest is not delivered.
    Refused,
}

struct Lingering {
    deadline: Pin<Box<Sleep>>,
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
            writing: Patience::new(response.stall_timeout.get(), response.min_rate.get()),
            linger: limits.connections.linger.get(),
            lingering: None,
            _ticket: ticket,
        }
    }

    /// The protocol agreed on in the handshake. Under TLS a client that names none speaks HTTP/1.
    pub(super) fn alpn(&self) -> Option<&[u8]> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => Some(stream.get_ref().1.alpn_protocol().unwrap_or_default()),
        }
    }

    /// Reads more of the first bytes. False is the end of the stream.
    pub(super) fn poll_sniff(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let free = self.prefix.bytes.get_mut(self.prefix.filled..);
        let mut buffer = ReadBuf::new(free.unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        let read = buffer.filled().len();
        self.prefix.filled += read;
        if read > 0 {
            self.state.heard();
        }
        Poll::Ready(Ok(read > 0))
    }

    pub(super) fn sniffed(&self) -> &[u8] {
        self.prefix
            .bytes
            .get(..self.prefix.filled)
            .unwrap_or_default()
    }

    /// From here on the bytes are HTTP/1, read strictly.
    pub(super) fn expect_http1(&mut self, stats: Arc<ConnectionStats>) {
        self.reading = Reading::Http1 {
            framing: Framing::new(),
            stats,
        };
    }

    /// Looks at bytes before the parser does.
    fn examine(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let Reading::Http1 { framing, stats } = &mut self.reading else {
            return;
        };
        let read = buffer.filled().get(before..).unwrap_or_default();
        match framing.scan(read) {
            Ok(()) if framing.is_within_head() => self.state.head_begun(),
            Ok(()) => self.state.head_complete(),
            Err(malformed) => {
                ConnectionStats::count(&stats.malformed);
                self.reading = Reading::Refused;
                buffer.set_filled(before + malformed.sound);
                let room = buffer.remaining().min(REFUSED.len());
                buffer.put_slice(REFUSED.get(..room).unwrap_or_default());
            }
        }
    }

    fn written(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => {
                let deadline = self.writing.wait(Instant::now);
                self.state.set_write_deadline(Some(deadline));
            }
            Poll::Ready(result) => {
                let bytes = result.as_ref().map_or(0, |bytes| *bytes);
                self.writing.progress(bytes, Instant::now);
                self.state.set_write_deadline(None);
            }
        }
        written
    }

    /// Reads what the peer still sends and forgets it. Closing a socket with unread bytes makes the kernel send a reset, which destroys the
    /// answer on its way to the peer (RFC 9112, section 9.6).
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let linger = self.linger;
        let lingering = self.lingering.get_or_insert_with(|| Lingering {
            deadline: Box::pin(tokio::time::sleep(linger)),
            read: 0,
        });
        let mut scratch = [0; 4096];
        while lingering.read < MOST_LINGERING {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    lingering.read += buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return lingering.deadline.as_mut().poll(context),
            }
        }
        Poll::Ready(())
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
        if matches!(this.reading, Reading::Refused) {
            let room = buffer.remaining().min(REFUSED.len());
            buffer.put_slice(REFUSED.get(..room).unwrap_or_default());
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
            ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        }
        if buffer.filled().len() > before {
            this.state.heard();
            this.examine(buffer, before);
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
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        if !this.stream.holds_back() {
            return flushed;
        }
        this.written(flushed.map_ok(|()| 0)).map_ok(|_| ())
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        }
        this.poll_linger(context).map(Ok)
    }
}
