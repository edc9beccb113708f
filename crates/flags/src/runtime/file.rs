use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use futures::future::BoxFuture;

use super::{
    state::{Change, RuntimeState},
    store::{RuntimeStore, StoreError},
};

/// Stores changes in a file of one machine. A change is on the disk when it is acknowledged.
/// Processes of the machine that use the same file share it.
///
/// ```
/// use seaworthy_flags::{FileStore, Flags, FlagsConfig};
///
/// let store = FileStore::new("data/flags.json");
/// let builder = Flags::builder(&FlagsConfig::default()).store(store);
/// # drop(builder);
/// ```
#[derive(Debug, Clone)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// Creates a store. The folder of the file must exist. Only the user of the process should have
    /// access to it.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn load_if_newer(&self, known: u64) -> io::Result<Option<RuntimeState>> {
        let state = read(&self.path)?;
        Ok((state.version != known).then_some(state))
    }

    fn save_if_next(&self, state: &RuntimeState) -> io::Result<bool> {
        // The lock is released when the file is closed, also by a crash.
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path.with_extension("lock"))?;
        lock.lock()?;
        if read(&self.path)?.version.checked_add(1) != Some(state.version) {
            return Ok(false);
        }
        write(&self.path, state)?;
        Ok(true)
    }
}

/// Reads a state. A missing file has no changes.
pub(crate) fn read(path: &Path) -> io::Result<RuntimeState> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(RuntimeState::default()),
        Err(error) => Err(error),
    }
}

/// Replaces a file with JSON by renaming. After the return the content survives a crash.
pub(crate) fn write(path: &Path, value: &impl serde::Serialize) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = File::create(&temporary)?;
    serde_json::to_writer(&mut file, value)?;
    file.flush()?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    // The rename survives a crash only with its directory.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

impl RuntimeStore for FileStore {
    fn load(&self, known: u64) -> BoxFuture<'_, Result<Option<RuntimeState>, StoreError>> {
        let store = self.clone();
        Box::pin(blocking(move || store.load_if_newer(known)))
    }

    fn save<'a>(
        &'a self,
        state: &'a RuntimeState,
        _change: &'a Change,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (store, state) = (self.clone(), state.clone());
        Box::pin(blocking(move || store.save_if_next(&state)))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(StoreError::new)?.map_err(StoreError::new)
}
