use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    message::BorrowedMessage,
};

use super::{
    client::LogContext,
    detached::Detached,
    groups::{self, Partition},
    wire,
};
use crate::{DeadLetterId, Envelope, Topic, transport::MAX_PAGE_SIZE};

/// The partition and the offset of a dead letter.
type RecordPosition = (i32, i64);

/// A dead-letter topic.
pub(super) struct Store {
    pub(super) topic: Topic,
    pub(super) name: String,
    pub(super) partitions: Vec<i32>,
    pub(super) client: ClientConfig,
    pub(super) timeout: Duration,
}

/// The current letters of a topic.
#[derive(Debug, Default)]
pub(super) struct Contents {
    letters: BTreeMap<RecordPosition, Letter>,
    ends: HashMap<Partition, i64>,
}

/// A dead letter without its payload.
#[derive(Debug)]
struct Letter {
    id: DeadLetterId,
    key: Vec<u8>,
    /// The size of the letter with its payload, in bytes.
    size: usize,
}

impl Contents {
    /// Removes the letters with these IDs and returns their keys.
    pub(super) fn take(&mut self, ids: &[DeadLetterId]) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        self.letters.retain(|_, letter| {
            let is_one = ids.contains(&letter.id);
            if is_one {
                keys.push(std::mem::take(&mut letter.key));
            }
            !is_one
        });
        keys
    }

    /// Returns the offsets before which all letters are removed.
    pub(super) fn removable(&self) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for ((topic, partition), end) in &self.ends {
            let mut left = self.letters.range((*partition, 0)..(partition + 1, 0));
            let first = left.next().map_or(*end, |((_, offset), _)| *offset);
            list.add_partition_offset(topic, *partition, Offset::Offset(first))?;
        }
        Ok(list)
    }
}

impl Store {
    /// Reads the current letters.
    pub(super) fn contents(&self) -> KafkaResult<Contents> {
        let client = self.open()?;
        let (mut contents, mut positions) = (Contents::default(), HashMap::new());
        contents.ends = self.read(&client, &HashMap::new(), |message| {
            let key = message.key().map(<[u8]>::to_vec);
            let position = (message.partition(), message.offset());
            if let Some(before) = key.as_ref().and_then(|key| positions.remove(key)) {
                contents.letters.remove(&before);
            }
            // A message with a key and without a body is a tombstone of that key.
            if message.payload().is_some() || key.is_none() {
                let (envelope, _) = wire::envelope(self.topic.clone(), message);
                if let Some(key) = &key {
                    positions.insert(key.clone(), position);
                }
                let letter = Letter {
                    id: DeadLetterId::of(&envelope),
                    key: key.unwrap_or_default(),
                    size: envelope.size(),
                };
                contents.letters.insert(position, letter);
            }
            true
        })?;
        Ok(contents)
    }

    /// Returns the letters after another one, oldest first.
    pub(super) fn browse(
        &self,
        after: Option<&DeadLetterId>,
        limit: usize,
    ) -> KafkaResult<Vec<Envelope>> {
        let contents = self.contents()?;
        let all = contents.letters;
        let position = after.and_then(|after| all.iter().find(|(_, letter)| letter.id == *after));
        let position = position.map(|(position, _)| *position);
        let following = all.iter();
        let following =
            following.filter(|(one, _)| position.is_none_or(|position| **one > position));
        let mut size = 0;
        let page = following.take(limit).take_while(|(_, letter)| {
            let is_full = size >= MAX_PAGE_SIZE.as_usize();
            size += letter.size;
            !is_full
        });
        let wanted: Vec<RecordPosition> = page.map(|(position, _)| *position).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut starts: HashMap<i32, i64> = HashMap::new();
        for (partition, offset) in wanted.iter().rev() {
            starts.insert(*partition, *offset);
        }
        let (client, mut found) = (self.open()?, BTreeMap::new());
        let mut left = wanted.len();
        self.read(&client, &starts, |message| {
            let position = (message.partition(), message.offset());
            if wanted.binary_search(&position).is_ok() {
                found.insert(position, wire::envelope(self.topic.clone(), message).0);
                left = left.saturating_sub(1);
            }
            left > 0
        })?;
        Ok(found.into_values().collect())
    }

    fn open(&self) -> KafkaResult<Detached<BaseConsumer<LogContext>>> {
        Ok(Detached::new(self.client.create_with_context(LogContext)?))
    }

    /// Reads from the beginning, or from `starts`, to the current end, or until `each` returns
    /// `false`. Returns the ends.
    fn read(
        &self,
        client: &BaseConsumer<LogContext>,
        starts: &HashMap<i32, i64>,
        mut each: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> KafkaResult<HashMap<Partition, i64>> {
        let partitions = self.partitions.iter();
        let partitions: Vec<_> = partitions.map(|one| (self.name.clone(), *one)).collect();
        let ends = groups::ends(client, &partitions, self.timeout)?;
        let begins = groups::beginnings(client, &partitions, self.timeout)?;
        let (mut list, mut open) = (TopicPartitionList::new(), HashMap::new());
        for ((name, partition), end) in &ends {
            let begin = begins.get(&(name.clone(), *partition)).copied();
            let begin = begin.unwrap_or(0);
            let start = match starts.get(partition) {
                Some(start) => begin.max(*start),
                None if starts.is_empty() => begin,
                None => *end,
            };
            if start < *end {
                list.add_partition_offset(name, *partition, Offset::Offset(start))?;
                open.insert(*partition, *end);
            }
        }
        if open.is_empty() {
            return Ok(ends);
        }
        client.assign(&list)?;
        let mut deadline = Instant::now() + self.timeout;
        while !open.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            match client.poll(left) {
                None => {
                    let code = RDKafkaErrorCode::OperationTimedOut;
                    return Err(KafkaError::MessageConsumption(code));
                }
                Some(Ok(message)) => {
                    deadline = Instant::now() + self.timeout;
                    let (partition, next) = (message.partition(), message.offset() + 1);
                    let is_old = open.get(&partition).is_some_and(|end| next <= *end);
                    if is_old && !each(&message) {
                        break;
                    }
                    if open.get(&partition).is_some_and(|end| next >= *end) {
                        open.remove(&partition);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    open.remove(&partition);
                }
                // The client reports each lost connection, also from before the first request, and
                // reconnects by itself.
                Some(Err(error)) if is_recoverable(&error) && !left.is_zero() => {
                    tracing::debug!(%error, "the client of a dead-letter topic reconnects");
                }
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(ends)
    }
}

/// Whether the client continues after an error that it reports.
fn is_recoverable(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::OperationTimedOut
        )
    )
}

#[cfg(test)]
mod tests;
