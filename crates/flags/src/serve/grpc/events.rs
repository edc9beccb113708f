use std::{collections::BTreeSet, sync::Arc};

use futures::stream::{self, BoxStream, StreamExt as _};
use seaworthy_core::{Code, Error};
use seaworthy_service::{Component, Stage};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{FlagSet, Flags};

/// The maximum number of open streams. Each holds some kilobytes until its client ends it.
const MAX_STREAMS: usize = 1_024;

/// Opens streams of changes, and ends them when the listeners close.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    closing: watch::Sender<bool>,
    open: Arc<Semaphore>,
}

/// The state of one stream.
struct Open {
    flags: Flags,
    changes: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    last: Option<Arc<FlagSet>>,
    _permit: OwnedSemaphorePermit,
}

/// The flags before and after a change. The first event of a stream has no earlier set.
pub(super) struct Event {
    pub(super) before: Option<Arc<FlagSet>>,
    pub(super) after: Arc<FlagSet>,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self {
            closing: watch::Sender::new(false),
            open: Arc::new(Semaphore::new(MAX_STREAMS)),
        }
    }

    /// Returns the flags immediately and after each change.
    ///
    /// # Errors
    /// Too many streams are open.
    pub(super) fn open(
        &self,
        flags: &Flags,
    ) -> Result<BoxStream<'static, Result<Event, Error>>, Error> {
        let permit = Arc::clone(&self.open).try_acquire_owned().map_err(|_| {
            let message = "too many streams are open: close some of them";
            Error::new(Code::Exhausted, "TOO_MANY_STREAMS", message)
        })?;
        let open = Open {
            flags: flags.clone(),
            changes: flags.changes(),
            closing: self.closing.subscribe(),
            last: None,
            _permit: permit,
        };
        Ok(stream::unfold(Some(open), |open| async {
            let mut open = open?;
            Some(match open.next().await {
                Some(event) => (Ok(event), Some(open)),
                None => {
                    let closing =
                        Error::new(Code::Unavailable, "STOPPING", "the service is stopping");
                    (Err(closing), None)
                }
            })
        })
        .boxed())
    }
}

impl Open {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.last.is_some() {
                tokio::select! {
                    biased;
                    _ = self.closing.wait_for(|closing| *closing) => return None,
                    changed = self.changes.changed() => changed.ok()?,
                }
            }
            self.changes.mark_unchanged();
            let after = self.flags.set();
            let is_same = |before: &Arc<FlagSet>| before.to_flagd() == after.to_flagd();
            if self.last.as_ref().is_some_and(is_same) {
                continue;
            }
            let before = self.last.replace(Arc::clone(&after));
            return Some(Event { before, after });
        }
    }
}

impl Event {
    /// Returns the keys of the flags that changed, and how.
    pub(super) fn changes(&self) -> Vec<(&str, &'static str)> {
        let flag = |set: &'_ FlagSet, key: &str| set.to_flagd().get("flags")?.get(key).cloned();
        let mut found = BTreeSet::new();
        let Some(before) = &self.before else {
            return Vec::new();
        };
        let all = before.iter().chain(self.after.iter());
        for key in all.map(|flag| &**flag.key()) {
            let change = match (flag(before, key), flag(&self.after, key)) {
                (None, _) => "write",
                (_, None) => "delete",
                (before, after) if before != after => "update",
                _ => continue,
            };
            found.insert((key, change));
        }
        found.into_iter().collect()
    }
}

impl Component for Streams {
    fn name(&self) -> &str {
        "flag-streams"
    }

    fn stage(&self) -> Stage {
        Stage::Listener
    }

    fn request_stop(&self) {
        self.closing.send_replace(true);
    }

    fn stopped(&self) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn unfinished_work(&self) -> Vec<String> {
        Vec::new()
    }

    fn abort(&self) {}
}
