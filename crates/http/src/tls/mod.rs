//! TLS by rustls (SEC-1): version 1.2 or newer, client certificates on request, new files without a restart.
//!
//! Files that cannot be used are named with what is wrong with them, at the start and at a reload alike. A reload replaces all or nothing, so
//! that a certificate and a key are never of two generations, and a bad file leaves the good one in place.
//!
//! ```
//! use seaworthy_http::tls::{ClientCertificates, TlsConfig};
//!
//! let config = TlsConfig {
//!     client_certificates: ClientCertificates::Required,
//!     client_ca: Some("/etc/tls/clients.pem".into()),
//!     ..TlsConfig::new("/etc/tls/chain.pem", "/etc/tls/key.pem")
//! };
//! assert_eq!(config.key, std::path::Path::new("/etc/tls/key.pem"));
//! ```

mod certificates;
mod config;
mod error;
mod files;
mod session;

pub(crate) use certificates::Certificates;
pub use certificates::Reload;
pub use config::{ClientCertificates, TlsConfig, TlsVersion};
pub use error::TlsError;
pub use session::{PeerCertificate, TlsSession, UnreadableCertificate};
