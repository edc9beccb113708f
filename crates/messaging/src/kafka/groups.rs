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

use super::ledger::Ledger;

/// A new leader knows what it leads after this long, mostly.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// A partition of a topic by its name.
pub(super) type Partition = (String, i32);

/// What was committed for these partitions.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, (i64, String)>> {
    once_settled(timeout, || committed_now(consumer, partitions, timeout))
}

fn committed_now<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, (i64, String)>> {
    let told = consumer.committed_offsets(list(partitions), timeout)?;
    let mut committed = HashMap::new();
    for element in told.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            let partition = (element.topic().to_owned(), element.partition());
            committed.insert(partition, (offset, element.metadata().to_owned()));
        }
    }
    Ok(committed)
}

/// Where these partitions end now.
pub(super) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    edges(consumer, partitions, Offset::End, timeout)
}

/// Where these partitions begin now.
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
    once_settled(timeout, || edges_now(consumer, partitions, edge, timeout))
}

/// Asks again for as long as the cluster says that it will know in a moment.
fn once_settled<T>(timeout: Duration, ask: impl Fn() -> KafkaResult<T>) -> KafkaResult<T> {
    let until = Instant::now() + timeout;
    loop {
        match ask() {
            Err(error) if is_settling(&error) && Instant::now() < until => thread::sleep(ASK_AGAIN),
            told => return told,
        }
    }
}

fn edges_now<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    edge: Offset,
    timeout: Duration,
) -> KafkaResult<HashMap<Partition, i64>> {
    let mut asked = list(partitions);
    asked.set_all_offsets(edge)?;
    let told = consumer.offsets_for_times(asked, timeout)?;
    let mut found = HashMap::new();
    for element in told.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            found.insert((element.topic().to_owned(), element.partition()), offset);
        }
    }
    Ok(found)
}

/// Whether a partition or its leader is new, or the coordinator of the group is: it will answer in a moment. These are the errors that Kafka's protocol calls retriable and that such questions get.
fn is_settling(error: &KafkaError) -> bool {
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

/// Lets a group begin at the present ends of those partitions that it does not know yet. A group that has members commits for them alone: then the answer is where its new member is to begin.
pub(super) fn register<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
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
    // In this order: where another member registers beside this one, what is committed last is never behind what the other promised.
    let ends = ends(consumer, &unknown, timeout)?;
    let unknown = missing(&committed(consumer, partitions, timeout)?);
    let mut starts = TopicPartitionList::new();
    for (topic, partition) in &unknown {
        if let Some(end) = ends.get(&(topic.clone(), *partition)) {
            starts.add_partition_offset(topic, *partition, Offset::Offset(*end))?;
        }
    }
    if starts.count() == 0 {
        return Ok(HashMap::new());
    }
    match once_settled(timeout, || consumer.commit(&starts, CommitMode::Sync)) {
        Ok(()) => Ok(HashMap::new()),
        Err(KafkaError::ConsumerCommit(
            RDKafkaErrorCode::UnknownMemberId
            | RDKafkaErrorCode::IllegalGeneration
            | RDKafkaErrorCode::RebalanceInProgress,
        )) => Ok(ends),
        Err(error) => Err(error),
    }
}

/// How many messages of these partitions the group has not acknowledged.
pub(super) fn lag<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Partition],
    timeout: Duration,
) -> KafkaResult<u64> {
    let known = committed(consumer, partitions, timeout)?;
    let heard: Vec<_> = known.keys().cloned().collect();
    let ends = ends(consumer, &heard, timeout)?;
    let waiting = known.iter().map(|(partition, (offset, metadata))| {
        let end = ends.get(partition).copied().unwrap_or(*offset);
        Ledger::read(*offset, metadata).waiting(end)
    });
    Ok(waiting.sum())
}

/// These partitions, as the client wants them.
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
    fn a_coordinator_or_a_leader_that_is_new_is_asked_again_res_1() {
        let asked = Cell::new(0);
        let answer = once_settled(Duration::from_secs(10), || {
            asked.set(asked.get() + 1);
            match asked.get() {
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
        assert_eq!((answer, asked.get()), (Ok("known"), 4));
    }

    #[test]
    fn what_is_refused_is_not_asked_again_res_1() {
        let asked = Cell::new(0);
        let answer: KafkaResult<()> = once_settled(Duration::from_secs(10), || {
            asked.set(asked.get() + 1);
            Err(KafkaError::OffsetFetch(
                RDKafkaErrorCode::GroupAuthorizationFailed,
            ))
        });
        assert!(answer.is_err());
        assert_eq!(asked.get(), 1);
    }
}
