use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use super::*;

/// A state store in memory. Each operation lets other tasks run first.
#[derive(Default)]
struct Memory {
    values: parking_lot::Mutex<BTreeMap<String, (Bytes, u64)>>,
    /// Whether the next deletion fails.
    fails: AtomicBool,
    reads: AtomicUsize,
    has_no_etags: bool,
}

impl Memory {
    fn fail_once(&self) -> Result<(), Status> {
        match self.fails.swap(false, Ordering::SeqCst) {
            true => Err(Status::unavailable("the state store does not respond")),
            false => Ok(()),
        }
    }

    fn letter_count(&self) -> usize {
        let values = self.values.lock();
        values.keys().filter(|key| key.contains("/letter/")).count()
    }
}

impl State for Arc<Memory> {
    async fn get(&self, key: String) -> Result<Option<Stored>, Status> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let values = self.values.lock();
        Ok(values.get(&key).map(|(value, version)| Stored {
            value: value.clone(),
            version: match self.has_no_etags {
                true => String::new(),
                false => version.to_string(),
            },
        }))
    }

    async fn save(&self, key: String, value: Bytes, expected: Expected) -> Result<bool, Status> {
        tokio::task::yield_now().await;
        let mut values = self.values.lock();
        let current = values.get(&key).map(|(_, version)| *version);
        let holds = match expected {
            Expected::Anything => true,
            Expected::Absent => current.is_none(),
            Expected::Version(version) => current.is_some_and(|it| it.to_string() == version),
        };
        if holds {
            values.insert(key, (value, current.unwrap_or_default() + 1));
        }
        Ok(holds)
    }

    async fn delete(&self, key: String) -> Result<(), Status> {
        tokio::task::yield_now().await;
        self.fail_once()?;
        self.values.lock().remove(&key);
        Ok(())
    }
}

fn topic() -> Topic {
    Topic::new("order.placed").unwrap().dead_letters()
}

fn letters(count: usize) -> Vec<Envelope> {
    (0..count)
        .map(|number| Envelope::new(topic(), "kind", "source", number.to_string()))
        .collect()
}

async fn publish(store: &DeadLetterStore<Arc<Memory>>, count: usize) -> Vec<DeadLetterId> {
    let letters = letters(count);
    let ids = letters.iter().map(DeadLetterId::of).collect();
    let results = store.publish(letters).await;
    assert_eq!(results.len(), count);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    ids
}

/// Returns the IDs of all letters, page by page.
async fn all(store: &DeadLetterStore<Arc<Memory>>) -> Vec<DeadLetterId> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.browse(&topic(), after.as_ref(), 70).await.unwrap();
        let Some(last) = page.last() else {
            return found;
        };
        after = Some(DeadLetterId::of(last));
        found.extend(page.iter().map(DeadLetterId::of));
    }
}

#[tokio::test]
async fn letters_are_listed_in_order_until_removed_msg_3() {
    let store = DeadLetterStore::new(Arc::new(Memory::default()));
    assert!(all(&store).await.is_empty());
    let mut ids = publish(&store, 250).await;
    assert_eq!(all(&store).await, ids);
    let removed = ids.remove(120);
    let chosen = [removed, DeadLetterId::new("unknown")];
    assert_eq!(store.remove(&topic(), &chosen).await.unwrap(), 1);
    assert_eq!(all(&store).await, ids);
    assert_eq!(store.remove(&topic(), &chosen).await.unwrap(), 0);
    ids.extend(publish(&store, 1).await);
    assert_eq!(all(&store).await, ids);
    let other = Topic::new("order.sent").unwrap().dead_letters();
    assert!(store.browse(&other, None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn repeated_letter_is_listed_once_msg_3() {
    let store = DeadLetterStore::new(Arc::new(Memory::default()));
    let first = letters(1);
    for _ in 0..2 {
        assert!(matches!(&store.publish(first.clone()).await[..], [Ok(())]));
        publish(&store, MAX_CHUNK).await;
    }
    let ids = all(&store).await;
    assert_eq!(ids.len(), 1 + 2 * MAX_CHUNK);
    let repeated = [DeadLetterId::of(&first[0])];
    assert_eq!(store.remove(&topic(), &repeated).await.unwrap(), 1);
    assert_eq!(all(&store).await.len(), 2 * MAX_CHUNK);
}

#[tokio::test]
async fn undecodable_letter_can_be_discarded_msg_3() {
    let state = Arc::new(Memory::default());
    let store = DeadLetterStore::new(Arc::clone(&state));
    let ids = publish(&store, 3).await;
    let key = letter_key(&topic(), &ids[1]);
    state.values.lock().insert(key, (Bytes::from("[]"), 7));
    assert_eq!(all(&store).await, ids);
    let page = store.browse(&topic(), ids.first(), 1).await.unwrap();
    assert!(page[0].payload().is_empty());
    assert_eq!(store.remove(&topic(), &ids[1..2]).await.unwrap(), 1);
    assert_eq!(all(&store).await.len(), 2);
}

#[tokio::test]
async fn repeated_removal_deletes_letters_after_failure_msg_3() {
    let state = Arc::new(Memory::default());
    let store = DeadLetterStore::new(Arc::clone(&state));
    let ids = publish(&store, 3).await;
    state.fails.store(true, Ordering::SeqCst);
    store.remove(&topic(), &ids).await.unwrap_err();
    assert_eq!(store.remove(&topic(), &ids).await.unwrap(), 3);
    assert_eq!(state.letter_count(), 0);
    assert!(all(&store).await.is_empty());
}

#[tokio::test]
async fn concurrent_processes_store_every_dead_letter_msg_3() {
    let state = Arc::new(Memory::default());
    let stores = [(); 4].map(|()| DeadLetterStore::new(Arc::clone(&state)));
    let publishing = stores.iter().map(async |store| {
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.extend(publish(store, 15).await);
        }
        ids
    });
    let published = join_all(publishing).await;
    let mut published: Vec<_> = published.into_iter().flatten().collect();
    let mut found = all(&stores[0]).await;
    published.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, published);

    let topic = topic();
    let removing = stores.iter().map(|store| store.remove(&topic, &published));
    let removed = join_all(removing).await;
    let removed: u64 = removed.into_iter().map(Result::unwrap).sum();
    assert_eq!(removed, 600);
    assert!(all(&stores[0]).await.is_empty());

    let later = publish(&stores[1], 1).await;
    assert_eq!(all(&stores[2]).await, later);
    assert_eq!(state.letter_count(), 1);
}

#[tokio::test]
async fn empty_chunks_are_deleted_msg_3() {
    let state = Arc::new(Memory::default());
    let store = DeadLetterStore::new(Arc::clone(&state));
    let mut ids = publish(&store, 10 * MAX_CHUNK).await;
    // The oldest letter stays, and chunks after it are empty.
    let removed = ids.split_off(1);
    assert_eq!(store.remove(&topic(), &removed).await.unwrap(), 999);
    assert_eq!(all(&store).await, ids);
    // The index, the chunk of the letter, the last chunk and the letter.
    assert_eq!(state.values.lock().len(), 4);
    ids.extend(publish(&store, 2 * MAX_CHUNK).await);
    assert_eq!(all(&store).await, ids);
    assert_eq!(store.remove(&topic(), &ids).await.unwrap(), 201);
    assert_eq!(state.values.lock().len(), 2);
}

#[tokio::test]
async fn page_reads_only_the_chunks_that_it_needs_msg_3() {
    let state = Arc::new(Memory::default());
    let store = DeadLetterStore::new(Arc::clone(&state));
    let ids = publish(&store, 20 * MAX_CHUNK).await;
    state.reads.store(0, Ordering::SeqCst);
    let page = store.browse(&topic(), None, 10).await.unwrap();
    assert_eq!(page.len(), 10);
    // The index, one batch of chunks and two batches of letters.
    assert_eq!(state.reads.load(Ordering::SeqCst), 1 + 3 * MAX_PARALLEL);
    let page = store.browse(&topic(), ids.get(1500), 1000).await.unwrap();
    let found: Vec<_> = page.iter().map(DeadLetterId::of).collect();
    assert_eq!(found, ids[1501..]);
}

#[tokio::test]
async fn publisher_does_not_write_deleted_chunk_msg_3() {
    let state = Arc::new(Memory::default());
    let store = DeadLetterStore::new(Arc::clone(&state));
    publish(&store, 1).await;
    // The publisher reads the index, and then another process deletes the chunk.
    state.values.lock().remove(&chunk_key(&topic(), 0));
    let ids = publish(&store, 1).await;
    assert!(!state.values.lock().contains_key(&chunk_key(&topic(), 0)));
    assert_eq!(all(&store).await, ids);
}

#[tokio::test]
async fn publishing_during_removal_loses_nothing_msg_3() {
    let state = Arc::new(Memory::default());
    let stores = [(); 3].map(|()| DeadLetterStore::new(Arc::clone(&state)));
    let topic = topic();
    let mut old = Vec::new();
    for _ in 0..20 {
        let (first, second, removed) = tokio::join!(
            publish(&stores[0], MAX_CHUNK - 1),
            publish(&stores[1], MAX_CHUNK - 1),
            stores[2].remove(&topic, &old),
        );
        assert_eq!(removed.unwrap(), u64::try_from(old.len()).unwrap());
        old = [first, second].concat();
        let mut found = all(&stores[2]).await;
        found.sort_unstable();
        old.sort_unstable();
        assert_eq!(found, old);
    }
}

#[tokio::test]
async fn state_store_without_etags_is_rejected_msg_3() {
    let with_etags = DeadLetterStore::new(Arc::new(Memory::default()));
    with_etags.check().await.unwrap();
    with_etags.check().await.unwrap();
    let without = DeadLetterStore::new(Arc::new(Memory {
        has_no_etags: true,
        ..Memory::default()
    }));
    let error = without.check().await.unwrap_err();
    assert!(matches!(error, TransportError::Rejected(_)), "{error:?}");
    let text = seaworthy_core::error_chain(&error);
    assert!(text.contains("broker.dapr.dead_letters"), "{text}");
}

#[test]
fn keys_escape_separator_of_dapr_msg_3() {
    let key = |id: &str| letter_key(&topic(), &DeadLetterId::new(id));
    assert!(!key("a||b").contains('|'));
    assert_ne!(key("a||b"), key("a%7C%7Cb"));
}
