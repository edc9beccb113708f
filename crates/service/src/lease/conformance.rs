//! What every [`LeaseStore`] must do, as a check that its tests run against the real store.

use std::{fmt, sync::Arc, time::Duration};

use seaworthy_core::{Timeout, new_id};
use tokio::time::{Instant, sleep};

use super::{FencingToken, LeaseError, LeaseStore};

/// Short, so that the check is; long beside a round trip to any store.
const SHORT: Timeout = Timeout::from_millis(700);
/// Longer than the check takes.
const LONG: Timeout = Timeout::from_secs(60);
/// Many at once, so that a step that is not atomic is seen.
const CROWD: usize = 16;
/// No store keeps a lease this much beyond its end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A promise that the store breaks.
#[derive(Debug, thiserror::Error)]
pub enum Breach {
    /// It failed.
    #[error(transparent)]
    Failed(#[from] LeaseError),
    /// It did something else than it must.
    #[error("{0}")]
    Broken(String),
}

fn require(is_kept: bool, broken: impl fmt::Display) -> Result<(), Breach> {
    if is_kept {
        Ok(())
    } else {
        Err(Breach::Broken(broken.to_string()))
    }
}

/// Checks a store. It leaves leases of random names behind, which end by themselves.
///
/// # Errors
/// [`Breach`] for the first promise that is broken.
pub async fn check(store: Arc<dyn LeaseStore>) -> Result<(), Breach> {
    let name = new_id().to_string();
    let take = |holder: &'static str, duration| store.acquire(&name, holder, duration);

    let first = granted(take("one", LONG).await?, "a free lease was not granted")?;
    require(
        take("two", LONG).await?.is_none(),
        "a lease was granted to a second holder",
    )?;
    let renewed = granted(take("one", LONG).await?, "a renewal was refused")?;
    require(renewed == first, "a renewal changed the fencing token")?;
    store.release(&name, "two").await?;
    require(
        take("two", LONG).await?.is_none(),
        "somebody who did not hold the lease gave it back",
    )?;
    store.release(&name, "one").await?;
    let second = granted(
        take("two", SHORT).await?,
        "a lease that was given back is not free",
    )?;
    require(second > first, "the fencing token did not grow")?;

    let third = next_holder(&*store, &name).await?;
    require(
        third > second,
        "the fencing token did not grow after a lease has ended",
    )?;
    crowd(store).await
}

fn granted(token: Option<FencingToken>, broken: &str) -> Result<FencingToken, Breach> {
    token.ok_or_else(|| Breach::Broken(broken.to_owned()))
}

/// Waits for the end of a lease that nobody renews.
async fn next_holder(store: &dyn LeaseStore, name: &str) -> Result<FencingToken, Breach> {
    let asked = Instant::now();
    loop {
        if let Some(token) = store.acquire(name, "three", LONG).await? {
            return Ok(token);
        }
        require(
            asked.elapsed() < PATIENCE,
            "a lease that nobody renews does not end",
        )?;
        sleep(SHORT.get() / 20).await;
    }
}

/// Of many at once one gets the lease.
async fn crowd(store: Arc<dyn LeaseStore>) -> Result<(), Breach> {
    let name = new_id().to_string();
    let holders: Vec<_> = (0..CROWD)
        .map(|number| format!("holder {number}"))
        .collect();
    let asking = holders
        .iter()
        .map(|holder| store.acquire(&name, holder, LONG));
    let granted = futures::future::try_join_all(asking).await?;
    let granted = granted.into_iter().flatten().count();
    require(
        granted == 1,
        format_args!("{granted} of {CROWD} at once hold one lease"),
    )
}
