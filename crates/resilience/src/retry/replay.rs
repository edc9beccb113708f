use std::sync::Arc;

use ::http::{Method, Request, request::Parts};
use bytes::Bytes;
use http_body::Body;
use parking_lot::Mutex;

use super::body::{Record, ReplayBody};

/// Decides which requests may be sent again, and creates them.
pub trait Replay<R>: Clone {
    /// The saved parts of a request.
    type Saved;

    /// Saves what a retry needs. Returns `None` if the request must not be sent again.
    fn save(&self, request: &R) -> Option<Self::Saved>;

    /// Rebuilds the complete request, or returns `None` if that is not possible. The previous
    /// attempt has ended.
    fn rebuild(&self, saved: &Self::Saved) -> Option<R>;
}

/// Allows retries of all requests, by cloning them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayClone;

impl<R: Clone> Replay<R> for ReplayClone {
    type Saved = R;

    fn save(&self, request: &R) -> Option<R> {
        Some(request.clone())
    }

    fn rebuild(&self, saved: &R) -> Option<R> {
        Some(saved.clone())
    }
}

/// Allows no retries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayNever;

impl<R> Replay<R> for ReplayNever {
    type Saved = ();

    fn save(&self, _: &R) -> Option<()> {
        None
    }

    fn rebuild(&self, (): &()) -> Option<R> {
        None
    }
}

/// An extension of a request that allows retries for every method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Idempotent;

/// Allows retries of HTTP requests with an idempotent method (RFC 9110, section 9.2.2), with an
/// `Idempotency-Key`, or marked as [`Idempotent`].
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
            || request.extensions().get::<Idempotent>().is_some()
    }
}

impl<B> Replay<Request<ReplayBody<B>>> for ReplayIdempotent
where
    B: Body<Data = Bytes> + Unpin,
{
    type Saved = (Parts, Arc<Mutex<Record<B>>>);

    fn save(&self, request: &Request<ReplayBody<B>>) -> Option<Self::Saved> {
        if !Self::may_repeat(request) {
            return None;
        }
        Some(ReplayBody::capture(request))
    }

    fn rebuild(&self, (parts, record): &Self::Saved) -> Option<Request<ReplayBody<B>>> {
        let body = ReplayBody::rebuild(record)?;
        Some(Request::from_parts(parts.clone(), body))
    }
}
