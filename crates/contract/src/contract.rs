use std::{convert::Infallible, fmt};

use axum::{
    body::Body,
    http::{Request, Response},
};
use tower::Service;

use crate::{ContractConfig, MethodDescription, MethodFlag, http::HttpPath};

/// A method of a contract. The build-time compiler generates an enum of the methods, such as
/// `LibraryMethod`. Options for each method are then a `match` that the Rust compiler checks.
pub trait ContractMethod: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// Every method, in the order of the contract.
    const ALL: &'static [Self];

    /// Returns the properties that the contract declares for the method, including its access.
    fn description(self) -> MethodDescription;

    /// Returns the feature flag that the method requires.
    fn required_flag(self) -> Option<MethodFlag> {
        None
    }
}

/// A contract with its implementation. The build-time compiler generates it. Pass it to
/// `seaworthy_grpc::Contracts`.
pub trait Contract: Send + Sync + 'static {
    /// The full name of the service, for health checks and reflection.
    const NAME: &'static str;
    /// The descriptors of the contract, for gRPC reflection.
    const DESCRIPTORS: &'static [u8];
    /// The OpenAPI 3.1 document of the HTTP routes.
    const OPENAPI: &'static str;

    /// The enum of its methods.
    type Method: ContractMethod;

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

    /// Returns the service for a gRPC server. It rejects messages that are larger than
    /// [`ContractConfig::max_body_size`]. It does not check the caller's access:
    /// `seaworthy_grpc::Contracts` does.
    fn unguarded_grpc(&self) -> Self::Grpc;

    /// Returns the paths of the HTTP routes. They do not check the caller's access:
    /// `seaworthy_grpc::Contracts` does.
    fn paths(&self) -> Vec<HttpPath<Self::Method>>;

    /// Returns the settings.
    fn config(&self) -> &ContractConfig;
}
