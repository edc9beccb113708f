//! TLS with rustls (SEC-1): version 1.2 or newer, client certificates, and reload without a
//! restart.
//!
//! An error names the file and its problem, at the start and at a reload. A reload replaces all
//! files or none, so certificate and key always match, and an invalid file has no effect.
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
pub use session::{InvalidCertificate, PeerCertificate, TlsSession};
