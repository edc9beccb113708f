use std::convert::Infallible;

use axum::{
    body::Body,
    http::{Request, Response},
    routing::MethodRouter,
};
use tower::Service;

use crate::ContractConfig;

/// A contract with its implementation, as the build-time compiler makes it: all that a service needs to serve it.
pub trait Contract: Send + Sync + 'static {
    /// The full name of the service: what health and reflection call it.
    const NAME: &'static str;
    /// The names of its methods.
    const METHODS: &'static [&'static str];
    /// The descriptors of the contract, for gRPC reflection.
    const DESCRIPTORS: &'static [u8];
    /// The OpenAPI 3.1 document of the HTTP routes.
    const OPENAPI: &'static str;

    /// The service for a gRPC server.
    type Grpc: Service<
            Request<Body>,
            Response = Response<tonic::body::Body>,
            Error = Infallible,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static;

    /// The service for a gRPC server, which refuses messages that are larger than [`ContractConfig::body_limit`].
    fn grpc(&self) -> Self::Grpc;

    /// The paths of the HTTP routes, in the syntax of axum, and what serves each.
    fn routes(&self) -> Vec<(String, MethodRouter)>;

    /// How it is served.
    fn config(&self) -> &ContractConfig;
}
