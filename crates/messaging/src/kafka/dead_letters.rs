use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    message::BorrowedMessage,
};

use super::{
    client::Quiet,
    detached::Detached,
    groups::{self, Partition},
    wire,
};
use crate::{DeadLetterId, Envelope, Topic};

/// Where a dead letter is: in which partition, and where in it.
type Place = (i32, i64);

/// A topic of dead letters.
pub(super) struct Store {
    pub(super) topic: Topic,
    pub(super) name: String,
    pub(super) partitions: Vec<i32>,
    pub(super) client: ClientConfig,
    pub(super) timeout: Duration,
}

/// What is in it now.
#[derive(Debug, Default)]
pub(super) struct Contents {
    letters: BTreeMap<Place, (DeadLetterId, Vec<u8>)>,
    ends: HashMap<Partition, i64>,
}

impl Contents {
    /// The letters of these identifiers, by their keys; they count as removed from now on.
    pub(super) fn take(&mut self, ids: &[DeadLetterId]) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        self.letters.retain(|_, (id, key)| {
            let is_one = ids.contains(id);
            if is_one {
                keys.push(std::mem::take(key));
            }
            !is_one
        });
        keys
    }

    /// Up to where the log has nothing that is wanted.
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
    /// Finds what is in it.
    pub(super) fn contents(&self) -> KafkaResult<Contents> {
        let client = self.open()?;
        let (mut contents, mut places) = (Contents::default(), HashMap::new());
        contents.ends = self.read(&client, &HashMap::new(), |message| {
            let key = message.key().map(<[u8]>::to_vec);
            let place = (message.partition(), message.offset());
            if let Some(before) = key.as_ref().and_then(|key| places.remove(key)) {
                contents.letters.remove(&before);
            }
            // What has a key and no body says that what had the key is no more.
            if message.payload().is_some() || key.is_none() {
                let (envelope, _) = wire::envelope(self.topic.clone(), message);
                if let Some(key) = &key {
                    places.insert(key.clone(), place);
                }
                let letter = (DeadLetterId::of(&envelope), key.unwrap_or_default());
                contents.letters.insert(place, letter);
            }
            true
        })?;
        Ok(contents)
    }

    /// The letters after this one, the oldest first.
    pub(super) fn browse(
        &self,
        after: Option<&DeadLetterId>,
        limit: usize,
    ) -> KafkaResult<Vec<Envelope>> {
        let contents = self.contents()?;
        let all = contents.letters;
        let place = after.and_then(|after| all.iter().find(|(_, (id, _))| id == after));
        let place = place.map(|(place, _)| *place);
        let wanted = all.into_keys();
        let wanted = wanted.filter(|one| place.is_none_or(|place| *one > place));
        let wanted: Vec<Place> = wanted.take(limit).collect();
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
            let place = (message.partition(), message.offset());
            if wanted.binary_search(&place).is_ok() {
                found.insert(place, wire::envelope(self.topic.clone(), message).0);
                left = left.saturating_sub(1);
            }
            left > 0
        })?;
        Ok(found.into_values().collect())
    }

    fn open(&self) -> KafkaResult<Detached<BaseConsumer<Quiet>>> {
        Ok(Detached::new(self.client.create_with_context(Quiet)?))
    }

    /// Reads from the beginning, or from where it is told, to the present end, or until it is enough. Returns where the end was.
    fn read(
        &self,
        client: &BaseConsumer<Quiet>,
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
        while !open.is_empty() {
            let silent = KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
            match client.poll(self.timeout) {
                None => return Err(silent),
                Some(Ok(message)) => {
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
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(ends)
    }
}
