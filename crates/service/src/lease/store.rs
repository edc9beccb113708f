use std::{error::Error as StdError, fmt};

use futures::future::BoxFuture;
use seaworthy_core::Timeout;

/// Grows with every change of hands: what is written to by the holder can keep the highest and refuse lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FencingToken(pub u64);

impl fmt::Display for FencingToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// The store of leases could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the store of leases failed")]
pub struct LeaseError(#[source] Box<dyn StdError + Send + Sync>);

impl LeaseError {
    /// Why it could not be asked.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Where leases are kept: the database of the service, or Redis. Each step is atomic, and time is the store's.
pub trait LeaseStore: Send + Sync + fmt::Debug + 'static {
    /// Takes the lease of `name` for `holder`, or renews it. `None` says that another holds it. A renewal keeps its token; every new grant has a higher one
    /// than all before it.
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<Option<FencingToken>, LeaseError>>;

    /// Gives the lease back, where `holder` still has it.
    fn release<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<(), LeaseError>>;
}
