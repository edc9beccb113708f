//! The scanner for malware.

mod clamd;
mod config;

use futures::future::BoxFuture;
use seaworthy_storage::{Object, StorageError};

pub use clamd::Clamd;
pub use config::ClamdConfig;

/// A scanner for malware.
pub trait ScanUpload: Send + Sync + 'static {
    /// Scans content. After an error the worker scans the content again later.
    fn scan(&self, content: Object) -> impl Future<Output = Result<Verdict, ScanError>> + Send;
}

/// The form of [`ScanUpload`] that can be a trait object.
pub(crate) trait ScanBoxed: Send + Sync {
    fn scan(&self, content: Object) -> BoxFuture<'_, Result<Verdict, ScanError>>;
}

impl<S: ScanUpload> ScanBoxed for S {
    fn scan(&self, content: Object) -> BoxFuture<'_, Result<Verdict, ScanError>> {
        Box::pin(ScanUpload::scan(self, content))
    }
}

/// The result of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The scanner found nothing.
    Clean,
    /// The scanner found malware with this name.
    Infected(String),
    /// The content is larger than the scanner accepts.
    TooLarge,
}

/// An error that prevents a scan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The scanner is not reachable, or the connection was lost.
    #[error("the scanner is not reachable")]
    Unreachable(#[from] std::io::Error),
    /// The scanner did not respond in time.
    #[error("the scanner did not respond in time")]
    TimedOut,
    /// All connections to the scanner are in use.
    #[error("all connections to the scanner are in use")]
    Busy,
    /// The reply has an unknown form.
    #[error("the scanner returned an unexpected response: {0}")]
    InvalidResponse(String),
    /// The content cannot be read.
    #[error("the content cannot be read")]
    Content(#[from] StorageError),
}
