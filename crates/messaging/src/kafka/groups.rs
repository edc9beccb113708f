use std::{
    collections::HashMap,
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
};

use super::{ledger::Ledger, starts::Starts};

/// The interval of retries. A new leader is usually ready after this time.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The name of a topic and a partition of it.
pub(super) type Partition = (String, i32);

/// Returns the committed offsets and metadata of partitions.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, (i64, String)>> {
    retry_elections(timeout, || committed_now(consumer, partitions, timeout))
}

fn committed_now<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, (i64, String)>> {
    let answer = consumer.committed_offsets(list(partitions), timeout)?;
    let mut committed = HashMap::new();
    for element in answer.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            let partition = (element.topic().to_owned(), element.partition());
            committed.insert(partition, (offset, element.metadata().to_owned()));
        }
    }
    Ok(committed)
}

/// Returns the current end offsets of partitions.
pub(super) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    edges(consumer, partitions, Offset::End, timeout)
}

/// Returns the current first offsets of partitions.
pub(super) fn beginnings<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    edges(consumer, partitions, Offset::Beginning, timeout)
}

fn edges<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    edge: Offset,
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    retry_elections(timeout, || edges_now(consumer, partitions, edge, timeout))
}

/// Retries a request while the cluster elects a leader or a coordinator.
pub(super) fn retry_elections<T>(
    timeout: Duration,
    request: impl Fn() -> KafkaResult<T>,
) -> KafkaResult<T> {
    let until = Instant::now() + timeout;
    loop {
        match request() {
            Err(error) if is_election(&error) && Instant::now() < until => {
                thread::sleep(RETRY_INTERVAL)
            }
            answer => return answer,
        }
    }
}

fn edges_now<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    edge: Offset,
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    let mut offsets = list(partitions);
    offsets.set_all_offsets(edge)?;
    let answer = consumer.offsets_for_times(offsets, timeout)?;
    let mut found = HashMap::new();
    for element in answer.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            found.insert((element.topic().to_owned(), element.partition()), offset);
        }
    }
    Ok(found)
}

/// Whether a leader or a coordinator is being elected. These are the retriable errors of Kafka's
/// protocol for such requests.
fn is_election(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::FencedLeaderEpoch
                | RDKafkaErrorCode::UnknownLeaderEpoch
                | RDKafkaErrorCode::OffsetNotAvailable
                | RDKafkaErrorCode::ReplicaNotAvailable
                | RDKafkaErrorCode::KafkaStorageError
                | RDKafkaErrorCode::UnstableOffsetCommit
        )
    )
}

/// Commits the start of each partition without a committed offset: the recorded one, or else the
/// current end. Returns the starts if the group has members, because only members can commit.
pub(super) fn register<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    recorded: &Starts,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    let missing = |known: &HashMap<Partition, (i64, String)>| -> Vec<Partition> {
        let unknown = partitions.iter().filter(|one| !known.contains_key(*one));
        unknown.cloned().collect()
    };
    let unknown = missing(&committed(consumer, partitions, timeout)?);
    if unknown.is_empty() {
        return Ok(HashMap::new());
    }
    // In this order, a concurrent registration never commits an offset before one that another
    // member has returned, and a publisher never records one that is before these ends.
    let mut starts = ends(consumer, &unknown, timeout)?;
    let unknown = missing(&committed(consumer, partitions, timeout)?);
    starts.retain(|partition, _| unknown.contains(partition));
    if starts.is_empty() {
        return Ok(HashMap::new());
    }
    for (partition, offset) in recorded.read(&unknown)? {
        starts
            .entry(partition)
            .and_modify(|end| *end = offset.min(*end));
    }
    let mut list = TopicPartitionList::new();
    for ((topic, partition), start) in &starts {
        list.add_partition_offset(topic, *partition, Offset::Offset(*start))?;
    }
    match retry_elections(timeout, || consumer.commit(&list, CommitMode::Sync)) {
        Ok(()) => Ok(HashMap::new()),
        Err(KafkaError::ConsumerCommit(
            RDKafkaErrorCode::UnknownMemberId
            | RDKafkaErrorCode::IllegalGeneration
            | RDKafkaErrorCode::RebalanceInProgress,
        )) => Ok(starts),
        Err(error) => Err(error),
    }
}

/// Returns how many messages of these partitions the group has not acknowledged.
pub(super) fn lag<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<u64> {
    let known = committed(consumer, partitions, timeout)?;
    let known_partitions: Vec<_> = known.keys().cloned().collect();
    let ends = ends(consumer, &known_partitions, timeout)?;
    let pending = known.iter().map(|(partition, (offset, metadata))| {
        let end = ends.get(partition).copied().unwrap_or(*offset);
        Ledger::read(*offset, metadata).waiting(end)
    });
    Ok(pending.sum())
}

/// Returns these partitions in the type of the client.
pub(super) fn list(partitions: &[Partition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for (topic, partition) in partitions {
        list.add_partition(topic, *partition);
    }
    list
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn retries_while_leader_or_coordinator_is_elected_res_1() {
        let calls = Cell::new(0);
        let answer = retry_elections(Duration::from_secs(10), || {
            calls.set(calls.get() + 1);
            match calls.get() {
                1 => Err(KafkaError::MetadataFetch(RDKafkaErrorCode::NotCoordinator)),
                3 => Err(KafkaError::OffsetFetch(
                    RDKafkaErrorCode::UnknownLeaderEpoch,
                )),
                2 => Err(KafkaError::OffsetFetch(
                    RDKafkaErrorCode::CoordinatorLoadInProgress,
                )),
                _ => Ok("known"),
            }
        });
        assert_eq!((answer, calls.get()), (Ok("known"), 4));
    }

    #[test]
    fn does_not_retry_rejections_res_1() {
        let calls = Cell::new(0);
        let answer: KafkaResult<()> = retry_elections(Duration::from_secs(10), || {
            calls.set(calls.get() + 1);
            Err(KafkaError::OffsetFetch(
                RDKafkaErrorCode::GroupAuthorizationFailed,
            ))
        });
        assert!(answer.is_err());
        assert_eq!(calls.get(), 1);
    }
}
