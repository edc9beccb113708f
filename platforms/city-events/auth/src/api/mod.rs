//! The HTTP routes, and the gRPC service for the gateway.

mod body;
mod errors;
mod grpc;
mod handlers;
mod limits;
mod moderation;
mod oauth;
mod oauth_page;
mod probes;
mod providers;
mod routes;
mod second_factor;
mod views;

pub(crate) use grpc::contract;
pub(crate) use routes::{Api, routes};
