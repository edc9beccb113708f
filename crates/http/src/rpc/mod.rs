//! The differences of a stack that serves gRPC calls. Every other step is the same, so there is one
//! stack for both protocols.

mod media_type;
mod message_position;
mod rejection;
mod status;
mod timeout;
mod trailers;

pub use media_type::is_grpc;
pub(crate) use message_position::MessagePosition;
pub(crate) use rejection::{no_method, rejection, replace_message, wrong_media_type};
pub use status::RpcStatus;
pub use timeout::grpc_timeout;
pub use trailers::StatusInTrailers;
pub(crate) use trailers::with_trailers;

/// The protocol of the requests of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Protocol {
    /// Anything over HTTP.
    #[default]
    Http,
    /// gRPC calls.
    Grpc,
}

impl Protocol {
    /// Returns the name of the protocol in metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }

    /// Returns the name of the listener's rate limits in metrics and in Redis.
    pub(crate) const fn limits(self) -> &'static str {
        match self {
            Self::Http => "server",
            Self::Grpc => "server.grpc",
        }
    }
}
