//! Objects in the memory of the process.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    time::SystemTime,
};

use bytes::{Bytes, BytesMut};
use futures::{FutureExt as _, future::ready, stream};
use parking_lot::Mutex;
use seaworthy_core::{ByteSize, Timeout, new_id};

use crate::{
    ListOptions, ListPage, ListedObject, MultipartUpload, Object, ObjectBody, ObjectKey,
    ObjectMeta, Part, PutOptions, SignedRequest, StorageError,
    content::Reader,
    engine::{Engine, Step, etag_of},
    range::ByteRange,
    signed::{Grant, Signer},
};

/// Maximum number of open multipart uploads. Each needs memory until it ends.
const MAX_UPLOADS: usize = 10_000;

#[derive(Debug)]
pub(crate) struct MemoryEngine {
    max_memory: ByteSize,
    signer: Signer,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<ObjectKey, Stored>,
    uploads: HashMap<String, Upload>,
    used: u64,
}

#[derive(Debug, Clone)]
struct Stored {
    meta: ObjectMeta,
    content: Bytes,
}

#[derive(Debug)]
struct Upload {
    key: ObjectKey,
    content_type: String,
    parts: BTreeMap<u16, (String, Bytes)>,
}

fn size_of(content: &Bytes) -> u64 {
    u64::try_from(content.len()).unwrap_or(u64::MAX)
}

impl MemoryEngine {
    pub(crate) fn new(max_memory: ByteSize, signer: Signer) -> Self {
        Self {
            max_memory,
            signer,
            state: Mutex::default(),
        }
    }

    fn reserve(&self, state: &mut State, added: u64, freed: u64) -> Result<(), StorageError> {
        let used = state.used.saturating_sub(freed).saturating_add(added);
        if used > self.max_memory.get() {
            return Err(StorageError::Full(self.max_memory));
        }
        state.used = used;
        Ok(())
    }

    /// Stores an object. `freed` is the size of the multipart upload that it completes, in bytes.
    fn store(
        &self,
        state: &mut State,
        key: &ObjectKey,
        content: Bytes,
        options: &PutOptions,
        freed: u64,
    ) -> Result<ObjectMeta, StorageError> {
        let replaced = state.objects.get(key).map(|old| old.meta.size);
        if options.only_if_absent && replaced.is_some() {
            return Err(StorageError::AlreadyExists(key.clone()));
        }
        let size = size_of(&content);
        self.reserve(state, size, freed.saturating_add(replaced.unwrap_or(0)))?;
        let meta = ObjectMeta {
            size,
            content_type: options.content_type.clone(),
            etag: etag_of(&content),
            modified: SystemTime::now(),
        };
        let stored = Stored {
            meta: meta.clone(),
            content,
        };
        state.objects.insert(key.clone(), stored);
        Ok(meta)
    }

    fn find(&self, key: &ObjectKey) -> Result<Stored, StorageError> {
        let found = self.state.lock().objects.get(key).cloned();
        found.ok_or_else(|| StorageError::NotFound(key.clone()))
    }

    async fn read(&self, mut content: Reader) -> Result<Bytes, StorageError> {
        let mut whole = BytesMut::new();
        while let Some(data) = content.next().await? {
            whole.extend_from_slice(&data);
            if u64::try_from(whole.len()).is_ok_and(|size| size > self.max_memory.get()) {
                return Err(StorageError::Full(self.max_memory));
            }
        }
        Ok(whole.freeze())
    }

    fn page(&self, options: &ListOptions) -> ListPage {
        let state = self.state.lock();
        let after = options.after.as_ref();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut found = state
            .objects
            .range::<ObjectKey, _>((from, Bound::Unbounded))
            .filter(|(key, _)| key.as_str().starts_with(&options.prefix))
            .map(|(key, stored)| ListedObject {
                key: key.clone(),
                size: stored.meta.size,
                etag: stored.meta.etag.clone(),
                modified: stored.meta.modified,
            });
        let objects: Vec<_> = found.by_ref().take(options.max_keys.into()).collect();
        let next = found
            .next()
            .and(objects.last())
            .map(|last| last.key.clone());
        ListPage { objects, next }
    }

    fn keep_part(
        &self,
        upload: &MultipartUpload,
        number: u16,
        content: Bytes,
    ) -> Result<Part, StorageError> {
        let mut state = self.state.lock();
        let missing = || StorageError::NoSuchUpload(upload.key.clone());
        let found = state
            .uploads
            .get(&upload.id)
            .filter(|one| one.key == upload.key);
        let replaced = found.ok_or_else(missing)?.parts.get(&number);
        let replaced = replaced.map_or(0, |(_, old)| size_of(old));
        let size = size_of(&content);
        self.reserve(&mut state, size, replaced)?;
        let etag = etag_of(&content);
        let found = state.uploads.get_mut(&upload.id).ok_or_else(missing)?;
        found.parts.insert(number, (etag.clone(), content));
        Ok(Part { number, etag, size })
    }

    fn finish(&self, upload: &MultipartUpload, parts: &[Part]) -> Result<ObjectMeta, StorageError> {
        let mut state = self.state.lock();
        let found = state
            .uploads
            .get(&upload.id)
            .filter(|one| one.key == upload.key);
        let found = found.ok_or_else(|| StorageError::NoSuchUpload(upload.key.clone()))?;
        let mut whole = BytesMut::new();
        for part in parts {
            let stored = found.parts.get(&part.number);
            let stored = stored.filter(|(etag, _)| *etag == part.etag);
            let (_, content) = stored.ok_or(StorageError::Parts("a part is missing or changed"))?;
            whole.extend_from_slice(content);
        }
        let freed = found
            .parts
            .values()
            .map(|(_, content)| size_of(content))
            .sum();
        let options = PutOptions {
            content_type: found.content_type.clone(),
            only_if_absent: upload.only_if_absent,
        };
        let meta = self.store(&mut state, &upload.key, whole.freeze(), &options, freed)?;
        state.uploads.remove(&upload.id);
        Ok(meta)
    }
}

impl Engine for MemoryEngine {
    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        content: Reader,
        options: &'a PutOptions,
    ) -> Step<'a, ObjectMeta> {
        async move {
            let content = self.read(content).await?;
            self.store(&mut self.state.lock(), key, content, options, 0)
        }
        .boxed()
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> Step<'a, ObjectMeta> {
        ready(self.find(key).map(|stored| stored.meta)).boxed()
    }

    fn get<'a>(&'a self, key: &'a ObjectKey, range: ByteRange) -> Step<'a, Object> {
        let object = self.find(key).and_then(|stored| {
            let range = range.of(stored.meta.size)?;
            let start = usize::try_from(range.start).unwrap_or(usize::MAX);
            let end = usize::try_from(range.end).unwrap_or(usize::MAX);
            let content = stored.content.slice(start..end);
            let size = size_of(&content);
            Ok(Object {
                meta: stored.meta,
                range,
                body: ObjectBody::new(stream::iter([Ok(content)]), size),
            })
        });
        ready(object).boxed()
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> Step<'a, ()> {
        let mut state = self.state.lock();
        if let Some(old) = state.objects.remove(key) {
            state.used = state.used.saturating_sub(old.meta.size);
        }
        ready(Ok(())).boxed()
    }

    fn list<'a>(&'a self, options: &'a ListOptions) -> Step<'a, ListPage> {
        ready(Ok(self.page(options))).boxed()
    }

    fn start<'a>(&'a self, key: &'a ObjectKey, options: &'a PutOptions) -> Step<'a, String> {
        let id = new_id().to_string();
        let upload = Upload {
            key: key.clone(),
            content_type: options.content_type.clone(),
            parts: BTreeMap::new(),
        };
        let mut state = self.state.lock();
        if state.uploads.len() >= MAX_UPLOADS {
            return ready(Err(StorageError::Full(self.max_memory))).boxed();
        }
        state.uploads.insert(id.clone(), upload);
        ready(Ok(id)).boxed()
    }

    fn put_part<'a>(
        &'a self,
        upload: &'a MultipartUpload,
        number: u16,
        content: Bytes,
    ) -> Step<'a, Part> {
        ready(self.keep_part(upload, number, content)).boxed()
    }

    fn complete<'a>(
        &'a self,
        upload: &'a MultipartUpload,
        parts: &'a [Part],
    ) -> Step<'a, ObjectMeta> {
        ready(self.finish(upload, parts)).boxed()
    }

    fn abort<'a>(&'a self, upload: &'a MultipartUpload) -> Step<'a, ()> {
        let mut state = self.state.lock();
        if let Some(old) = state.uploads.remove(&upload.id) {
            let freed = old
                .parts
                .values()
                .map(|(_, content)| size_of(content))
                .sum();
            state.used = state.used.saturating_sub(freed);
        }
        ready(Ok(())).boxed()
    }

    fn presign(&self, grant: &Grant<'_>, ttl: Timeout) -> Result<SignedRequest, StorageError> {
        self.signer.sign(grant, ttl)
    }

    fn check(&self) -> Step<'_, ()> {
        ready(Ok(())).boxed()
    }
}
