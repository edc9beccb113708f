//! Receives the body of a request.

use axum::body::Body;
use http_body_util::BodyExt as _;
use seaworthy_core::ByteSize;
use seaworthy_storage::{PutOptions, StorageError};
use tokio::time::{Instant, interval_at};

use super::{Append, Completes, PART_SIZE, claim::RENEW_INTERVAL};
use crate::{UploadError, clean, keys, uploads::UNKNOWN_TYPE, writers::Writer};

/// Size in bytes below which the buffer grows with the content and the tail is not loaded.
const SMALL_UPLOAD: usize = 256 * 1024;

impl Append<'_> {
    /// Returns whether the upload is complete.
    pub(super) async fn run(
        &mut self,
        writer: &Writer,
        body: &mut Body,
        completes: Completes,
    ) -> Result<bool, UploadError> {
        let received = self.receive(writer, body).await;
        if let Err(error @ (UploadError::TooLarge(_) | UploadError::Size { .. })) = &received {
            let store = self.uploads.store();
            let text = error.to_string();
            store
                .fail(self.upload.id, Some(self.claim), error.reason(), &text)
                .await?;
            let failed = store.find(self.upload.id).await?;
            clean::remove_content(&store.0, &failed).await?;
            return received.map(|()| false);
        }
        if let Some((context, expected)) = self.digest.take() {
            received?;
            if context.finish().as_ref() != expected {
                return Err(UploadError::Digest);
            }
            return self.end(completes).await;
        }
        match received {
            Ok(()) => self.end(completes).await,
            // The bytes that arrived are intact. After a failure of the storage they may be lost,
            // and the offset does not move.
            Err(
                error @ (UploadError::Body(_) | UploadError::Replaced | UploadError::Overloaded),
            ) => {
                self.store_tail().await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn receive(&mut self, writer: &Writer, body: &mut Body) -> Result<(), UploadError> {
        let mut renewal = interval_at(Instant::now() + RENEW_INTERVAL, RENEW_INTERVAL);
        loop {
            let frame = tokio::select! {
                biased;
                () = writer.replaced() => return Err(UploadError::Replaced),
                _ = renewal.tick() => {
                    self.renew().await?;
                    continue;
                }
                frame = body.frame() => frame,
            };
            let Some(frame) = frame else {
                return Ok(());
            };
            let frame = frame.map_err(|error| UploadError::Body(error.into()))?;
            let Ok(mut data) = frame.into_data() else {
                continue;
            };
            self.check_size(data.len())?;
            while !data.is_empty() {
                // A small request does not load the tail, so it needs memory for its bytes only.
                if self.buffer.len() + data.len() > SMALL_UPLOAD {
                    self.load_tail().await?;
                }
                let used = self.stored.tail_size().saturating_add(self.buffer.len());
                let space = PART_SIZE.saturating_sub(used);
                let chunk = data.split_to(space.min(data.len()));
                self.push(&chunk);
                if chunk.len() == space {
                    self.load_tail().await?;
                    self.store_part().await?;
                    self.checkpoint().await?;
                }
            }
        }
    }

    /// Adds bytes to the buffer. A large upload allocates each part once, because doubling would
    /// need twice the memory.
    fn push(&mut self, chunk: &[u8]) {
        if let Some((context, _)) = &mut self.digest {
            context.update(chunk);
        }
        let length = self.buffer.len();
        if self.buffer.capacity() < length + chunk.len() && length >= SMALL_UPLOAD {
            self.buffer.reserve(PART_SIZE.saturating_sub(length));
        }
        self.buffer.extend_from_slice(chunk);
        self.offset = self.offset_after(chunk.len());
    }

    fn offset_after(&self, bytes: usize) -> u64 {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.offset.saturating_add(bytes)
    }

    fn check_size(&self, bytes: usize) -> Result<(), UploadError> {
        let limit = self.uploads.store().config().max_size;
        let actual = self.offset_after(bytes);
        match self.upload.size {
            Some(declared) if actual > declared => Err(UploadError::Size { declared, actual }),
            _ if actual > limit.get() => Err(UploadError::TooLarge(limit)),
            _ => Ok(()),
        }
    }

    async fn end(&mut self, completes: Completes) -> Result<bool, UploadError> {
        let is_complete = match (completes, self.upload.size) {
            (Completes::Yes, Some(declared)) if declared != self.offset => {
                self.store_tail().await?;
                let actual = self.offset;
                return Err(UploadError::Size { declared, actual });
            }
            (Completes::Yes, _) => true,
            (Completes::No, _) => false,
            (Completes::AtSize, size) => size == Some(self.offset),
        };
        if !is_complete {
            self.store_tail().await?;
            return Ok(false);
        }
        let key = keys::content(self.upload.id)?;
        let incoming = &self.uploads.store().0.incoming;
        let is_stored = async || {
            let found = incoming.head(&key).await;
            found.is_ok_and(|meta| meta.size == self.offset)
        };
        // An earlier request may have completed the object and crashed before it changed the row.
        if self.stored.multipart.is_some() && is_stored().await {
            return Ok(true);
        }
        self.load_tail().await?;
        if self.stored.multipart.is_none() {
            let content = self.buffer.split().freeze();
            incoming.put(&key, content, &self.options()).await?;
            return Ok(true);
        }
        if !self.buffer.is_empty() {
            self.store_part().await?;
        }
        let Some(multipart) = &self.stored.multipart else {
            return Ok(true);
        };
        let completed = incoming
            .complete_multipart(multipart, self.stored.parts())
            .await;
        match completed {
            Err(error @ StorageError::NoSuchUpload(_)) => {
                let found = incoming.head(&key).await;
                let is_stored = found.is_ok_and(|meta| meta.size == self.offset);
                is_stored.then_some(true).ok_or(error.into())
            }
            completed => Ok(completed.map(|_| true)?),
        }
    }

    pub(super) fn options(&self) -> PutOptions {
        PutOptions::new(self.upload.content_type.as_deref().unwrap_or(UNKNOWN_TYPE))
    }

    /// The maximum size of an upload in parts.
    pub(super) fn max_parts_size() -> ByteSize {
        let part = u64::try_from(PART_SIZE).unwrap_or(u64::MAX);
        ByteSize::bytes(part.saturating_mul(super::stored::MAX_PARTS.into()))
    }
}
