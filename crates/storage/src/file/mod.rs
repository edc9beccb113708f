//! Objects in local files.

mod format;
mod layout;
mod list;
mod upload;
mod write;

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt as _, stream};
use seaworthy_core::Timeout;
use seaworthy_service::private_files::PrivateFolder;

use self::{format::read_meta, layout::Layout, write::Writer};
use crate::{
    ListOptions, ListPage, MultipartUpload, Object, ObjectBody, ObjectKey, ObjectMeta, Part,
    PutOptions, SignedRequest, StorageError,
    content::Reader,
    engine::{Engine, Step},
    range::ByteRange,
    signed::{Grant, Signer},
};

/// The size of a read, in bytes. Each read switches threads, and larger reads are not faster.
const CHUNK: u64 = 256 * 1024;
/// Age after which a start removes a temporary file. No upload takes longer.
const MAX_TEMPORARY_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The modes of directories and files: only the user of the service has access.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

#[derive(Debug)]
pub(crate) struct FileEngine {
    layout: Layout,
    signer: Signer,
}

/// Runs a step with blocking calls on another thread.
async fn blocking<T: Send + 'static>(
    step: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let ended = tokio::task::spawn_blocking(step).await;
    ended.map_err(io::Error::other)?
}

/// Creates a directory and its parents. Only the user of the service has access, because objects
/// may contain personal data.
fn create_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(path)
}

impl FileEngine {
    /// Creates the directories, and removes temporary files of earlier processes.
    pub(crate) fn open(root: &Path, signer: Signer) -> Result<Self, StorageError> {
        // Objects may contain personal data, so existing directories become private too.
        let private = |path: &Path| {
            PrivateFolder::open(path)
                .map_err(io::Error::other)
                .map_err(StorageError::file("create the directory of the storage"))
        };
        let layout = Layout::new(private(root)?.path());
        for directory in [&layout.objects, &layout.uploads, &layout.temporary] {
            private(directory)?;
        }
        remove_old(&layout.temporary).map_err(StorageError::file("remove old temporary files"))?;
        Ok(Self { layout, signer })
    }

    /// Opens the file of an object, and passes it to a function that reads it.
    async fn opened<T: Send + 'static>(
        &self,
        key: &ObjectKey,
        step: impl FnOnce(File, ObjectMeta) -> T + Send + 'static,
    ) -> Result<T, StorageError> {
        let path = self.layout.object(key);
        let read = blocking(move || {
            let mut file = File::open(path)?;
            let meta = read_meta(&mut file)?;
            Ok(step(file, meta))
        });
        read.await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StorageError::NotFound(key.clone()),
            _ => StorageError::file("read the object")(error),
        })
    }
}

fn remove_old(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let age = entry.metadata()?.modified()?.elapsed();
        if age.is_ok_and(|age| age > MAX_TEMPORARY_AGE) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Removes an object, and directories that are then empty.
fn remove(path: PathBuf, objects: &Path) -> io::Result<()> {
    match fs::remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed?,
    }
    let parents = path.ancestors().skip(1);
    for directory in parents.take_while(|directory| *directory != objects) {
        if fs::remove_dir(directory).is_err() {
            break;
        }
    }
    Ok(())
}

/// Reads a range of an open file. The file stays readable if the object is replaced.
fn body(file: File, start: u64, end: u64) -> ObjectBody {
    let parts = stream::try_unfold((file, start), move |(mut file, at)| async move {
        if at >= end {
            return Ok(None);
        }
        let wanted = CHUNK.min(end - at);
        let read = blocking(move || {
            file.seek(SeekFrom::Start(at))?;
            let mut part = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
            (&mut file).take(wanted).read_to_end(&mut part)?;
            Ok((file, part))
        });
        let (file, part) = read.await.map_err(StorageError::file("read the object"))?;
        if part.is_empty() {
            return Ok(None);
        }
        let next = at.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        Ok(Some((Bytes::from(part), (file, next))))
    });
    ObjectBody::new(parts, end.saturating_sub(start))
}

impl Engine for FileEngine {
    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        mut content: Reader,
        options: &'a PutOptions,
    ) -> Step<'a, ObjectMeta> {
        async move {
            let mut writer = Writer::create(&self.layout.temporary).await?;
            while let Some(data) = content.next().await? {
                writer.write(&data).await?;
            }
            let target = self.layout.object(key);
            writer.publish(key, target, options).await
        }
        .boxed()
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> Step<'a, ObjectMeta> {
        self.opened(key, |_, meta| meta).boxed()
    }

    fn get<'a>(&'a self, key: &'a ObjectKey, range: ByteRange) -> Step<'a, Object> {
        async move {
            let (file, meta) = self.opened(key, |file, meta| (file, meta)).await?;
            let range = range.of(meta.size)?;
            Ok(Object {
                body: body(file, range.start, range.end),
                meta,
                range,
            })
        }
        .boxed()
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> Step<'a, ()> {
        let (path, objects) = (self.layout.object(key), self.layout.objects.clone());
        async move {
            let removed = blocking(move || remove(path, &objects)).await;
            removed.map_err(StorageError::file("delete the object"))
        }
        .boxed()
    }

    fn list<'a>(&'a self, options: &'a ListOptions) -> Step<'a, ListPage> {
        let (objects, options) = (self.layout.objects.clone(), options.clone());
        async move {
            let page = blocking(move || list::list(&objects, &options)).await;
            page.map_err(StorageError::file("list the objects"))
        }
        .boxed()
    }

    fn start<'a>(&'a self, key: &'a ObjectKey, options: &'a PutOptions) -> Step<'a, String> {
        upload::start(&self.layout, key, options).boxed()
    }

    fn put_part<'a>(
        &'a self,
        upload: &'a MultipartUpload,
        number: u16,
        content: Bytes,
    ) -> Step<'a, Part> {
        upload::put_part(&self.layout, upload, number, content).boxed()
    }

    fn complete<'a>(
        &'a self,
        upload: &'a MultipartUpload,
        parts: &'a [Part],
    ) -> Step<'a, ObjectMeta> {
        upload::complete(&self.layout, upload, parts).boxed()
    }

    fn abort<'a>(&'a self, upload: &'a MultipartUpload) -> Step<'a, ()> {
        upload::abort(&self.layout, upload).boxed()
    }

    fn presign(&self, grant: &Grant<'_>, ttl: Timeout) -> Result<SignedRequest, StorageError> {
        self.signer.sign(grant, ttl)
    }

    fn check(&self) -> Step<'_, ()> {
        let objects = self.layout.objects.clone();
        async move {
            let read = blocking(move || fs::metadata(objects)).await;
            read.map(drop)
                .map_err(StorageError::file("read the directory of the storage"))
        }
        .boxed()
    }
}
