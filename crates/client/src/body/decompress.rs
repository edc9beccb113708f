use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_compression::{
    tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, HeaderValue, header::CONTENT_ENCODING};
use http_body::Body;
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

use super::receive::Received;
use crate::ClientError;

/// Maximum window of zstd that a receiver must keep (RFC 9659), as a power of two: 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// A content coding that the client decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Encoding {
    /// The value of `Accept-Encoding`.
    pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, br, zstd, deflate");

    /// Returns the coding of a response. The client does not decode several nested codings, because
    /// it did not request them.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(CONTENT_ENCODING).into_iter();
        let value = values.next()?.to_str().ok()?.trim();
        if values.next().is_some() {
            return None;
        }
        let known = [
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("deflate", Self::Deflate),
            ("br", Self::Brotli),
            ("zstd", Self::Zstd),
        ];
        known
            .into_iter()
            .find(|(name, _)| value.eq_ignore_ascii_case(name))
            .map(|(_, encoding)| encoding)
    }

    /// Decodes a body whose first data has been read. A body without data is empty with any coding.
    pub(super) fn reader(self, first: Bytes, body: Received) -> Pin<Box<dyn AsyncRead + Send>> {
        let chunks = StreamReader::new(Chunks {
            first: Some(first),
            body,
        });
        match self {
            Self::Gzip => {
                let mut decoder = GzipDecoder::new(chunks);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            Self::Deflate => Box::pin(ZlibDecoder::new(chunks)),
            Self::Brotli => Box::pin(BrotliDecoder::new(chunks)),
            Self::Zstd => {
                let window = DParameter::window_log_max(ZSTD_WINDOW_LOG);
                let mut decoder = ZstdDecoder::with_params(chunks, &[window]);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
        }
    }
}

/// The data of a body. The reader propagates its errors.
struct Chunks {
    first: Option<Bytes>,
    body: Received,
}

impl Stream for Chunks {
    type Item = io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}

/// Returns the error of the body that a reader wraps, or the error of the reader.
pub(super) fn unwrap(error: io::Error) -> Result<ClientError, io::Error> {
    let is_ours = error
        .get_ref()
        .is_some_and(|inner| inner.is::<ClientError>());
    if !is_ours {
        return Err(error);
    }
    let kind = error.kind();
    match error
        .into_inner()
        .map(|inner| inner.downcast::<ClientError>())
    {
        Some(Ok(error)) => Ok(*error),
        Some(Err(inner)) => Err(io::Error::new(kind, inner)),
        None => Err(kind.into()),
    }
}
