//! Dead letters in a state store. The API of Dapr can only consume a topic, so it cannot list the
//! letters of a topic.
//!
//! A letter is one value. Its ID is in a chunk of its topic. The index of the topic has the numbers
//! of its chunks, the oldest first. Every write of a chunk or an index depends on the version that
//! was read, so that processes can change them at the same time.
//!
//! A chunk is stored before the index has its number, and an empty chunk that is not the last one
//! is sealed: no process adds IDs to it. A removal deletes a sealed chunk after the index has
//! dropped its number. So only existing chunks that are not sealed take IDs, and the number of
//! chunks follows the number of letters.

mod page;

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;
use tonic::Status;

use self::page::{Page, undecodable};
use super::{
    api::transport_error,
    publications::publish_error,
    state::{Expected, State, Stored},
    wire,
};
use crate::{DeadLetterId, Envelope, PublishError, Topic, transport::TransportError};

/// Maximum IDs of a chunk, about 4 KB.
const MAX_CHUNK: usize = 100;
/// Maximum attempts of a conditional write. A write fails if another process changed the value.
const MAX_ATTEMPTS: usize = 100;
/// Maximum letters that are read or written at the same time.
const MAX_PARALLEL: usize = 8;

const NO_ETAGS: &str =
    "the state store has no ETags: name one with ETags in broker.dapr.dead_letters";

/// The chunks of a topic.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    /// The numbers of the chunks, the oldest first.
    chunks: Vec<u64>,
    /// The number of the next chunk. A number is not used again.
    next: u64,
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
    write_lock: Mutex<()>,
}

impl<S: State> DeadLetterStore<S> {
    pub(super) fn new(state: S) -> Self {
        Self {
            state,
            write_lock: Mutex::new(()),
        }
    }

    /// Writes a value that does not belong to a topic, and checks that the state store returns it
    /// with an ETag.
    pub(super) async fn check(&self) -> Result<(), TransportError> {
        let probe = async {
            let (key, value) = ("dead-letters/probe", Bytes::from_static(b"{}"));
            let saved = self.state.save(key.to_owned(), value, Expected::Anything);
            saved.await?;
            self.state.get(key.to_owned()).await
        };
        let stored = probe.await.map_err(|status| transport_error(&status))?;
        match stored {
            Some(Stored { version, .. }) if !version.is_empty() => Ok(()),
            _ => Err(TransportError::rejected(NO_ETAGS)),
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

    /// Stores the letters of a topic, then their IDs. A letter without its ID is not listed, and
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
        let _locked = self.write_lock.lock().await;
        for _ in 0..MAX_ATTEMPTS {
            if ids.is_empty() {
                return Ok(());
            }
            let (mut index, version) = self.read::<Index>(&index_key(topic)).await?;
            let mut room = 0;
            if let Some(last) = index.chunks.last() {
                let key = chunk_key(topic, *last);
                let (mut chunk, version) = self.read::<Chunk>(&key).await?;
                // An absent chunk was deleted after the index was read.
                if !chunk.is_sealed && version != Expected::Absent {
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
                // After a conflict another process has added the chunk.
                let key = chunk_key(topic, index.next);
                self.write(key, &Chunk::default(), Expected::Absent).await?;
                index.chunks.push(index.next);
                index.next += 1;
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
        let mut page = Page::new(limit);
        let (mut known, mut ids) = (HashSet::new(), Vec::new());
        let mut is_after = after.is_none();
        for batch in index.chunks.chunks(MAX_PARALLEL) {
            for id in self.ids(topic, batch).await? {
                // A letter that was published twice may be in two chunks.
                if !known.insert(id.clone()) {
                    continue;
                }
                if Some(&id) == after {
                    is_after = true;
                    ids.clear();
                } else {
                    ids.push(id);
                }
            }
            if is_after {
                self.fill(&mut page, topic, &ids).await?;
                ids.clear();
                if page.is_full() {
                    break;
                }
            }
        }
        // If `after` is unknown, the page has the oldest letters.
        self.fill(&mut page, topic, &ids).await?;
        Ok(page.letters)
    }

    /// Returns the IDs of chunks.
    async fn ids(&self, topic: &Topic, numbers: &[u64]) -> Result<Vec<DeadLetterId>, Status> {
        let keys: Vec<_> = numbers.iter().map(|it| chunk_key(topic, *it)).collect();
        let (mut reads, mut ids) = (Vec::with_capacity(keys.len()), Vec::new());
        for key in &keys {
            reads.push(self.read::<Chunk>(key));
        }
        for read in join_all(reads).await {
            let (chunk, _) = read?;
            ids.extend(chunk.ids);
        }
        Ok(ids)
    }

    /// Adds letters to a page until it is full.
    async fn fill(
        &self,
        page: &mut Page,
        topic: &Topic,
        ids: &[DeadLetterId],
    ) -> Result<(), Status> {
        for batch in ids.chunks(MAX_PARALLEL) {
            if page.is_full() {
                break;
            }
            let mut reads = Vec::with_capacity(batch.len());
            for id in batch {
                reads.push(self.state.get(letter_key(topic, id)));
            }
            for (id, read) in batch.iter().zip(join_all(reads).await) {
                // Another process may have removed the letter.
                let Some(Stored { value, .. }) = read? else {
                    continue;
                };
                if page.is_full() {
                    break;
                }
                let letter = wire::from_stored(topic.clone(), &value);
                page.add(
                    letter.unwrap_or_else(|problem| undecodable(topic, id, value.len(), &problem)),
                );
            }
        }
        Ok(())
    }

    /// Removes letters from a dead-letter topic and returns how many it removed.
    pub(super) async fn remove(&self, topic: &Topic, ids: &[DeadLetterId]) -> Result<u64, Status> {
        let _locked = self.write_lock.lock().await;
        // The letters first: after a removal that fails or is cancelled, each letter that remains
        // is still listed. A list omits IDs without a letter.
        let keys = ids.iter().map(|id| letter_key(topic, id));
        self.delete(keys.collect()).await?;
        let (index, _) = self.read::<Index>(&index_key(topic)).await?;
        let chosen: HashSet<_> = ids.iter().collect();
        let last = index.chunks.last();
        let (mut removed, mut sealed) = (Vec::new(), Vec::new());
        for batch in index.chunks.chunks(MAX_PARALLEL) {
            let mut changes = Vec::with_capacity(batch.len());
            for number in batch {
                let is_last = Some(number) == last;
                changes.push(self.remove_from(topic, *number, is_last, &chosen));
            }
            for (number, changed) in batch.iter().zip(join_all(changes).await) {
                let (of_chunk, is_sealed) = changed?;
                removed.extend(of_chunk);
                if is_sealed {
                    sealed.push(*number);
                }
            }
        }
        removed.sort_unstable();
        removed.dedup();
        self.drop_chunks(topic, &sealed).await?;
        Ok(u64::try_from(removed.len()).unwrap_or(u64::MAX))
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), Status> {
        for batch in keys.chunks(MAX_PARALLEL) {
            let mut deletions = Vec::with_capacity(batch.len());
            for key in batch {
                deletions.push(self.state.delete(key.clone()));
            }
            for deleted in join_all(deletions).await {
                deleted?;
            }
        }
        Ok(())
    }

    /// Removes IDs from a chunk. Returns those that it had, and whether it is now sealed.
    async fn remove_from(
        &self,
        topic: &Topic,
        number: u64,
        is_last: bool,
        chosen: &HashSet<&DeadLetterId>,
    ) -> Result<(Vec<DeadLetterId>, bool), Status> {
        let key = chunk_key(topic, number);
        for _ in 0..MAX_ATTEMPTS {
            let (chunk, version) = self.read::<Chunk>(&key).await?;
            if version == Expected::Absent {
                // Another process has deleted the chunk.
                return Ok((Vec::new(), true));
            }
            let (removed, ids): (Vec<_>, Vec<_>) =
                chunk.ids.into_iter().partition(|id| chosen.contains(id));
            let is_sealed = chunk.is_sealed || ids.is_empty() && !is_last;
            if removed.is_empty() && is_sealed == chunk.is_sealed {
                return Ok((removed, is_sealed));
            }
            let changed = Chunk { ids, is_sealed };
            if self.write(key.clone(), &changed, version).await? {
                return Ok((removed, is_sealed));
            }
        }
        Err(contention())
    }

    /// Removes sealed chunks from the index, then deletes them. If another process changes the
    /// index at the same time, a later removal does this.
    async fn drop_chunks(&self, topic: &Topic, sealed: &[u64]) -> Result<(), Status> {
        if sealed.is_empty() {
            return Ok(());
        }
        let (mut index, version) = self.read::<Index>(&index_key(topic)).await?;
        index.chunks.retain(|number| !sealed.contains(number));
        if self.write(index_key(topic), &index, version).await? {
            let keys = sealed.iter().map(|number| chunk_key(topic, *number));
            self.delete(keys.collect()).await?;
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
        if stored.version.is_empty() {
            return Err(Status::failed_precondition(NO_ETAGS));
        }
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
    Status::aborted("other processes change the dead letters at the same time: try again")
}

#[cfg(test)]
mod tests;
