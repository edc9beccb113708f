//! The settings of the framework. They share one tree with the settings of the service (CONF-1).

mod admin;
mod framework;
mod grpc;
mod grpc_client;
mod secrets;

pub use admin::AdminConfig;
pub use framework::{FrameworkConfig, ServerConfig};
pub use grpc::GrpcConfig;
pub use grpc_client::{BreakerScope, GrpcClientConfig, GrpcClientTlsConfig};
pub use secrets::SecretsConfig;
