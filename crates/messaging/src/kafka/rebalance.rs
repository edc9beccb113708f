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

/// The group has changed.
#[derive(Clone)]
pub(super) enum Change {
    /// These are this member's now.
    Assign(Vec<Partition>),
    /// These are to go to others.
    Revoke(Vec<Partition>),
}

impl Change {
    /// Does what the group wants, without looking at what is in hand.
    pub(super) fn accept(self, client: &BaseConsumer<Rebalances>) -> KafkaResult<()> {
        match self {
            Self::Assign(partitions) => client.incremental_assign(&list(&partitions)),
            Self::Revoke(partitions) => release(client, &list(&partitions)),
        }
    }
}

/// What the client of a member tells. It is only noted here; the member's thread does it when it is time.
#[derive(Default)]
pub(super) struct Rebalances(OnceLock<Weak<Member>>);

impl Rebalances {
    pub(super) fn tell(&self, member: &Arc<Member>) {
        // Only done once, by whoever made the client.
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
        tracing::debug!(%error, reason, "Kafka");
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
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Change::Assign(partitions),
            _ => Change::Revoke(partitions),
        };
        let left = match self.member() {
            Some(member) => member.note(change),
            None => Some(change),
        };
        // A member that ends lets everything go at once.
        let done = left.map_or(Ok(()), |change| change.accept(consumer));
        if let Err(error) = done {
            tracing::debug!(%error, "a member of a group ends untidily");
        }
    }
}

/// Lets partitions go.
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
