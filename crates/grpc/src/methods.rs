use std::{convert::Infallible, future::Future};

use axum::{body::Body, extract::Request, response::Response, routing::post};
use prost::Message as _;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use seaworthy_contract::{Contract, ContractConfig, error::reason};
use seaworthy_core::{Code, Error, Failure};
use seaworthy_http::{RouteOptions, Routes};
use tonic::Status;
use tower_service::Service;

use crate::single_message::SingleMessage;

/// The methods of a contract as routes, each with metrics and limits of its own.
pub(crate) fn methods<C: Contract>(contract: &C, options: impl Fn(&str) -> RouteOptions) -> Routes {
    let config = contract.config();
    let adjust = {
        let config = config.clone();
        move |response| adjusted(&config, response)
    };
    let streaming = client_streaming(C::DESCRIPTORS, C::NAME);
    let (streams, singles): (Vec<_>, Vec<_>) =
        C::METHODS.iter().partition(|method| match &streaming {
            Some(streaming) => streaming.iter().any(|name| name == **method),
            None => true,
        });
    let serve = |methods: &[&str], prepare| {
        routes(
            C::NAME,
            methods,
            contract.grpc(),
            &options,
            prepare,
            adjust.clone(),
        )
    };
    let as_it_is = |request| request;
    serve(&streams, as_it_is).merge(serve(&singles, |request| {
        request.map(|body| Body::new(SingleMessage::new(body)))
    }))
}

/// The methods whose requests are streams; `None` where the descriptors cannot be read.
fn client_streaming(descriptors: &[u8], service: &str) -> Option<Vec<String>> {
    let files = FileDescriptorSet::decode(descriptors).ok()?.file;
    let methods = files.into_iter().flat_map(|file| {
        let package = file.package.unwrap_or_default();
        let services = file.service.into_iter().filter(move |known| {
            format!("{package}.{}", known.name()).trim_start_matches('.') == service
        });
        services.flat_map(|service| service.method)
    });
    let streaming = methods.filter(MethodDescriptorProto::client_streaming);
    Some(streaming.map(|method| method.name().to_owned()).collect())
}

/// The methods of a service that tonic serves.
pub(crate) fn routes<S, A>(
    name: &str,
    methods: &[&str],
    service: S,
    options: impl Fn(&str) -> RouteOptions,
    prepare: fn(Request) -> Request,
    adjust: A,
) -> Routes
where
    S: Service<Request, Response = http::Response<tonic::body::Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Future + Send,
    A: Fn(Response) -> Response + Clone + Send + Sync + 'static,
{
    methods.iter().fold(Routes::new(), |routes, method| {
        let (service, adjust) = (service.clone(), adjust.clone());
        let handler = move |request: Request| {
            let (mut service, adjust) = (service.clone(), adjust.clone());
            async move {
                let Ok(response) = service.call(prepare(request)).await;
                adjust(response.map(Body::new))
            }
        };
        routes.route_with(&format!("/{name}/{method}"), post(handler), options(method))
    })
}

/// An error as the whole answer to a call.
pub(crate) fn refusal(config: &ContractConfig, error: Error) -> Response {
    told(config.status(error).into_http())
}

/// Gives what was refused before the contract was reached the form of its errors, and tells the stack of the error behind an answer.
fn adjusted(config: &ContractConfig, response: Response) -> Response {
    let refused = response
        .extensions()
        .get::<Status>()
        .and_then(|status| refused_early(config, status));
    match refused {
        Some(error) => refusal(config, error),
        None => told(response),
    }
}

fn refused_early(config: &ContractConfig, status: &Status) -> Option<Error> {
    if is_too_large(status) {
        let message = format!(
            "the message is larger than {} bytes",
            config.body_limit.get()
        );
        return Some(Error::new(Code::TooLarge, reason::BODY_TOO_LARGE, message));
    }
    let error = failure(status)?.error();
    (error.reason() == reason::MALFORMED_REQUEST).then(|| {
        let message = error.message().to_owned();
        Error::new(error.code(), reason::MALFORMED_REQUEST, message)
    })
}

fn failure(status: &Status) -> Option<&Failure> {
    std::error::Error::source(status)?.downcast_ref()
}

/// tonic answers a message that is too large with `OUT_OF_RANGE`; every other implementation, and clients with them, with `RESOURCE_EXHAUSTED`.
fn is_too_large(status: &Status) -> bool {
    status.code() == tonic::Code::OutOfRange
        && status
            .message()
            .starts_with("Error, decoded message length too large")
}

fn told(mut response: Response) -> Response {
    let failure = response
        .extensions()
        .get::<Status>()
        .and_then(failure)
        .cloned();
    if let Some(failure) = failure {
        response.extensions_mut().insert(failure);
    }
    response
}
