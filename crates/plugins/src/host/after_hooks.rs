//! The hooks after work. They also run if the work panics or is cancelled.

use std::{sync::Arc, thread};

use seaworthy_core::{Code, RequestContext, context};
use tokio::{runtime::Handle, task::JoinHandle};

use super::{Plugins, RequestPlugins};
use crate::{HookCall, HookPoint, hook::HookTable, sandbox::CallOrigin};

/// The maximum number of requests and operations whose hooks run in tasks. If there are more, the
/// hooks are slower than the requests. At most half of the requests are anonymous.
pub(super) const MAX_TASKS: usize = 1_000;

/// The name of the tasks.
const TASK: &str = "plugin-after";

/// A guard for work between hooks. If the work panics or is cancelled, dropping the guard calls the
/// hooks that follow the work.
pub(crate) struct Unfinished {
    plugins: Plugins,
    pub(crate) table: Arc<RequestPlugins>,
    /// The points of these hooks.
    pub(crate) points: &'static [HookPoint],
    pub(crate) call: HookCall,
    context: Option<Arc<RequestContext>>,
    /// Adds the cause of the end to the call. `None` if the work returned.
    pub(crate) explain: Option<fn(HookCall, Code) -> HookCall>,
}

impl Plugins {
    pub(crate) fn unfinished(
        &self,
        table: &Arc<RequestPlugins>,
        points: &'static [HookPoint],
        call: HookCall,
        explain: fn(HookCall, Code) -> HookCall,
    ) -> Unfinished {
        Unfinished {
            plugins: self.clone(),
            table: Arc::clone(table),
            points,
            call,
            context: context::current(),
            explain: Some(explain),
        }
    }

    /// Calls the hooks of a point after work. The hooks run to their end, even if the caller stops
    /// waiting.
    pub(crate) async fn run_after(
        &self,
        table: &Arc<RequestPlugins>,
        point: HookPoint,
        call: HookCall,
        context: Option<&Arc<RequestContext>>,
    ) {
        if !self.has_hooks_at(table, &[point]) {
            return;
        }
        let context = context.cloned();
        match self.begin(table, vec![point], call, context.clone()) {
            Ok(task) => drop(task.await),
            // The caller waits, so it limits these hooks.
            Err(call) => drop(self.run(table, point, call, context.as_deref()).await),
        }
    }

    /// Returns true if a request has hooks at one of the points.
    fn has_hooks_at(&self, table: &RequestPlugins, points: &[HookPoint]) -> bool {
        let newer = self.renew(table);
        let table: &HookTable = newer.as_ref().unwrap_or(table);
        points.iter().any(|point| !table.at(*point).is_empty())
    }

    /// Calls hooks in a task.
    ///
    /// # Errors
    /// Too many such tasks run, or the runtime has ended. Returns the call.
    fn begin(
        &self,
        table: &Arc<RequestPlugins>,
        points: Vec<HookPoint>,
        call: HookCall,
        context: Option<Arc<RequestContext>>,
    ) -> Result<JoinHandle<Option<()>>, HookCall> {
        let permit = self
            .0
            .after_tasks
            .try_acquire(CallOrigin::of(context.as_deref()));
        let (Ok(permit), Ok(_)) = (permit, Handle::try_current()) else {
            return Err(call);
        };
        let (plugins, table) = (self.clone(), Arc::clone(table));
        let hooks = async move {
            let context = context::current();
            for point in points {
                let run = plugins.run(&table, point, call.clone(), context.as_deref());
                drop(run.await);
            }
            drop(permit);
        };
        // The task of a connection has no context of a request.
        Ok(match context {
            Some(context) => self.0.tasks.spawn(TASK, context::scope(context, hooks)),
            None => self.0.tasks.spawn(TASK, hooks),
        })
    }

    /// Counts the hooks that do not run, because too many others run.
    fn skip(&self, table: &RequestPlugins, points: &[HookPoint]) {
        for point in points {
            let hooks = table.at(*point).iter();
            hooks.for_each(|hook| self.record_failed_hook(hook.plugin.name()));
        }
        let max = MAX_TASKS;
        tracing::warn!(max, "too many hooks run: those of a request are skipped");
    }
}

impl Unfinished {
    /// Marks that the work returned, so that dropping the guard does not call hooks. Returns the
    /// call of later hooks.
    pub(crate) fn finish(mut self) -> HookCall {
        self.points = &[];
        std::mem::take(&mut self.call)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.points.is_empty() || !self.plugins.has_hooks_at(&self.table, self.points) {
            return;
        }
        let mut call = std::mem::take(&mut self.call);
        if let Some(explain) = self.explain {
            call = explain(call, end(self.context.as_deref()));
        }
        let context = self.context.take();
        let begun = self
            .plugins
            .begin(&self.table, self.points.to_vec(), call, context);
        if begun.is_err() {
            self.plugins.skip(&self.table, self.points);
        }
    }
}

/// Returns the error code of interrupted work.
fn end(request: Option<&RequestContext>) -> Code {
    let deadline = request.and_then(RequestContext::deadline);
    if thread::panicking() {
        Code::Internal
    } else if deadline.is_some_and(|deadline| deadline.has_passed()) {
        Code::DeadlineExceeded
    } else {
        Code::Cancelled
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_core::{Deadline, ServiceIdentity};

    use super::*;

    #[test]
    fn interrupted_work_reports_its_cause_plug_1() {
        let request = |left| {
            let service = ServiceIdentity::new("orders", "1.0.0");
            RequestContext::background(service).with_deadline(Deadline::after(left))
        };
        let late = request(Duration::ZERO);
        assert_eq!(end(Some(&late)), Code::DeadlineExceeded);
        let early = request(Duration::from_secs(60));
        assert_eq!(end(Some(&early)), Code::Cancelled);
        assert_eq!(end(None), Code::Cancelled);
    }
}
