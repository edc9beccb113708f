use std::pin::Pin;

use axum::http::Extensions;
use seaworthy_core::Error;

use crate::{ContractConfig, MethodDescription};

/// Work around each unsafe call of the methods of a contract, on both transports, such as the hooks
/// and policies of plugins. Set it with [`ContractConfig::with_around_calls`].
///
/// `seaworthy_grpc::Contracts` decides which calls are unsafe: those of methods without
/// `idempotency_level = NO_SIDE_EFFECTS`, unless HTTP calls them by `GET` only.
pub trait AroundCalls: Send + Sync + 'static {
    /// Runs a call. A single request is valid. The client gets the error if `call` does not run or
    /// fails.
    fn around<'a>(&'a self, method: MethodDescription, call: CallFuture<'a>) -> CallFuture<'a>;
}

/// A call, or the work around it, without its response. Streamed responses run after it.
pub type CallFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Marks the request of an unsafe call with its method. It is an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct UnsafeCall(pub MethodDescription);

/// Runs the implementation of a method within the work around calls, if its request is marked.
///
/// # Errors
/// The error of the method, or of the work around it.
pub(crate) async fn around<A: Send>(
    config: &ContractConfig,
    extensions: &Extensions,
    call: impl Future<Output = Result<A, Error>> + Send,
) -> Result<A, Error> {
    let (Some(around), Some(UnsafeCall(method))) = (&config.around, extensions.get()) else {
        return call.await;
    };
    let mut reply = None;
    let run = async {
        reply = Some(call.await?);
        Ok::<_, Error>(())
    };
    around.around(*method, Box::pin(run)).await?;
    reply.ok_or_else(|| Error::internal("the work around a call did not run it"))
}
