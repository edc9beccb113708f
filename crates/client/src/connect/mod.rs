//! From the name of a host to an open connection: which addresses are allowed, TLS, and one limit of time over all of it.

mod address;
mod connector;
mod resolver;
mod tls;

pub(crate) use address::AddressDenied;
pub use address::{Addresses, is_public};
pub use connector::is_refused;
pub(crate) use connector::{ConnectTimedOut, Connector, find};
pub(crate) use resolver::SystemResolver;
pub use resolver::{Resolve, Resolving, system_resolver};
pub(crate) use tls::FollowedTls;
pub use tls::{BuildError, ClientTlsConfig};
