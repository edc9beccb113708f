use std::{collections::HashSet, sync::Arc};

use http::{Request, request::Parts};
use parking_lot::Mutex;
use prost::Message as _;
use prost_types::{FileDescriptorSet, method_options::IdempotencyLevel};
use seaworthy_core::ByteSize;
pub use seaworthy_resilience::retry::Idempotent;
use seaworthy_resilience::retry::{Record, Replay, ReplayBody};
use tonic::body::Body;

use super::GrpcClientError;

/// The maximum size of a request that is saved for retries. 64 concurrent calls may keep 64 MiB.
pub(crate) const MAX_REPLAY_SIZE: ByteSize = ByteSize::mebibytes(1);

pub(crate) type Recorded = ReplayBody<Body>;

/// The methods that may be retried, as `/package.Service/Method`.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdempotentMethods(HashSet<String>);

impl IdempotentMethods {
    /// Adds the methods that a contract declares as idempotent or free of side effects.
    pub(crate) fn read(&mut self, descriptors: &[u8]) -> Result<(), GrpcClientError> {
        let files = FileDescriptorSet::decode(descriptors).map_err(GrpcClientError::Contract)?;
        for file in files.file {
            let package = match file.package() {
                "" => String::new(),
                package => format!("{package}."),
            };
            for service in &file.service {
                for method in &service.method {
                    let level = method
                        .options
                        .as_ref()
                        .map(|options| options.idempotency_level());
                    if level.is_some_and(|level| level != IdempotencyLevel::IdempotencyUnknown) {
                        let path = format!("/{package}{}/{}", service.name(), method.name());
                        self.0.insert(path);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Keeps requests of idempotent methods and requests marked with [`Idempotent`], so that they can
/// be sent again. An `idempotency-key` is not enough, because gRPC servers ignore it.
#[derive(Debug, Clone)]
pub(crate) struct ReplayCalls(pub(crate) Arc<IdempotentMethods>);

impl Replay<Request<Recorded>> for ReplayCalls {
    type Saved = (Parts, Arc<Mutex<Record<Body>>>);

    fn save(&self, request: &Request<Recorded>) -> Option<Self::Saved> {
        let may_repeat = self.0.0.contains(request.uri().path())
            || request.extensions().get::<Idempotent>().is_some();
        may_repeat.then(|| ReplayBody::capture(request))
    }

    fn rebuild(&self, (parts, record): &Self::Saved) -> Option<Request<Recorded>> {
        ReplayBody::rebuild(record).map(|body| Request::from_parts(parts.clone(), body))
    }
}
