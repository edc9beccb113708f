//! One request: rejected here, or passed to the service with its limits.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, UPGRADE},
};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use seaworthy_core::RequestId;
use tower_service::Service;

use super::{
    driver::Version,
    rejection::Rejection,
    request_body::RequestBody,
    request_checks::rejection_of,
    response_body::ResponseBody,
    state::{ConnectionState, InFlight, ResetLimit},
    streams::{SendProgress, Streams},
};
use crate::{
    RequestIds, request_id,
    server::{accept::Shared, stats::ConnectionStats},
};

pub(super) struct RequestService<S> {
    service: S,
    state: Arc<ConnectionState>,
    shared: Arc<Shared>,
    version: Version,
    /// `None` over HTTP/1, where the connection is the only stream.
    streams: Option<Streams>,
}

impl<S> RequestService<S> {
    pub(super) fn new(
        service: S,
        state: Arc<ConnectionState>,
        shared: Arc<Shared>,
        streams: Option<Streams>,
    ) -> Self {
        Self {
            service,
            state,
            shared,
            version: match streams {
                None => Version::Http1,
                Some(_) => Version::Http2,
            },
            streams,
        }
    }

    fn bounded_body(&self, parts: &http::request::Parts, body: Incoming) -> Body {
        if http_body::Body::is_end_stream(&body) {
            return Body::empty();
        }
        let may_pause = self.version == Version::Http2
            && parts
                .headers
                .get(CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        Body::new(RequestBody::new(
            body,
            &self.shared,
            &self.state,
            !may_pause,
        ))
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for RequestService<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<B>>;
    type Error = Infallible;
    type Future = Responding<S, S::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let resets = match self.version {
            Version::Http1 => None,
            Version::Http2 => Some(ResetLimit {
                max: self.shared.limits.http2.max_resets,
                window: self.shared.limits.http2.reset_window.get(),
            }),
        };
        let in_flight = InFlight::new(Arc::clone(&self.state), resets);
        let (parts, body) = request.into_parts();
        let accepts_interim_response = parts.version == http::Version::HTTP_11;
        self.state
            .set_accepts_interim_response(accepts_interim_response);
        let upgrades = self.version == Version::Http1
            && (parts.method == Method::CONNECT || parts.headers.contains_key(UPGRADE));
        let stage = match rejection_of(&parts, &self.shared.limits) {
            Some(rejection) => {
                ConnectionStats::count(&self.shared.stats.rejected_requests);
                Stage::Rejected {
                    rejection,
                    id: request_id::of(&parts.headers, RequestIds::Any),
                }
            }
            None => {
                let body = self.bounded_body(&parts, body);
                Stage::Waiting {
                    service: self.service.clone(),
                    request: Some(Request::from_parts(parts, body)),
                }
            }
        };
        Responding {
            stage,
            upgrades,
            progress: self.streams.as_ref().map(Streams::announce),
            in_flight: Some(in_flight),
            state: Arc::clone(&self.state),
            version: self.version,
        }
    }
}

pin_project! {
    /// A response that is not available yet.
    pub(crate) struct Responding<S, F> {
        #[pin]
        stage: Stage<S, F>,
        upgrades: bool,
        progress: Option<Arc<SendProgress>>,
        in_flight: Option<InFlight>,
        state: Arc<ConnectionState>,
        version: Version,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<S, F> {
        Waiting { service: S, request: Option<Request<Body>> },
        Called { #[pin] response: F },
        Rejected { rejection: Rejection, id: RequestId },
    }
}

impl<S, B> Future for Responding<S, S::Future>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = loop {
            let next = match this.stage.as_mut().project() {
                StageProjection::Waiting { service, request } => {
                    let Ok(()) = ready!(service.poll_ready(context));
                    let Some(request) = request.take() else {
                        return Poll::Pending;
                    };
                    Stage::Called {
                        response: service.call(request),
                    }
                }
                StageProjection::Called { response } => {
                    let Ok(response) = ready!(response.poll(context));
                    break Ok(response);
                }
                StageProjection::Rejected { rejection, id } => break Err((*rejection, id.clone())),
            };
            this.stage.set(next);
        };
        let Some(mut in_flight) = this.in_flight.take() else {
            return Poll::Pending;
        };
        in_flight.set_responded();
        let progress = this.progress.take();
        let refused = response.is_err();
        let mut response = match response {
            Ok(response) => response.map(|body| ResponseBody::new(body, progress, in_flight)),
            Err((rejection, id)) => {
                let (headers, body) = rejection.response(&id, this.state.peer());
                let body = ResponseBody::whole(body, progress, in_flight);
                let mut response = Response::new(body);
                *response.status_mut() = rejection.status();
                *response.headers_mut() = headers;
                response
            }
        };
        // After a request to upgrade the bytes have not been examined, so the connection upgrades
        // or ends.
        let upgraded = *this.upgrades && response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if upgraded {
            this.state.upgrade();
        }
        let unexamined = *this.upgrades && !upgraded;
        let ends = refused || unexamined || this.state.is_closing();
        if *this.version == Version::Http1 && ends && !upgraded {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        Poll::Ready(Ok(response))
    }
}
