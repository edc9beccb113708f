use std::sync::Arc;

use seaworthy::prelude::*;

/// Returns a worker that runs steps of a state at an interval. Each step returns whether there may
/// be more work.
pub fn in_batches<S, F>(
    name: &'static str,
    interval: Timeout,
    state: &Arc<S>,
    step: impl Fn(Arc<S>) -> F + Send + Sync + 'static,
) -> Worker
where
    S: Send + Sync + 'static,
    F: Future<Output = Result<bool, Error>> + Send + 'static,
{
    let state = Arc::clone(state);
    Worker::in_batches(name, Schedule::Interval(interval), move || {
        step(Arc::clone(&state))
    })
}
