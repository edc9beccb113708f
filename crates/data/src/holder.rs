//! Who holds a connection already: a task that holds a transaction and asks for a second connection is one of those that, all together, wait for each other for ever.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::task;

tokio::task_local! {
    /// The databases whose transactions the running future is inside of.
    static INSIDE: Inside;
}

#[derive(Clone)]
struct Inside {
    holders: Holders,
    around: Option<Arc<Inside>>,
}

/// The tasks that hold a transaction of one database. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Holders(Arc<Mutex<HashMap<task::Id, u32>>>);

/// A transaction that is held by the task that began it.
pub(crate) struct Held {
    holders: Holders,
    task: Option<task::Id>,
}

impl Holders {
    /// The running task holds a transaction from now on.
    pub(crate) fn hold(&self) -> Held {
        let task = task::try_id();
        if let Some(task) = task {
            *self.0.lock().entry(task).or_default() += 1;
        }
        Held {
            holders: self.clone(),
            task,
        }
    }

    /// Whether the running task holds a transaction.
    pub(crate) fn holds(&self) -> bool {
        let is_inside = INSIDE.try_with(|inside| inside.contains(self));
        is_inside.unwrap_or_default()
            || task::try_id().is_some_and(|task| self.0.lock().contains_key(&task))
    }

    /// Runs a future that is known to be inside of a transaction, in whatever task.
    pub(crate) async fn inside<F: Future>(&self, future: F) -> F::Output {
        let inside = Inside {
            holders: self.clone(),
            around: INSIDE.try_with(|around| Arc::new(around.clone())).ok(),
        };
        INSIDE.scope(inside, future).await
    }
}

impl Inside {
    fn contains(&self, holders: &Holders) -> bool {
        Arc::ptr_eq(&self.holders.0, &holders.0)
            || self
                .around
                .as_ref()
                .is_some_and(|around| around.contains(holders))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(task) = self.task else {
            return;
        };
        let mut holders = self.holders.0.lock();
        if let Some(count) = holders.get_mut(&task) {
            *count -= 1;
            if *count == 0 {
                holders.remove(&task);
            }
        }
    }
}
