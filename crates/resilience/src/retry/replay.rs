use std::sync::Arc;

use ::http::{Method, Request, request::Parts};
use bytes::Bytes;
use http_body::Body;
use parking_lot::Mutex;

use super::body::{Record, ReplayBody};

/// Tells which requests may be sent twice, and makes the second one.
pub trait Replay<R>: Clone {
    /// What is kept of a request while it runs.
    type Kept;

    /// Keeps what is needed to send the request again; `None` when it must be sent once.
    fn keep(&self, request: &R) -> Option<Self::Kept>;

    /// The request once more, whole; `None` when that is no longer possible. Called after the attempt before it has ended.
    fn again(&self, kept: &Self::Kept) -> Option<R>;
}

/// Every request may be repeated, by cloning it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayClone;

impl<R: Clone> Replay<R> for ReplayClone {
    type Kept = R;

    fn keep(&self, request: &R) -> Option<R> {
        Some(request.clone())
    }

    fn again(&self, kept: &R) -> Option<R> {
        Some(kept.clone())
    }
}

/// No request may be repeated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayNever;

impl<R> Replay<R> for ReplayNever {
    type Kept = ();

    fn keep(&self, _: &R) -> Option<()> {
        None
    }

    fn again(&self, (): &()) -> Option<R> {
        None
    }
}

/// The mark, as an extension of a request, that repeating it does no harm although its method does not say so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repeatable;

/// HTTP requests that may be repeated: idempotent by their method (RFC 9110, section 9.2.2), with an `Idempotency-Key`, or marked [`Repeatable`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayIdempotent;

impl ReplayIdempotent {
    fn may_repeat<B>(request: &Request<B>) -> bool {
        let method = request.method();
        [
            Method::GET,
            Method::HEAD,
            Method::OPTIONS,
            Method::TRACE,
            Method::PUT,
            Method::DELETE,
        ]
        .contains(method)
            || request.headers().contains_key("idempotency-key")
            || request.extensions().get::<Repeatable>().is_some()
    }
}

impl<B> Replay<Request<ReplayBody<B>>> for ReplayIdempotent
where
    B: Body<Data = Bytes> + Unpin,
{
    type Kept = (Parts, Arc<Mutex<Record<B>>>);

    fn keep(&self, request: &Request<ReplayBody<B>>) -> Option<Self::Kept> {
        if !Self::may_repeat(request) {
            return None;
        }
        Some(ReplayBody::keep(request))
    }

    fn again(&self, (parts, record): &Self::Kept) -> Option<Request<ReplayBody<B>>> {
        let body = ReplayBody::again(record)?;
        Some(Request::from_parts(parts.clone(), body))
    }
}
