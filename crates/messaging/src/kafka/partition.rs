use rdkafka::consumer::base_consumer::PartitionQueue;

use super::{ledger::Ledger, rebalance::Rebalances};
use crate::{
    Envelope,
    transport::{Delivery, DeliveryTag, Position},
};

/// The index of a topic of the member, and a partition.
pub(super) type PartitionId = (usize, i32);

/// A partition that is assigned to a member.
pub(super) struct Assigned {
    /// The number of the assignment, unique in the session.
    pub(super) number: u64,
    pub(super) ledger: Ledger,
    pub(super) queue: PartitionQueue<Rebalances>,
    /// Whether the state has uncommitted changes.
    pub(super) is_dirty: bool,
    /// Whether it moves to another member. Then the member does not take messages from it.
    pub(super) is_leaving: bool,
}

/// The origin of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) partition: PartitionId,
    pub(super) assignment: u64,
    pub(super) offset: i64,
}

/// A message that the member holds.
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
            position: Some(Position {
                partition: u32::try_from(self.origin.partition.1).ok(),
                offset: self.origin.offset.cast_unsigned(),
            }),
        }
    }
}

/// Whether its delivery is committed.
pub(super) struct Staged {
    pub(super) tag: DeliveryTag,
    pub(super) count: u32,
}
