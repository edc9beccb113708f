//! Serves the methods of a contract over gRPC, for generated code.

mod codec;

use std::{future::Future, pin::Pin};

use futures::{Stream, StreamExt, future::ready};
use seaworthy_core::Error;
use tonic::{Request, Response, Status, Streaming};

pub use codec::RequestCodec;

use crate::{ContractConfig, MessageStream, Naming, Validate, Violations, around::around};

/// A stream of responses.
pub type ResponseStream<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

/// Calls a unary method.
///
/// # Errors
/// The request breaks rules of the contract, or the method failed.
pub async fn unary<M: Validate, A: Send, R: Future<Output = Result<A, Error>> + Send>(
    config: &ContractConfig,
    request: Request<M>,
    method: impl FnOnce(M) -> R,
) -> Result<Response<A>, Status> {
    let (_, extensions, message) = request.into_parts();
    let response = async { around(config, &extensions, method(checked(message)?)).await };
    response
        .await
        .map(Response::new)
        .map_err(|error| config.status(error))
}

/// Calls a method that streams responses.
///
/// # Errors
/// The request breaks rules of the contract, or the method failed before its first message.
pub async fn server_streaming<M, A, R>(
    config: &ContractConfig,
    request: Request<M>,
    method: impl FnOnce(M) -> R,
) -> Result<Response<ResponseStream<A>>, Status>
where
    M: Validate,
    A: 'static,
    R: Future<Output = Result<MessageStream<A>, Error>> + Send,
{
    let (_, extensions, message) = request.into_parts();
    let responses = async { around(config, &extensions, method(checked(message)?)).await };
    responses
        .await
        .map(|responses| Response::new(outgoing(config, responses)))
        .map_err(|error| config.status(error))
}

/// Calls a method that streams requests.
///
/// # Errors
/// The method failed.
pub async fn client_streaming<M, A, R>(
    config: &ContractConfig,
    request: Request<Streaming<M>>,
    method: impl FnOnce(MessageStream<M>) -> R,
) -> Result<Response<A>, Status>
where
    M: Validate + Send + 'static,
    A: Send,
    R: Future<Output = Result<A, Error>> + Send,
{
    let (_, extensions, messages) = request.into_parts();
    around(config, &extensions, method(incoming(messages)))
        .await
        .map(Response::new)
        .map_err(|error| config.status(error))
}

/// Calls a method that streams requests and responses.
///
/// # Errors
/// The method failed before its first message.
pub async fn bidirectional<M, A, R>(
    config: &ContractConfig,
    request: Request<Streaming<M>>,
    method: impl FnOnce(MessageStream<M>) -> R,
) -> Result<Response<ResponseStream<A>>, Status>
where
    M: Validate + Send + 'static,
    A: 'static,
    R: Future<Output = Result<MessageStream<A>, Error>> + Send,
{
    let (_, extensions, messages) = request.into_parts();
    around(config, &extensions, method(incoming(messages)))
        .await
        .map(|responses| Response::new(outgoing(config, responses)))
        .map_err(|error| config.status(error))
}

/// Validates a message. The error names every bad field (API-3).
fn checked<M: Validate>(message: M) -> Result<M, Error> {
    let mut violations = Violations::new(Naming::Proto);
    message.validate(&mut violations);
    if violations.is_empty() {
        Ok(message)
    } else {
        Err(Error::invalid(violations.into_violations()))
    }
}

/// Converts the messages of a client. The stream ends after the first error of the transport,
/// because tonic reports a malformed frame again on each read.
fn incoming<M: Validate + Send + 'static>(messages: Streaming<M>) -> MessageStream<M> {
    let until_error = messages.scan(false, |has_failed, message| {
        let message = (!*has_failed).then_some(message);
        *has_failed |= matches!(message, Some(Err(_)));
        ready(message)
    });
    Box::pin(until_error.map(|message| match message {
        Ok(message) => checked(message),
        Err(status) => Err(crate::error::from_request_stream(&status)),
    }))
}

fn outgoing<A: 'static>(config: &ContractConfig, responses: MessageStream<A>) -> ResponseStream<A> {
    let config = config.clone();
    Box::pin(responses.map(move |response| {
        response.map_err(|error| {
            crate::error::log_in_stream(&error);
            config.status(error)
        })
    }))
}

impl ContractConfig {
    /// Returns an error as a gRPC status.
    #[must_use]
    pub fn status(&self, error: Error) -> Status {
        self.errors.grpc(self.errors.adapt(error))
    }
}
