//! Dead letters in a state store. The API of Dapr can only consume a topic, so it cannot list the
//! letters of a topic.
//!
//! A letter is one value. Its ID is in a chunk of its topic. The index of the topic has the numbers
//! of its chunks, the oldest first. Every write of a chunk or an index depends on the version that
//! was read, so that processes can change them at the same time.
//!
//! An empty chunk that is not the last one is sealed: no process adds IDs to it, and the index then
//! leaves it out.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;
use tonic::Status;

use super::{
    publications::publish_error,
    state::{Expected, State, Stored},
    wire,
};
use crate::{DeadLetterId, Envelope, PublishError, Topic, transport::MAX_PAGE_SIZE};

/// Maximum IDs of a chunk, about 4 KB.
const MAX_CHUNK: usize = 100;
/// Maximum attempts of a write, of which one of all concurrent processes succeeds.
const MAX_ATTEMPTS: usize = 100;
/// Maximum letters that are read or written at the same time.
const MAX_PARALLEL: usize = 8;

/// The chunks of a topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Index {
    first: u64,
    /// One above the last chunk.
    end: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Chunk {
    ids: Vec<DeadLetterId>,
    is_sealed: bool,
}

/// The dead letters of all topics.
#[derive(Debug)]
pub(super) struct DeadLetterStore<S> {
    state: S,
    /// Held by the task of this process that changes chunks, so that conflicts are rare.
    changing: Mutex<()>,
}

impl<S: State> DeadLetterStore<S> {
    pub(super) fn new(state: S) -> Self {
        Self {
            state,
            changing: Mutex::new(()),
        }
    }

    /// Stores dead letters of any topics, and returns the results in their order.
    pub(super) async fn publish(&self, letters: Vec<Envelope>) -> Vec<Result<(), PublishError>> {
        let mut results = Vec::with_capacity(letters.len());
        let mut by_topic: BTreeMap<Topic, Vec<(usize, DeadLetterId, Bytes)>> = BTreeMap::new();
        for (index, letter) in letters.iter().enumerate() {
            results.push(wire::event(letter).map(|event| {
                let of_topic = by_topic.entry(letter.topic().clone()).or_default();
                of_topic.push((index, DeadLetterId::of(letter), event));
            }));
        }
        for (topic, letters) in by_topic {
            for (index, stored) in self.store(&topic, letters).await {
                if let Some(result) = results.get_mut(index) {
                    *result = stored.map_err(|status| publish_error(&status));
                }
            }
        }
        results
    }

    /// Stores the letters of a topic, then their IDs. A letter without its ID is in no list, and
    /// its publisher stores it again.
    async fn store(
        &self,
        topic: &Topic,
        letters: Vec<(usize, DeadLetterId, Bytes)>,
    ) -> Vec<(usize, Result<(), Status>)> {
        let (mut results, mut ids) = (Vec::with_capacity(letters.len()), Vec::new());
        for batch in letters.chunks(MAX_PARALLEL) {
            let mut writes = Vec::with_capacity(batch.len());
            for (_, id, event) in batch {
                let key = letter_key(topic, id);
                writes.push(self.state.save(key, event.clone(), Expected::Anything));
            }
            for ((index, id, _), saved) in batch.iter().zip(join_all(writes).await) {
                if saved.is_ok() {
                    ids.push(id.clone());
                }
                results.push((*index, saved.map(|_is_saved| ())));
            }
        }
        if let Err(status) = self.add(topic, ids).await {
            for (_, result) in &mut results {
                *result = Err(status.clone());
            }
        }
        results
    }

    /// Adds IDs to the last chunks of a topic.
    async fn add(&self, topic: &Topic, mut ids: Vec<DeadLetterId>) -> Result<(), Status> {
        let _changing = self.changing.lock().await;
        for _ in 0..MAX_ATTEMPTS {
            if ids.is_empty() {
                return Ok(());
            }
            let (mut index, version) = self.read::<Index>(&index_key(topic)).await?;
            let mut room = 0;
            if let Some(last) = index.end.checked_sub(1) {
                let key = chunk_key(topic, last);
                let (mut chunk, version) = self.read::<Chunk>(&key).await?;
                if !chunk.is_sealed {
                    room = MAX_CHUNK.saturating_sub(chunk.ids.len()).min(ids.len());
                }
                if room > 0 {
                    let fitting = ids.iter().take(room);
                    let known: HashSet<_> = chunk.ids.iter().cloned().collect();
                    let new = fitting.filter(|id| !known.contains(*id));
                    chunk.ids.extend(new.cloned());
                    if self.write(key, &chunk, version).await? {
                        ids.drain(..room);
                    }
                }
            }
            if room == 0 {
                // After a conflict another process has added a chunk.
                index.end += 1;
                self.write(index_key(topic), &index, version).await?;
            }
        }
        Err(contention())
    }

    /// Returns letters of a dead-letter topic after `after`, the oldest first.
    pub(super) async fn browse(
        &self,
        topic: &Topic,
        after: Option<&DeadLetterId>,
        limit: usize,
    ) -> Result<Vec<Envelope>, Status> {
        let (index, _) = self.read::<Index>(&index_key(topic)).await?;
        let mut ids = Vec::new();
        for number in index.first..index.end {
            let (chunk, _) = self.read::<Chunk>(&chunk_key(topic, number)).await?;
            ids.extend(chunk.ids);
        }
        // A letter that was published twice may be in two chunks.
        let mut known = HashSet::new();
        ids.retain(|id| known.insert(id.clone()));
        let position = after.and_then(|after| ids.iter().position(|id| id == after));
        let from = position.map_or(0, |position| position + 1);
        let (mut found, mut size) = (Vec::new(), 0);
        for batch in ids.get(from..).unwrap_or_default().chunks(MAX_PARALLEL) {
            let mut reads = Vec::with_capacity(batch.len());
            for id in batch {
                reads.push(self.state.get(letter_key(topic, id)));
            }
            for read in join_all(reads).await {
                if found.len() >= limit || size >= MAX_PAGE_SIZE.as_usize() {
                    return Ok(found);
                }
                // Another process may have removed the letter.
                let Some(Stored { value, .. }) = read? else {
                    continue;
                };
                let letter = wire::stored(topic.clone(), &value);
                let letter = letter.map_err(Status::data_loss)?;
                size += letter.size();
                found.push(letter);
            }
        }
        Ok(found)
    }

    /// Removes letters from a dead-letter topic and returns how many it removed.
    pub(super) async fn remove(&self, topic: &Topic, ids: &[DeadLetterId]) -> Result<u64, Status> {
        let _changing = self.changing.lock().await;
        // First, so that a removal that fails or is cancelled leaves no letter that no list has.
        self.delete(topic, ids).await?;
        let (index, _) = self.read::<Index>(&index_key(topic)).await?;
        let chosen: HashSet<_> = ids.iter().collect();
        let mut removed = Vec::new();
        for number in index.first..index.end {
            let is_last = number + 1 == index.end;
            let of_chunk = self.remove_from(topic, number, is_last, &chosen).await?;
            removed.extend(of_chunk);
        }
        removed.sort_unstable();
        removed.dedup();
        self.trim_sealed_chunks(topic).await?;
        Ok(u64::try_from(removed.len()).unwrap_or(u64::MAX))
    }

    /// Deletes letters. The list of a topic leaves out IDs without a letter.
    async fn delete(&self, topic: &Topic, ids: &[DeadLetterId]) -> Result<(), Status> {
        for batch in ids.chunks(MAX_PARALLEL) {
            let mut deletions = Vec::with_capacity(batch.len());
            for id in batch {
                deletions.push(self.state.delete(letter_key(topic, id)));
            }
            for deleted in join_all(deletions).await {
                deleted?;
            }
        }
        Ok(())
    }

    /// Removes IDs from a chunk and returns those that it had.
    async fn remove_from(
        &self,
        topic: &Topic,
        number: u64,
        is_last: bool,
        chosen: &HashSet<&DeadLetterId>,
    ) -> Result<Vec<DeadLetterId>, Status> {
        let key = chunk_key(topic, number);
        for _ in 0..MAX_ATTEMPTS {
            let (chunk, version) = self.read::<Chunk>(&key).await?;
            let (removed, ids): (Vec<_>, Vec<_>) =
                chunk.ids.into_iter().partition(|id| chosen.contains(id));
            let is_sealed = chunk.is_sealed || ids.is_empty() && !is_last;
            if removed.is_empty() && is_sealed == chunk.is_sealed {
                return Ok(removed);
            }
            let changed = Chunk { ids, is_sealed };
            if self.write(key.clone(), &changed, version).await? {
                return Ok(removed);
            }
        }
        Err(contention())
    }

    /// Removes the first chunks from the index if they are sealed. If another process changes the
    /// index at the same time, a later removal does this.
    async fn trim_sealed_chunks(&self, topic: &Topic) -> Result<(), Status> {
        let (mut index, version) = self.read::<Index>(&index_key(topic)).await?;
        let first = index.first;
        while index.first < index.end {
            let (chunk, _) = self.read::<Chunk>(&chunk_key(topic, index.first)).await?;
            if !chunk.is_sealed {
                break;
            }
            index.first += 1;
        }
        if index.first > first {
            self.write(index_key(topic), &index, version).await?;
        }
        Ok(())
    }

    /// Returns a value, or its default, with the condition for its change.
    async fn read<T>(&self, key: &str) -> Result<(T, Expected), Status>
    where
        T: Default + DeserializeOwned + Send,
    {
        let Some(stored) = self.state.get(key.to_owned()).await? else {
            return Ok((T::default(), Expected::Absent));
        };
        match serde_json::from_slice(&stored.value) {
            Ok(value) => Ok((value, Expected::Version(stored.version))),
            Err(error) => Err(Status::data_loss(format!(
                "the value of {key:?} is invalid: {error}"
            ))),
        }
    }

    async fn write<T>(&self, key: String, value: &T, expected: Expected) -> Result<bool, Status>
    where
        T: Serialize + Sync,
    {
        let value =
            serde_json::to_vec(value).map_err(|error| Status::internal(error.to_string()))?;
        self.state.save(key, value.into(), expected).await
    }
}

fn index_key(topic: &Topic) -> String {
    format!("dead-letters/{topic}/index")
}

fn chunk_key(topic: &Topic, number: u64) -> String {
    format!("dead-letters/{topic}/chunk/{number}")
}

/// Dapr rejects keys with `||`.
fn letter_key(topic: &Topic, id: &DeadLetterId) -> String {
    let id = id.as_str().replace('%', "%25").replace('|', "%7C");
    format!("dead-letters/{topic}/letter/{id}")
}

fn contention() -> Status {
    Status::aborted("other processes change the dead letters at the same time")
}

#[cfg(test)]
mod tests;
