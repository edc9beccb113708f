use bytes::Bytes;
use http::Request;
use seaworthy_core::ByteSize;
use seaworthy_resilience::retry::{Replay, ReplayBody, ReplayIdempotent};

use crate::{RequestBody, transport::Attempt};

pub(crate) type ReplayRequest = Request<ReplayBody<RequestBody>>;

/// Replays idempotent or marked requests. Bytes are shared, and a stream is buffered up to a limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplayCall(pub(crate) ByteSize);

type Recorded = <ReplayIdempotent as Replay<ReplayRequest>>::Saved;

impl Replay<ReplayRequest> for ReplayCall {
    type Saved = (Recorded, Option<Bytes>);

    fn save(&self, request: &ReplayRequest) -> Option<Self::Saved> {
        let recorded = ReplayIdempotent.save(request)?;
        let attempt = request.extensions().get::<Attempt>();
        Some((recorded, attempt.and_then(|attempt| attempt.bytes.clone())))
    }

    fn rebuild(&self, (recorded, bytes): &Self::Saved) -> Option<ReplayRequest> {
        match bytes {
            Some(bytes) => {
                let body = ReplayBody::new(RequestBody::from(bytes.clone()), self.0);
                Some(Request::from_parts(recorded.0.clone(), body))
            }
            None => ReplayIdempotent.rebuild(recorded),
        }
    }
}
