use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use super::channel::late;

pin_project! {
    /// The rest of an answer, which ends at the call's deadline whatever the server does.
    pub(super) struct BoundedBody {
        #[pin]
        body: tonic::body::Body,
        #[pin]
        deadline: Sleep,
    }
}

impl BoundedBody {
    pub(super) fn new(body: tonic::body::Body, deadline: Instant) -> Self {
        Self {
            body,
            deadline: sleep_until(deadline),
        }
    }
}

impl Body for BoundedBody {
    type Data = <tonic::body::Body as Body>::Data;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let this = self.project();
        match this.body.poll_frame(context) {
            Poll::Pending => this.deadline.poll(context).map(|()| Some(Err(late()))),
            ready => ready,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
