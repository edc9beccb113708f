use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use seaworthy_core::ByteSize;
use seaworthy_resilience::circuit_breaker::DeferredReport;
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

use super::{
    decompress::{Encoding, unwrap},
    receive::Received,
};
use crate::{BodySize, ClientError, classify::of_error, observe::CallRecord};

/// Size of a decompressed chunk. A decompression bomb exceeds its limit by at most this size.
const CHUNK: usize = 16 * 1024;

/// The decompressed body of a response, within its limits. The call ends with it.
pub struct ResponseBody {
    kind: Kind,
    host: Arc<str>,
    max_size: ByteSize,
    record: Option<CallRecord>,
    /// The report that the circuit breaker waits for.
    report: Option<DeferredReport>,
}

enum Kind {
    Plain(Received),
    /// Compressed, without data yet.
    Compressed(Received, Encoding),
    Decompressed {
        reader: Pin<Box<dyn AsyncRead + Send>>,
        buffer: BytesMut,
        left: u64,
    },
    Ended,
}

impl ResponseBody {
    pub(crate) fn new(
        received: Received,
        encoding: Option<Encoding>,
        host: Arc<str>,
        max_size: ByteSize,
        record: CallRecord,
        report: Option<DeferredReport>,
    ) -> Self {
        let kind = match encoding {
            Some(encoding) => Kind::Compressed(received, encoding),
            None => Kind::Plain(received),
        };
        Self {
            kind,
            host,
            max_size,
            record: Some(record),
            report,
        }
    }

    fn decompression_failed(&self, error: io::Error) -> ClientError {
        match unwrap(error) {
            Ok(error) => error,
            Err(source) => ClientError::Decompression {
                host: Arc::clone(&self.host),
                source,
            },
        }
    }

    /// Starts decompression with the first frame. Trailers end a body without data.
    fn begin(&mut self, first: Frame<Bytes>) {
        let kind = std::mem::replace(&mut self.kind, Kind::Ended);
        if let (Kind::Compressed(body, encoding), Ok(first)) = (kind, first.into_data()) {
            self.kind = Kind::Decompressed {
                reader: encoding.reader(first, body),
                buffer: BytesMut::new(),
                left: self.max_size.get(),
            };
        }
    }

    fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ClientError>>> {
        if let Kind::Compressed(body, _) = &mut self.kind {
            let Some(first) = ready!(Pin::new(body).poll_frame(context)) else {
                return Poll::Ready(None);
            };
            match first {
                Err(error) => return Poll::Ready(Some(Err(error))),
                Ok(frame) => self.begin(frame),
            }
        }
        match &mut self.kind {
            Kind::Plain(body) => Pin::new(body).poll_frame(context),
            Kind::Compressed(..) | Kind::Ended => Poll::Ready(None),
            Kind::Decompressed {
                reader,
                buffer,
                left,
            } => {
                buffer.reserve(CHUNK);
                let read = ready!(poll_read_buf(reader.as_mut(), context, buffer));
                let length = match read {
                    Ok(0) => return Poll::Ready(None),
                    Ok(length) => u64::try_from(length).unwrap_or(u64::MAX),
                    Err(error) => return Poll::Ready(Some(Err(self.decompression_failed(error)))),
                };
                let data = buffer.split().freeze();
                match left.checked_sub(length) {
                    Some(rest) => {
                        *left = rest;
                        Poll::Ready(Some(Ok(Frame::data(data))))
                    }
                    None => Poll::Ready(Some(Err(ClientError::TooLarge {
                        host: Arc::clone(&self.host),
                        limit: self.max_size,
                        of: BodySize::Decompressed,
                    }))),
                }
            }
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ClientError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ClientError>>> {
        let frame = ready!(self.poll_data(context));
        match &frame {
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                if let Some(report) = self.report.take() {
                    report.finish(of_error(error));
                }
                if let Some(record) = self.record.take() {
                    record.record_failure(error);
                }
                self.kind = Kind::Ended;
            }
            None => {
                self.report = None;
                self.record = None;
                self.kind = Kind::Ended;
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Plain(body) => body.is_end_stream(),
            Kind::Compressed(body, _) => body.is_end_stream(),
            Kind::Decompressed { .. } => false,
            Kind::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Plain(body) => body.size_hint(),
            Kind::Compressed(..) | Kind::Decompressed { .. } => SizeHint::new(),
            Kind::Ended => SizeHint::with_exact(0),
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResponseBody")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}
