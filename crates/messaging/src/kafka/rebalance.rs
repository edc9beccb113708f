use std::sync::{Arc, OnceLock, Weak};

use rdkafka::{
    TopicPartitionList,
    client::ClientContext,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext, RebalanceProtocol},
    error::{KafkaError, KafkaResult},
    types::RDKafkaRespErr,
};

use super::{
    client::log,
    groups::{Partition, list},
    member::Member,
};

/// A rebalance of the group.
#[derive(Clone)]
pub(super) enum Rebalance {
    /// Partitions that this member gets.
    Assign(Vec<Partition>),
    /// Partitions that move to other members.
    Revoke(Vec<Partition>),
}

impl Rebalance {
    /// Accepts the rebalance, regardless of held messages.
    pub(super) fn accept(self, client: &BaseConsumer<Rebalances>) -> KafkaResult<()> {
        match self {
            Self::Assign(partitions) => client.incremental_assign(&list(&partitions)),
            Self::Revoke(partitions) => release(client, &list(&partitions)),
        }
    }
}

/// Receives the callbacks of a member's client. The thread of the member handles the recorded
/// rebalances.
#[derive(Default)]
pub(super) struct Rebalances(OnceLock<Weak<Member>>);

impl Rebalances {
    pub(super) fn set_member(&self, member: &Arc<Member>) {
        // The creator of the client sets it once.
        let _ = self.0.set(Arc::downgrade(member));
    }

    fn member(&self) -> Option<Arc<Member>> {
        self.0.get().and_then(Weak::upgrade)
    }
}

impl ClientContext for Rebalances {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "error of a Kafka client");
    }
}

impl ConsumerContext for Rebalances {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let partitions = names(partitions);
        let change = match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Rebalance::Assign(partitions),
            _ => Rebalance::Revoke(partitions),
        };
        let left = match self.member() {
            Some(member) => member.record_rebalance(change),
            None => Some(change),
        };
        // A member that ends releases all partitions.
        let done = left.map_or(Ok(()), |change| change.accept(consumer));
        if let Err(error) = done {
            tracing::debug!(%error, "a member of a group cannot accept a rebalance");
        }
    }
}

/// Releases partitions.
pub(super) fn release(
    consumer: &BaseConsumer<Rebalances>,
    list: &TopicPartitionList,
) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
        RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
    }
}

fn names(list: &TopicPartitionList) -> Vec<Partition> {
    let all = list.elements();
    all.iter()
        .map(|one| (one.topic().to_owned(), one.partition()))
        .collect()
}
