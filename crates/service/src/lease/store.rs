use std::{error::Error as StdError, fmt};

use futures::future::BoxFuture;
use seaworthy_core::Timeout;

/// A number that grows with every new holder. A store can keep the highest one and reject writes
/// with lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FencingToken(pub u64);

impl fmt::Display for FencingToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// The store of leases failed.
#[derive(Debug, thiserror::Error)]
#[error("the store of leases failed")]
pub struct LeaseError(#[source] Box<dyn StdError + Send + Sync>);

impl LeaseError {
    /// Creates an error with its cause.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Stores leases: in the database of the service, or in Redis. Each operation is atomic and uses
/// the clock of the store.
///
/// An operation whose future was dropped may reach the store late. A late `renew` or `release`
/// names the token of a lease that has ended, so it changes nothing.
pub trait LeaseStore: Send + Sync + fmt::Debug + 'static {
    /// Acquires the lease `name` for `holder`. Returns `None` if another holder has it. A holder
    /// that has the lease keeps its token. Every new grant has a higher token than all earlier
    /// ones.
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<Option<FencingToken>, LeaseError>>;

    /// Extends the lease that `holder` has under this token. Returns `false` if that lease has
    /// ended or was released, and never grants it again.
    fn renew<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<bool, LeaseError>>;

    /// Releases the lease that `holder` has under this token. Does nothing if that lease has ended.
    fn release<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
    ) -> BoxFuture<'a, Result<(), LeaseError>>;
}
