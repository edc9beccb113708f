use std::{collections::HashMap, fmt};

use parking_lot::Mutex;

/// The bytes that each entry counts in addition to its key and value, so that even empty entries
/// count.
const OVERHEAD: usize = 64;

/// The keys of one plugin, in memory. A reload or unload of the plugin drops them.
pub(crate) struct KeyValueStore {
    max_size: usize,
    stored: Mutex<Stored>,
}

#[derive(Default)]
struct Stored {
    values: HashMap<String, Vec<u8>>,
    size: usize,
}

impl KeyValueStore {
    /// Creates a store of at most `max_size` bytes of keys and values, with [`OVERHEAD`] for each.
    pub(crate) fn new(max_size: usize) -> Self {
        Self {
            max_size,
            stored: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.stored.lock().values.get(key).cloned()
    }

    /// Stores a value.
    ///
    /// # Errors
    /// The store would exceed its size. The previous value stays.
    pub(crate) fn set(&self, key: String, value: Vec<u8>) -> Result<(), String> {
        let mut stored = self.stored.lock();
        let before = stored.values.get(&key).map_or(0, |old| size(&key, old));
        let after = stored.size - before + size(&key, &value);
        if after > self.max_size {
            return Err(format!(
                "the quota of {} bytes is exhausted: delete keys",
                self.max_size
            ));
        }
        stored.size = after;
        stored.values.insert(key, value);
        Ok(())
    }

    pub(crate) fn delete(&self, key: &str) {
        let mut stored = self.stored.lock();
        if let Some(value) = stored.values.remove(key) {
            stored.size -= size(key, &value);
        }
    }
}

impl fmt::Debug for KeyValueStore {
    // The keys and values are missing, because they may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyValueStore")
            .field("max_size", &self.max_size)
            .finish_non_exhaustive()
    }
}

fn size(key: &str, value: &[u8]) -> usize {
    key.len() + value.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn full_store_rejects_and_keeps_values_plug_2() {
        let store = KeyValueStore::new(200);
        store.set("a".into(), vec![1; 50]).unwrap();
        assert!(store.set("b".into(), vec![2; 50]).is_err());
        assert!(store.set("a".into(), vec![3; 500]).is_err());
        assert_eq!(store.get("a"), Some(vec![1; 50]));
        store.delete("a");
        store.set("b".into(), vec![2; 50]).unwrap();
    }

    #[test]
    fn concurrent_writers_share_the_quota_plug_2() {
        const WRITERS: usize = 8;
        const VALUE: usize = 100;
        for _ in 0..100 {
            // Half of the values fit. A key has one byte.
            let store = KeyValueStore::new(WRITERS / 2 * (1 + VALUE + OVERHEAD));
            let barrier = Barrier::new(WRITERS);
            let stored = thread::scope(|scope| {
                let writers = (0..WRITERS).map(|writer| {
                    let (store, barrier) = (&store, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        store.set(writer.to_string(), vec![0; VALUE]).is_ok()
                    })
                });
                let writers: Vec<_> = writers.collect();
                let writers = writers.into_iter().map(|writer| writer.join().unwrap());
                writers.filter(|is_stored| *is_stored).count()
            });
            assert_eq!(stored, WRITERS / 2);
            assert_eq!(store.stored.lock().size, store.max_size);
        }
    }

    proptest! {
        #[test]
        fn size_follows_every_change_plug_2(changes in prop::collection::vec((0_u8..4, prop::option::of(0_usize..300)), 0..100)) {
            let store = KeyValueStore::new(600);
            for (key, length) in changes {
                let key = key.to_string();
                match length {
                    Some(length) => drop(store.set(key, vec![0; length])),
                    None => store.delete(&key),
                }
                let stored = store.stored.lock();
                let sum: usize = stored.values.iter().map(|(key, value)| size(key, value)).sum();
                prop_assert_eq!(stored.size, sum);
                prop_assert!(sum <= 600);
            }
        }
    }
}
