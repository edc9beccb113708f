//! Opens connections: name resolution, allowed addresses, TCP and TLS, within one timeout.

mod address;
mod connector;
mod resolver;
mod tls;

pub(crate) use address::AddressDenied;
pub use address::{AllowedAddresses, is_public};
pub use connector::is_connection_refused;
pub(crate) use connector::{ConnectTimedOut, Connector, find};
pub(crate) use resolver::SystemResolver;
pub use resolver::{Resolve, ResolveFuture, system_resolver};
pub(crate) use tls::ReloadableTls;
pub use tls::{BuildError, ClientTlsConfig};
