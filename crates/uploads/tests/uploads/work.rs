//! A scanner and a processor whose behavior a test chooses.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use parking_lot::Mutex;
use seaworthy_storage::{InvalidKey, Object, ObjectKey, PutOptions};
use seaworthy_uploads::{
    IncomingUpload, ProcessError, ProcessUpload, ScanError, ScanUpload, Upload, Verdict,
};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use crate::fixture::{MAX_SIZE, sum};

/// How the scanner and the processor behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behavior {
    Works,
    FailsOnce,
    ScannerFails,
    ScannerTimesOut,
    FindsMalware,
}

/// The scanner and the processor of a test.
pub(crate) struct Work {
    pub(crate) behavior: Mutex<Behavior>,
    /// A worker needs a permit for each upload.
    pub(crate) gate: Semaphore,
    /// The number of scans.
    pub(crate) scans: watch::Sender<u32>,
    pub(crate) processed: AtomicU32,
    pub(crate) announced: AtomicU32,
}

impl Work {
    /// Whether this attempt fails. The next one does not.
    fn fails(&self) -> bool {
        let mut behavior = self.behavior.lock();
        let fails = *behavior == Behavior::FailsOnce;
        if fails {
            *behavior = Behavior::Works;
        }
        fails
    }
}

pub(crate) struct Steps(pub(crate) Arc<Work>);

impl ScanUpload for Steps {
    async fn scan(&self, _: Object) -> Result<Verdict, ScanError> {
        self.0.scans.send_modify(|scans| *scans += 1);
        match *self.0.behavior.lock() {
            Behavior::ScannerFails => Err(io::Error::other("rejected").into()),
            Behavior::ScannerTimesOut => Err(ScanError::TimedOut),
            Behavior::FindsMalware => Ok(Verdict::Infected("Test".to_owned())),
            _ => Ok(Verdict::Clean),
        }
    }
}

impl ProcessUpload for Steps {
    fn results(&self, upload: &Upload) -> Result<Vec<ObjectKey>, InvalidKey> {
        Ok(vec![ObjectKey::new(format!("results/{}", upload.id))?])
    }

    async fn process(&self, incoming: IncomingUpload<'_>) -> Result<Value, ProcessError> {
        if self.0.fails() {
            return Err(ProcessError::failed("a dependency fails"));
        }
        let content = incoming.bytes(MAX_SIZE).await?;
        let sum = sum(&content);
        let keys = self.results(incoming.upload()).unwrap();
        let options = PutOptions::new("text/plain");
        incoming
            .results()
            .put(&keys[0], sum.clone(), &options)
            .await?;
        self.0.processed.fetch_add(1, Ordering::SeqCst);
        Ok(json!({ "size": content.len(), "sum": sum }))
    }
}
