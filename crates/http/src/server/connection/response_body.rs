use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{state::InFlight, streams::SendProgress};

/// Maximum bytes passed to one HTTP/2 stream in one step. The protocol library accepts a frame of
/// any size before it applies its limits. With small pieces, this side holds only one piece for a
/// peer that reads nothing.
const PIECE: usize = 16 << 10;

pin_project! {
    /// A response that is being sent. The request counts as in flight until this is dropped.
    pub(crate) struct ResponseBody<B> {
        #[pin]
        body: Option<B>,
        progress: Option<Arc<SendProgress>>,
        rest: Bytes,
        in_flight: InFlight,
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn new(body: B, progress: Option<Arc<SendProgress>>, in_flight: InFlight) -> Self {
        Self::with(Some(body), Bytes::new(), progress, in_flight)
    }

    /// A complete response that does not come from the service.
    pub(super) fn whole(
        body: Bytes,
        progress: Option<Arc<SendProgress>>,
        in_flight: InFlight,
    ) -> Self {
        Self::with(None, body, progress, in_flight)
    }

    fn with(
        body: Option<B>,
        rest: Bytes,
        progress: Option<Arc<SendProgress>>,
        in_flight: InFlight,
    ) -> Self {
        if let Some(progress) = &progress {
            progress.record_produced(0);
        }
        Self {
            body,
            progress,
            rest,
            in_flight,
        }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let Some(progress) = this.progress else {
            return match this.body.as_pin_mut() {
                Some(body) => body.poll_frame(context),
                None if this.rest.is_empty() => Poll::Ready(None),
                None => Poll::Ready(Some(Ok(Frame::data(std::mem::take(this.rest))))),
            };
        };
        if this.rest.is_empty() {
            let Some(body) = this.body.as_pin_mut() else {
                return Poll::Ready(None);
            };
            let polled = body.poll_frame(context);
            if polled.is_pending() {
                progress.set_idle();
            }
            match ready!(polled).transpose()?.map(Frame::into_data) {
                None => return Poll::Ready(None),
                Some(Err(trailers)) => return Poll::Ready(Some(Ok(trailers))),
                Some(Ok(data)) => *this.rest = data,
            }
        }
        let piece = this.rest.split_to(PIECE.min(this.rest.len()));
        progress.record_produced(piece.len());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self
            .body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}
