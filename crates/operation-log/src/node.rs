//! The node in the numeric IDs of entries.

use std::{future::pending, sync::Arc};

use parking_lot::RwLock;
use seaworthy_core::{SnowflakeError, Snowflakes, Timeout, error_chain};
use seaworthy_service::lease::{Lease, LeaseConfig, LeaseStore};
use tokio::time::sleep;

/// The number of nodes of a service. An ID has 10 bits for its node.
const NODES: u16 = 1_024;
/// The time after which another replica can claim the node of a killed replica. Until then it
/// claims another node.
const CLAIM_TTL: Timeout = Timeout::from_secs(60);
/// The time until the next attempt if the store fails or all nodes are in use.
const POLL_INTERVAL: Timeout = Timeout::from_secs(5);

/// Generates numeric IDs while the replica has a node. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers(Arc<RwLock<Option<Snowflakes>>>);

impl Numbers {
    /// Creates a generator with the node of the settings.
    ///
    /// # Errors
    /// The node is out of range.
    pub(crate) fn with_node(node: u16) -> Result<Self, SnowflakeError> {
        let numbers = Snowflakes::new(node)?;
        Ok(Self(Arc::new(RwLock::new(Some(numbers)))))
    }

    /// Returns the next number. `None` while the replica has no node.
    pub(crate) fn generate(&self) -> Option<Result<u64, SnowflakeError>> {
        self.0.read().as_ref().map(Snowflakes::generate)
    }

    /// Claims the first free node, and renews the claim until the future is dropped.
    pub(crate) async fn claim(self, leases: Arc<dyn LeaseStore>) {
        let mut should_log = true;
        loop {
            let had_node = self.hold(&leases).await.unwrap_or_else(|problem| {
                if should_log {
                    tracing::warn!(problem, "a replica cannot claim a node of numeric IDs");
                }
                should_log = false;
                false
            });
            if had_node {
                should_log = true;
                tracing::warn!("the replica lost its node of numeric IDs, and claims another one");
            } else {
                sleep(POLL_INTERVAL.get()).await;
            }
        }
    }

    /// Holds the first free node until its lease is lost. Returns whether a node was free.
    async fn hold(&self, leases: &Arc<dyn LeaseStore>) -> Result<bool, String> {
        let config = LeaseConfig {
            duration: CLAIM_TTL,
            poll_interval: POLL_INTERVAL,
        };
        for node in 0..NODES {
            let name = format!("operation_log/node/{node}");
            let lease = Lease::new(Arc::clone(leases), name, config.clone());
            let granted = lease.try_acquire().await;
            let Some(mut grant) = granted.map_err(|error| error_chain(&error))? else {
                continue;
            };
            let numbers = Snowflakes::new(node).map_err(|error| error.to_string())?;
            *self.0.write() = Some(numbers);
            tracing::info!(node, "the replica has a node of numeric IDs");
            let _lost = grant.run(pending::<()>()).await;
            *self.0.write() = None;
            return Ok(true);
        }
        Ok(false)
    }
}
