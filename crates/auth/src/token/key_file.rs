use std::{
    fs, io,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::{Algorithm, KeyError, VerificationKey};

/// How often the file is read. A token by a new key is valid this long after the rotation.
const READ_INTERVAL: Duration = Duration::from_secs(1);

/// A public key in a PEM file, which is read again after a rotation.
#[derive(Debug)]
pub(super) struct KeyFile {
    path: String,
    algorithms: Vec<Algorithm>,
    version: AtomicU64,
    last: Mutex<LastRead>,
}

#[derive(Debug)]
struct LastRead {
    pem: String,
    at: Instant,
}

impl KeyFile {
    /// Reads the file.
    pub(super) fn new(path: &str, algorithms: Vec<Algorithm>) -> io::Result<Self> {
        let last = LastRead {
            pem: fs::read_to_string(path)?,
            at: Instant::now(),
        };
        Ok(Self {
            path: path.to_owned(),
            algorithms,
            version: AtomicU64::new(0),
            last: Mutex::new(last),
        })
    }

    /// Returns a number that changes with the content of the file. A file that cannot be read is in
    /// the middle of a rotation, so the last content counts.
    pub(super) fn version(&self) -> u64 {
        if let Some(mut last) = self.last.try_lock()
            && last.at.elapsed() >= READ_INTERVAL
        {
            last.at = Instant::now();
            if let Ok(pem) = fs::read_to_string(&self.path)
                && pem != last.pem
            {
                last.pem = pem;
                self.version.fetch_add(1, Ordering::AcqRel);
            }
        }
        self.version.load(Ordering::Acquire)
    }

    /// Returns the key of the last content.
    pub(super) fn key(&self) -> Result<VerificationKey, KeyError> {
        VerificationKey::pem(&self.algorithms, &self.last.lock().pem)
    }
}
