//! A conformance check of every [`LeaseStore`], which its tests run against the real store.

use std::{fmt, sync::Arc, time::Duration};

use seaworthy_core::{Timeout, new_id};
use tokio::time::{Instant, sleep};

use super::{FencingToken, LeaseError, LeaseStore};

/// The duration of a lease that expires during the check, longer than a round trip to the store.
const SHORT: Timeout = Timeout::from_millis(700);
/// The duration of a lease that does not expire during the check.
const LONG: Timeout = Timeout::from_secs(60);
/// Number of concurrent holders, enough to detect a step that is not atomic.
const CROWD: usize = 16;
/// The maximum delay between the end of a lease and its expiry in the store.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A requirement that the store breaks.
#[derive(Debug, thiserror::Error)]
pub enum Violation {
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] LeaseError),
    /// The store behaved incorrectly.
    #[error("{0}")]
    Broken(String),
}

fn require(is_kept: bool, broken: impl fmt::Display) -> Result<(), Violation> {
    if is_kept {
        Ok(())
    } else {
        Err(Violation::Broken(broken.to_string()))
    }
}

/// Checks a store. Leaves leases with random names, which expire.
///
/// # Errors
/// [`Violation`] for the first broken requirement.
pub async fn check(store: Arc<dyn LeaseStore>) -> Result<(), Violation> {
    let name = new_id().to_string();
    let take = |holder: &'static str, duration| store.acquire(&name, holder, duration);

    let first = granted(take("one", LONG).await?, "a free lease was not granted")?;
    require(
        take("two", LONG).await?.is_none(),
        "a lease was granted to a second holder",
    )?;
    let again = granted(
        take("one", LONG).await?,
        "a holder could not acquire its own lease",
    )?;
    require(
        again == first,
        "acquiring an own lease changed the fencing token",
    )?;
    require(
        store.renew(&name, "one", first, LONG).await?,
        "a renewal was refused",
    )?;
    store.release(&name, "two", first).await?;
    require(
        !store.renew(&name, "two", first, LONG).await? && take("two", LONG).await?.is_none(),
        "a holder renewed or released the lease of another",
    )?;
    store.release(&name, "one", first).await?;
    let second = late_requests(&*store, &name, first).await?;
    store.release(&name, "one", second).await?;
    let third = granted(take("two", SHORT).await?, "a released lease is not free")?;
    require(third > second, "the fencing token did not grow")?;
    let fourth = next_holder(&*store, &name, third).await?;
    require(
        fourth > third,
        "the fencing token did not grow after a lease has ended",
    )?;
    crowd(store).await
}

/// Sends requests that arrive after the lease `name` of holder `one` was released. Returns the
/// token of its next lease.
async fn late_requests(
    store: &dyn LeaseStore,
    name: &str,
    released: FencingToken,
) -> Result<FencingToken, Violation> {
    require(
        !store.renew(name, "one", released, LONG).await?,
        "a renewal granted a released lease again",
    )?;
    let next = granted(
        store.acquire(name, "one", LONG).await?,
        "a released lease is not free",
    )?;
    require(next > released, "the fencing token did not grow")?;
    require(
        !store.renew(name, "one", released, SHORT).await?,
        "a renewal with the token of an earlier lease succeeded",
    )?;
    store.release(name, "one", released).await?;
    require(
        store.acquire(name, "two", LONG).await?.is_none(),
        "a release with the token of an earlier lease released the next one",
    )?;
    Ok(next)
}

fn granted(token: Option<FencingToken>, broken: &str) -> Result<FencingToken, Violation> {
    token.ok_or_else(|| Violation::Broken(broken.to_owned()))
}

/// Waits for the end of the lease that holder `two` does not renew.
async fn next_holder(
    store: &dyn LeaseStore,
    name: &str,
    ended: FencingToken,
) -> Result<FencingToken, Violation> {
    let began = Instant::now();
    loop {
        if let Some(token) = store.acquire(name, "three", LONG).await? {
            require(
                !store.renew(name, "two", ended, LONG).await?,
                "a holder renewed a lease that has ended",
            )?;
            return Ok(token);
        }
        require(
            began.elapsed() < TIMEOUT,
            "a lease without renewal does not expire",
        )?;
        sleep(SHORT.get() / 20).await;
    }
}

/// Checks that one of many concurrent holders gets the lease.
async fn crowd(store: Arc<dyn LeaseStore>) -> Result<(), Violation> {
    let name = new_id().to_string();
    let holders: Vec<_> = (0..CROWD)
        .map(|number| format!("holder {number}"))
        .collect();
    let requests = holders
        .iter()
        .map(|holder| store.acquire(&name, holder, LONG));
    let granted = futures::future::try_join_all(requests).await?;
    let granted = granted.into_iter().flatten().count();
    require(
        granted == 1,
        format_args!("{granted} of {CROWD} at once hold one lease"),
    )
}
