use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ::http::{Request, request::Parts};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use seaworthy_core::ByteSize;

/// A request body that can be sent again up to a maximum size.
///
/// It records the sent buffers without copying them, and keeps the unread rest after an attempt. A
/// body above the maximum size is sent once and not recorded.
#[derive(Debug)]
pub struct ReplayBody<B: Body<Data = Bytes> + Unpin> {
    pub(super) record: Arc<Mutex<Record<B>>>,
    /// The unread part. `None` at the end.
    rest: Option<B>,
    /// Recorded frames that were sent in this attempt.
    sent: usize,
    hint: SizeHint,
    fresh: bool,
}

/// The recorded part of a body, which attempts share.
#[derive(Debug)]
pub struct Record<B> {
    chunks: Vec<Bytes>,
    bytes: u64,
    limit: u64,
    trailers: Option<::http::HeaderMap>,
    state: RecordState<B>,
    hint: SizeHint,
}

#[derive(Debug)]
enum RecordState<B> {
    /// An attempt owns the rest.
    Running,
    /// The attempt has ended with this rest. `None` if all was read.
    Left(Option<B>),
    /// It cannot be sent again.
    Lost,
}

impl<B: Body<Data = Bytes> + Unpin> ReplayBody<B> {
    /// Creates a body that is recorded up to `limit`.
    pub fn new(body: B, limit: ByteSize) -> Self {
        let hint = body.size_hint();
        let record = Record {
            chunks: Vec::new(),
            bytes: 0,
            limit: limit.get(),
            trailers: None,
            state: RecordState::Running,
            hint,
        };
        Self {
            record: Arc::new(Mutex::new(record)),
            rest: Some(body),
            sent: 0,
            hint,
            fresh: true,
        }
    }

    /// Returns what a retry needs: the head of the request and the record of its body.
    pub fn capture(request: &Request<Self>) -> (Parts, Arc<Mutex<Record<B>>>) {
        let mut head = Request::new(());
        *head.method_mut() = request.method().clone();
        *head.uri_mut() = request.uri().clone();
        *head.version_mut() = request.version();
        *head.headers_mut() = request.headers().clone();
        *head.extensions_mut() = request.extensions().clone();
        (head.into_parts().0, Arc::clone(&request.body().record))
    }

    /// Rebuilds the body if the previous attempt has ended and the body is complete.
    pub fn rebuild(shared: &Arc<Mutex<Record<B>>>) -> Option<Self> {
        let mut record = shared.lock();
        match std::mem::replace(&mut record.state, RecordState::Running) {
            RecordState::Left(rest) => Some(Self {
                record: Arc::clone(shared),
                rest,
                sent: 0,
                hint: record.hint,
                fresh: true,
            }),
            other => {
                record.state = other;
                None
            }
        }
    }
}

impl<B> Record<B> {
    fn add(&mut self, chunk: &Bytes) {
        if matches!(self.state, RecordState::Lost) {
            return;
        }
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if self.bytes > self.limit {
            self.state = RecordState::Lost;
            self.chunks = Vec::new();
        } else {
            self.chunks.push(chunk.clone());
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ReplayBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        this.fresh = false;
        let mut record = this.record.lock();
        if let Some(chunk) = record.chunks.get(this.sent) {
            this.sent += 1;
            return Poll::Ready(Some(Ok(Frame::data(chunk.clone()))));
        }
        let Some(rest) = &mut this.rest else {
            let trailers = record.trailers.clone().filter(|_| this.sent < usize::MAX);
            this.sent = usize::MAX;
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        };
        match ready!(Pin::new(rest).poll_frame(context)) {
            Some(Ok(frame)) => {
                if let Some(chunk) = frame.data_ref() {
                    record.add(chunk);
                    this.sent = record.chunks.len();
                } else if let Some(trailers) = frame.trailers_ref() {
                    // Trailers are the last frame.
                    record.trailers = Some(trailers.clone());
                    this.rest = None;
                    this.sent = usize::MAX;
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                record.state = RecordState::Lost;
                Poll::Ready(Some(Err(error)))
            }
            None => {
                this.rest = None;
                this.sent = usize::MAX;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let record = self.record.lock();
        let recorded_is_sent = self.sent >= record.chunks.len();
        match &self.rest {
            Some(rest) => recorded_is_sent && rest.is_end_stream(),
            None => recorded_is_sent && (self.sent == usize::MAX || record.trailers.is_none()),
        }
    }

    fn size_hint(&self) -> SizeHint {
        if self.fresh {
            self.hint
        } else {
            SizeHint::new()
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Drop for ReplayBody<B> {
    fn drop(&mut self) {
        let mut record = self.record.lock();
        if matches!(record.state, RecordState::Running) {
            record.state = RecordState::Left(self.rest.take());
        }
    }
}
