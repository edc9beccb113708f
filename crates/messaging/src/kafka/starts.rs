use std::{collections::HashMap, time::Duration};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
    error::KafkaResult,
};

use super::{
    client::LogContext,
    detached::Detached,
    groups::{self, Partition},
};

/// Where a group starts in partitions without a committed offset, as publishers recorded it.
///
/// A group with members accepts commits of its members only. So a publisher commits these offsets
/// for a second group, which never has members.
pub(super) struct Starts {
    config: ClientConfig,
    timeout: Duration,
}

impl Starts {
    /// `config` is the configuration of a member of the second group.
    pub(super) fn new(config: ClientConfig, timeout: Duration) -> Self {
        Self { config, timeout }
    }

    /// Returns the recorded offsets of these partitions.
    pub(super) fn read(&self, partitions: &[Partition]) -> KafkaResult<HashMap<Partition, i64>> {
        let client = self.client()?;
        self.committed(&client, partitions)
    }

    /// Records offsets. Does not replace a recorded offset by a later one. Commits unchanged
    /// offsets again, because the cluster deletes the offsets of a group without members some days
    /// after its last commit.
    pub(super) fn record(&self, starts: &HashMap<Partition, i64>) -> KafkaResult<()> {
        if starts.is_empty() {
            return Ok(());
        }
        let client = self.client()?;
        let partitions: Vec<_> = starts.keys().cloned().collect();
        let recorded = self.committed(&client, &partitions)?;
        let mut list = TopicPartitionList::new();
        for (partition, start) in renewed(&recorded, starts) {
            list.add_partition_offset(&partition.0, partition.1, Offset::Offset(start))?;
        }
        groups::retry_elections(self.timeout, || client.commit(&list, CommitMode::Sync))
    }

    fn committed(
        &self,
        client: &BaseConsumer<LogContext>,
        partitions: &[Partition],
    ) -> KafkaResult<HashMap<Partition, i64>> {
        let committed = groups::committed(client, partitions, self.timeout)?;
        let offsets = committed.into_iter();
        Ok(offsets
            .map(|(partition, (offset, _metadata))| (partition, offset))
            .collect())
    }

    fn client(&self) -> KafkaResult<Detached<BaseConsumer<LogContext>>> {
        self.config
            .create_with_context(LogContext)
            .map(Detached::new)
    }
}

/// Returns the offset to commit for each partition: the earlier of the recorded and the new one.
fn renewed<'a>(
    recorded: &HashMap<Partition, i64>,
    starts: &'a HashMap<Partition, i64>,
) -> impl Iterator<Item = (&'a Partition, i64)> {
    starts.iter().map(|(partition, start)| {
        let known = recorded.get(partition).copied();
        (partition, known.map_or(*start, |known| known.min(*start)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_starts_are_committed_again_msg_3() {
        let partition = |number| ("topic".to_owned(), number);
        let recorded = HashMap::from([(partition(0), 5), (partition(1), 5), (partition(2), 5)]);
        let starts = HashMap::from([
            (partition(0), 5),
            (partition(1), 9),
            (partition(2), 2),
            (partition(3), 7),
        ]);
        let mut commits: Vec<_> = renewed(&recorded, &starts)
            .map(|((_, number), start)| (*number, start))
            .collect();
        commits.sort_unstable();
        assert_eq!(commits, [(0, 5), (1, 5), (2, 2), (3, 7)]);
    }
}
