use std::{convert::Infallible, future::Future};

use axum::{body::Body, extract::Request, response::Response, routing::post};
use seaworthy_contract::{
    Contract, ContractConfig, ContractMethod as _, UnsafeCall, error::reason,
};
use seaworthy_core::{Code, Error, ResponseError};
use seaworthy_http::{RouteOptions, Routes, StatusInTrailers};
use tonic::Status;
use tower_service::Service;

use crate::{MethodOptions, single_message::SingleMessage};

/// Returns the methods of a contract as routes, each with its declared access and its own metrics.
pub(crate) fn methods<C: Contract>(
    contract: &C,
    options: impl Fn(C::Method) -> MethodOptions,
) -> Routes {
    let config = contract.config();
    let service = contract.unguarded_grpc();
    C::Method::ALL.iter().fold(Routes::new(), |routes, method| {
        let description = method.description();
        let options = options(*method);
        let call_mark =
            (!options.is_safe() && config.around.is_some()).then_some(UnsafeCall(description));
        let options = options.for_calls(*method);
        let (prepare, options): (fn(Request) -> Request, _) = if description.is_client_streaming {
            (as_it_is, options.streams_messages())
        } else {
            (single, options)
        };
        let config = config.clone();
        routes.merge(call(
            description.grpc_path,
            service.clone(),
            options,
            move |mut request| {
                if let Some(mark) = call_mark {
                    request.extensions_mut().insert(mark);
                }
                prepare(request)
            },
            move |response| adjusted(&config, response),
        ))
    })
}

/// Returns a streaming request unchanged.
pub(crate) fn as_it_is(request: Request) -> Request {
    request
}

fn single(request: Request) -> Request {
    request.map(|body| Body::new(SingleMessage::new(body)))
}

/// Returns the route of a method that tonic serves.
pub(crate) fn call<S, P, A>(
    path: &str,
    service: S,
    options: RouteOptions,
    prepare: P,
    adjust: A,
) -> Routes
where
    S: Service<Request, Response = http::Response<tonic::body::Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Future + Send,
    P: Fn(Request) -> Request + Clone + Send + Sync + 'static,
    A: Fn(Response) -> Response + Clone + Send + Sync + 'static,
{
    let handler = move |request: Request| {
        let (mut service, adjust) = (service.clone(), adjust.clone());
        let request = prepare(request);
        async move {
            let Ok(response) = service.call(request).await;
            adjust(response.map(Body::new))
        }
    };
    Routes::new().route_with(path, post(handler), options)
}

/// Returns the response to a call that consists of an error.
pub(crate) fn rejection(config: &ContractConfig, error: Error) -> Response {
    with_extensions(config, config.status(error).into_http())
}

/// Rewrites errors of tonic and of the codec in the contract's error format.
fn adjusted(config: &ContractConfig, response: Response) -> Response {
    let refused = response
        .extensions()
        .get::<Status>()
        .and_then(|status| refused_early(config, status));
    match refused {
        Some(error) => rejection(config, error),
        None => with_extensions(config, response),
    }
}

fn refused_early(config: &ContractConfig, status: &Status) -> Option<Error> {
    if is_too_large(status) {
        let message = format!(
            "the message is larger than {} bytes",
            config.max_body_size.get()
        );
        return Some(Error::new(Code::TooLarge, reason::BODY_TOO_LARGE, message));
    }
    let error = failure(status)?.error();
    let reason = [
        reason::MALFORMED_REQUEST,
        reason::TOO_MANY_VALUES,
        reason::OVERLOADED,
    ]
    .into_iter()
    .find(|reason| *reason == error.reason())?;
    let refused = Error::new(error.code(), reason, error.message().to_owned());
    Some(match error.retry_after() {
        Some(wait) => refused.with_retry_after(wait),
        None => refused,
    })
}

fn failure(status: &Status) -> Option<&ResponseError> {
    std::error::Error::source(status)?.downcast_ref()
}

/// Whether a message was too large. tonic responds to it with `OUT_OF_RANGE`. Other implementations
/// respond with `RESOURCE_EXHAUSTED`, and clients expect it.
fn is_too_large(status: &Status) -> bool {
    status.code() == tonic::Code::OutOfRange
        && status
            .message()
            .starts_with("Error, decoded message length too large")
}

/// Adds the extensions that the stack reads: the error for its log line, and where to send the
/// status.
fn with_extensions(config: &ContractConfig, mut response: Response) -> Response {
    let failure = response
        .extensions()
        .get::<Status>()
        .and_then(failure)
        .cloned();
    let extensions = response.extensions_mut();
    if let Some(failure) = failure {
        extensions.insert(failure);
    }
    if config.error_headers {
        extensions.insert(StatusInTrailers);
    }
    response
}
