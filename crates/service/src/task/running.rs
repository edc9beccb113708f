use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::task::AbortHandle;

/// The running tasks, so that a stop can list and abort them.
#[derive(Debug, Default)]
pub(super) struct RunningTasks {
    next: AtomicU64,
    tasks: Mutex<BTreeMap<u64, Running>>,
}

#[derive(Debug)]
struct Running {
    name: Arc<str>,
    /// `None` between the entry in the list and the start of the task.
    handle: Option<AbortHandle>,
}

/// Keeps a task on the list until its future is dropped, also after an abort or a panic.
#[derive(Debug)]
pub(super) struct Listed {
    list: Arc<RunningTasks>,
    number: u64,
}

impl RunningTasks {
    pub(super) fn enter(self: &Arc<Self>, name: Arc<str>) -> Listed {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.tasks
            .lock()
            .insert(number, Running { name, handle: None });
        Listed {
            list: Arc::clone(self),
            number,
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.tasks
            .lock()
            .values()
            .map(|task| task.name.to_string())
            .collect()
    }

    pub(super) fn abort_all(&self) {
        self.tasks
            .lock()
            .values()
            .filter_map(|task| task.handle.as_ref())
            .for_each(AbortHandle::abort);
    }
}

impl Listed {
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl RunningTasks {
    /// Stores the handle that aborts a task, unless the task has ended.
    pub(super) fn set_abort_handle(&self, number: u64, handle: AbortHandle) {
        if let Some(task) = self.tasks.lock().get_mut(&number) {
            task.handle = Some(handle);
        }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.list.tasks.lock().remove(&self.number);
    }
}
