use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};

use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use seaworthy_resilience::Outcome;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Code, Status};

use super::{
    classify::{StatusReport, of_status},
    observe::CallRecord,
    transport::{late, outcome_of_trailers},
};

pin_project! {
    /// The body of a response. It ends at the call's deadline.
    pub(super) struct BoundedBody {
        #[pin]
        body: tonic::body::Body,
        #[pin]
        deadline: Sleep,
        report: Option<StatusReport>,
        record: Option<CallRecord>,
        is_grpc: bool,
    }
}

impl BoundedBody {
    pub(super) fn new(
        body: tonic::body::Body,
        deadline: Instant,
        report: Option<StatusReport>,
        record: Option<CallRecord>,
        is_grpc: bool,
    ) -> Self {
        Self {
            body,
            deadline: sleep_until(deadline),
            report,
            record,
            is_grpc,
        }
    }
}

fn cut_off() -> Status {
    Status::internal("the response ended without a status")
}

impl Body for BoundedBody {
    type Data = <tonic::body::Body as Body>::Data;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let this = self.project();
        // A body that is always ready must not exceed the deadline. A status that has already
        // arrived is the response.
        let is_late = Instant::now() >= this.deadline.deadline();
        let frame = match this.body.poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) if is_late && frame.is_data() => Some(Err(late())),
            // In gRPC every response ends with its status. A body without one was cut off.
            Poll::Ready(None) if *this.is_grpc && this.record.is_some() => Some(Err(cut_off())),
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                std::task::ready!(this.deadline.poll(context));
                Some(Err(late()))
            }
        };
        let (outcome, code) = match &frame {
            Some(Ok(frame)) => {
                let status = frame.trailers_ref().and_then(Status::from_header_map);
                let outcome = outcome_of_trailers(frame.trailers_ref());
                (outcome, status.map(|status| status.code()))
            }
            // The caller sets the deadline, so a stream that is open then is not a failure of the
            // server.
            Some(Err(status)) if status.code() == Code::DeadlineExceeded => {
                (Outcome::Neutral, Some(status.code()))
            }
            Some(Err(status)) => (of_status(status, &HeaderMap::new()), Some(status.code())),
            None => (Outcome::Success, None),
        };
        if let Some(code) = code
            && let Some(record) = this.record.take()
        {
            record.finish(code);
        }
        if outcome != Outcome::Neutral
            && let Some(report) = this.report.take()
        {
            report.finish(outcome);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.record.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use futures::{StreamExt as _, stream};
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    /// A body whose messages are all ready, followed by the status.
    fn flood(messages: usize) -> BoundedBody {
        let data = || Ok::<_, Status>(Frame::data(Bytes::from_static(&[0; 5])));
        let status = Frame::trailers(HeaderMap::from_iter([(
            "grpc-status".parse().unwrap(),
            "0".parse().unwrap(),
        )]));
        let frames = stream::repeat_with(data)
            .take(messages)
            .chain(stream::iter([Ok(status)]));
        let body = tonic::body::Body::new(StreamBody::new(frames));
        let deadline = Instant::now() + Duration::from_secs(1);
        BoundedBody::new(body, deadline, None, None, true)
    }

    #[tokio::test(start_paused = true)]
    async fn deadline_ends_answer_that_is_always_ready_res_3() {
        let mut body = Box::pin(flood(100));
        for _ in 0..10 {
            assert!(body.frame().await.unwrap().unwrap().is_data());
        }
        tokio::time::advance(Duration::from_secs(2)).await;
        let status = body.frame().await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }

    #[tokio::test(start_paused = true)]
    async fn reads_arrived_status_after_deadline_res_3() {
        let mut body = Box::pin(flood(1));
        assert!(body.frame().await.unwrap().unwrap().is_data());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(body.frame().await.unwrap().unwrap().is_trailers());
    }
}
