use std::{convert::Infallible, error::Error as StdError, pin::pin};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use uuid::Uuid;

use crate::{
    CsvImport, FileError, ImportError, ImportRows, ImportStatus, Imports, NewImport,
    decode::Decoder,
    owners,
    store::{self, PIECE_SIZE},
};

impl<R: ImportRows> Imports<R> {
    /// Receives a file and creates its import. The memory does not depend on the size of the file.
    /// A worker checks the rows later.
    ///
    /// # Errors
    /// [`ImportError::File`] for a file that is too large or not text in its encoding.
    /// [`ImportError::TooManyOpen`], [`ImportError::Status`] if the owner cancels the import during
    /// the call, [`ImportError::Body`] if the stream fails, or a failure of the database. After an
    /// error, nothing is stored.
    pub async fn create<S, E>(&self, new: NewImport, file: S) -> Result<CsvImport, ImportError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let database = &self.0.database;
        let id = seaworthy_core::new_id();
        self.begin(id, &new).await?;
        if let Err(error) = self.receive(id, &new, file).await {
            // If this fails, the sweeper deletes the import.
            let _ = store::delete(database, id).await;
            return Err(error);
        }
        self.0.metrics.created.add(1);
        self.find(id, &new.owner).await
    }

    /// Creates an import of a file in memory.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub async fn create_from(
        &self,
        new: NewImport,
        file: impl Into<Bytes> + Send,
    ) -> Result<CsvImport, ImportError> {
        let file = stream::once(std::future::ready(Ok::<_, Infallible>(file.into())));
        self.create(new, file).await
    }

    /// Stores the row of an import within the quota of its owner.
    async fn begin(&self, id: Uuid, new: &NewImport) -> Result<(), ImportError> {
        let max_open = self.0.config.max_open_per_owner.get();
        self.0
            .database
            .transaction(|tx| async move {
                owners::lock(&tx, R::KIND, &new.owner).await?;
                let open = store::count_open(&tx, R::KIND, &new.owner).await?;
                if open >= u64::from(max_open) {
                    return Err(ImportError::TooManyOpen(max_open));
                }
                Ok(store::insert(&tx, R::KIND, id, new).await?)
            })
            .await
    }

    /// Stores the decoded file in pieces, and begins the check.
    async fn receive<S, E>(&self, id: Uuid, new: &NewImport, file: S) -> Result<(), ImportError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let max_size = self.0.config.file.max_size;
        let mut decoder = Decoder::new(new.encoding);
        let mut pieces = Pieces::default();
        let mut size = 0_u64;
        let mut file = pin!(file);
        loop {
            let bytes = file.next().await.transpose();
            let bytes = bytes.map_err(|error| ImportError::Body(error.into()))?;
            size += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
            if size > max_size.get() {
                return Err(FileError::TooLarge(max_size).into());
            }
            let text = decoder.decode(bytes.as_deref().unwrap_or_default(), bytes.is_none())?;
            pieces.pending.extend_from_slice(text.as_bytes());
            while let Some((number, piece)) = pieces.next(bytes.is_none()) {
                if !store::insert_piece(&self.0.database, id, number, &piece).await? {
                    return Err(ImportError::Status(ImportStatus::Canceled));
                }
            }
            if bytes.is_none() {
                return match store::received(&self.0.database, id, pieces.size).await? {
                    true => Ok(()),
                    false => Err(ImportError::Status(ImportStatus::Canceled)),
                };
            }
        }
    }
}

/// Splits a file into pieces.
#[derive(Default)]
struct Pieces {
    pending: Vec<u8>,
    count: u64,
    size: u64,
}

impl Pieces {
    fn next(&mut self, is_last: bool) -> Option<(u64, Vec<u8>)> {
        let full = usize::try_from(PIECE_SIZE).unwrap_or(usize::MAX);
        let length = match self.pending.len() {
            length if length >= full => full,
            length if is_last && length > 0 => length,
            _ => return None,
        };
        let rest = self.pending.split_off(length);
        let piece = std::mem::replace(&mut self.pending, rest);
        self.count += 1;
        self.size += piece.len() as u64;
        Some((self.count - 1, piece))
    }
}
