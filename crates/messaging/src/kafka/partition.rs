use rdkafka::consumer::base_consumer::PartitionQueue;

use super::{ledger::Ledger, rebalance::Rebalances};
use crate::{
    Envelope,
    transport::{Delivery, DeliveryTag},
};

/// One of a member's partitions: of which of its topics, and which.
pub(super) type Place = (usize, i32);

/// A partition as long as it belongs to a member.
pub(super) struct Assigned {
    /// Unique in the session: a partition may go and come back.
    pub(super) number: u64,
    pub(super) ledger: Ledger,
    pub(super) queue: PartitionQueue<Rebalances>,
    /// Something is not committed yet.
    pub(super) is_dirty: bool,
    /// It is to go to another member: nothing more is taken from it.
    pub(super) is_leaving: bool,
}

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) place: Place,
    pub(super) assignment: u64,
    pub(super) offset: i64,
}

/// A message that the member has, whether it is handed out or not.
pub(super) struct Held {
    pub(super) origin: Origin,
    pub(super) envelope: Envelope,
    pub(super) problem: Option<String>,
}

impl Held {
    pub(super) fn delivery(&self, tag: DeliveryTag, count: u32) -> Delivery {
        Delivery {
            tag,
            envelope: self.envelope.clone(),
            count,
            problem: self.problem.clone(),
        }
    }
}

/// It is handed out when it is committed that it is.
pub(super) struct Staged {
    pub(super) tag: DeliveryTag,
    pub(super) count: u32,
}
