//! Tracks which tasks hold a transaction. Such a task may not acquire a second connection, because
//! as many such tasks as connections would deadlock.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::task;

tokio::task_local! {
    /// The databases in whose transactions the current future runs.
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

/// Marks that the task which began a transaction holds it. Dropping it clears the mark.
pub(crate) struct Held {
    holders: Holders,
    task: Option<task::Id>,
}

impl Holders {
    /// Marks the current task as holding a transaction.
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

    /// Returns whether the current task holds a transaction.
    pub(crate) fn holds(&self) -> bool {
        let is_inside = INSIDE.try_with(|inside| inside.contains(self));
        is_inside.unwrap_or_default()
            || task::try_id().is_some_and(|task| self.0.lock().contains_key(&task))
    }

    /// Runs a future that belongs to a transaction, in any task.
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
