//! Calls of a plugin, and the threads on which its guests run.
//!
//! - A guest of a hook or a decision is usually brief. It runs in a task on a worker of the
//!   runtime, because a change of threads takes longer than the guest.
//! - Other guests run on threads with a low priority, so that requests without plugins keep their
//!   cores. These are guests of handlers and steps, and of plugins that may wait for HTTP. A plugin
//!   also runs there while no call has shown that it is brief.
//! - One worker remains free for timers and the network: `worker_guests` has one permit fewer than
//!   the runtime has workers. A guest without such a permit runs on a worker that another thread
//!   replaces.
//! - The free worker may sleep while the workers with guests do not poll timers. The clock of the
//!   engine therefore wakes a worker at each tick.
//!
//! The wait for permits and for the start of the guest is at most one timeout. The guest has its
//! whole timeout afterwards. A caller leaves soon after the deadline of its guest, even if the
//! guest still runs. A guest whose caller left before the start does not run. A caller also leaves
//! if its future is dropped, for example because its client closed the connection, and at the
//! deadline of its request. Guests that decide about a request end soon after their caller left.

mod admission;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use admission::{permit, request_end};
use seaworthy_core::context;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::oneshot,
    time::Instant as TokioInstant,
};

use super::{
    Pace, Plugin,
    function::{Executor, Function},
    guest_start::GuestStart,
};
use crate::{
    Decision, Event, HandlerError, Plugins,
    runtime::{
        CallError, CallLimits, Caller, HookInput, HookOutcome, LifecycleStep, Program, Question,
        TICK,
    },
    sandbox::{CallOrigin, CpuTime, Ended, Permission, Transition},
};

/// The calls that `thread_guests` limits.
const THREAD_GUESTS: &str = "handlers and slow plugins";

impl Plugin {
    /// Calls a step of the life cycle. The inner error is the failure that the plugin reports. The
    /// CPU share does not reject the steps that load, start and end a plugin, but their time
    /// counts.
    ///
    /// # Errors
    /// Too many calls run, or the plugin traps or exceeds a limit. A health check also fails if the
    /// plugin is disabled or throttled.
    pub(crate) async fn step(
        self: &Arc<Self>,
        step: LifecycleStep,
    ) -> Result<Result<(), String>, CallError> {
        let function = Function {
            name: step.as_str(),
            timeout: self.limits.timeout,
            executor: Executor::Thread,
            ends_with_caller: false,
            step: Some(step),
            origin: CallOrigin::Authenticated,
        };
        let plugin = Arc::clone(self);
        self.call(function, move |program, limits| {
            plugin.run_step(program, step, limits)
        })
        .await
    }

    /// Calls a hook.
    ///
    /// # Errors
    /// The plugin is stopped, disabled or throttled, a dependency is disabled, too many calls run,
    /// or the plugin traps or exceeds a limit.
    pub(crate) async fn hook(
        self: &Arc<Self>,
        input: HookInput,
        timeout: Duration,
        origin: CallOrigin,
    ) -> Result<HookOutcome, CallError> {
        let point = input.point;
        let function = Function::for_request(point.as_str(), timeout, point.can_veto(), origin);
        self.call(function, move |program, limits| {
            program.hook(&input, limits)
        })
        .await
    }

    /// Calls an event handler. The inner error is the failure that the plugin reports.
    ///
    /// # Errors
    /// The plugin is stopped, disabled or throttled, a dependency is disabled, too many calls run,
    /// or the plugin traps or exceeds a limit.
    pub(crate) async fn handle(
        self: &Arc<Self>,
        handler: String,
        event: Event,
        timeout: Duration,
    ) -> Result<Result<(), HandlerError>, CallError> {
        let function = Function {
            name: "handle",
            timeout,
            // The handlers of an event run concurrently.
            executor: Executor::Thread,
            ends_with_caller: false,
            step: None,
            origin: CallOrigin::Authenticated,
        };
        self.call(function, move |program, limits| {
            program.handle(&handler, &event, limits)
        })
        .await
    }

    /// Asks for a decision about access.
    ///
    /// # Errors
    /// The plugin is stopped, disabled or throttled, a dependency is disabled, too many calls run,
    /// or the plugin traps or exceeds a limit.
    pub(crate) async fn decide(
        self: &Arc<Self>,
        question: Question,
        timeout: Duration,
        origin: CallOrigin,
    ) -> Result<Decision, CallError> {
        let function = Function::for_request("decide", timeout, true, origin);
        self.call(function, move |program, limits| {
            program.decide(&question, limits)
        })
        .await
    }

    /// Calls the component, within the limits of the plugin.
    ///
    /// # Errors
    /// The plugin is stopped, disabled or throttled, a dependency is disabled, too many calls run,
    /// or the plugin traps or exceeds a limit.
    async fn call<R: Send + 'static>(
        self: &Arc<Self>,
        function: Function,
        call: impl FnOnce(&dyn Program, &CallLimits) -> Result<R, CallError> + Send + 'static,
    ) -> Result<R, CallError> {
        let begun = Instant::now();
        let mut guard = CancelledCall {
            plugin: Some(self),
            name: function.name,
            begun,
        };
        let result = self.admit_and_run(call, function, begun).await;
        guard.plugin = None;
        let seen = result.as_ref().map(drop);
        let name = function.name;
        self.observe.record_call(&self.manifest, name, seen, begun);
        result
    }

    async fn admit_and_run<R: Send + 'static>(
        self: &Arc<Self>,
        call: impl FnOnce(&dyn Program, &CallLimits) -> Result<R, CallError> + Send + 'static,
        function: Function,
        begun: Instant,
    ) -> Result<R, CallError> {
        if function.needs_start()
            && let Some(missing) = self.missing_dependency()
        {
            return Err(CallError::Dependency(missing));
        }
        // A stop waits for the calls that begin before it, and `admit` rejects the later ones.
        let running = self.calls.begin();
        let admission = self.admit(function, begun)?;
        let permission = admission.permission;
        let timeout = function.timeout.min(self.limits.timeout);
        let caller = Caller::default();
        // Dropping it ends the guest. This also happens if this future is dropped.
        let _waiting = function.ends_with_caller.then(|| caller.wait());
        let waiting_caller = caller.clone();
        let limits = CallLimits {
            timeout,
            caller,
            ..self.limits.clone()
        };
        let request_end = function.ends_with_caller.then(request_end).flatten();
        // The guest has its whole timeout after this wait, so a call takes at most twice as long.
        let start_deadline = TokioInstant::now() + timeout;
        let start_deadline = request_end.map_or(start_deadline, |end| end.min(start_deadline));
        let origin = function.origin;
        let wait = |guests, whose| permit(guests, origin, start_deadline, request_end, whose);
        // A guest that waits for a response keeps its permit of `worker_guests`.
        let may_wait = self.waiting_guests.is_some();
        let is_request = function.executor == Executor::TaskIfBrief;
        let is_brief = |pace: Pace| is_request && pace == Pace::Brief && !may_wait;
        let own = wait(&self.own_guests, "this plugin").await?;
        let waiting = match &self.waiting_guests {
            Some(guests) => Some(wait(guests, "all plugins with http").await?),
            None => None,
        };
        let mut thread = None;
        let (shared, pace) = loop {
            let needs_thread = !is_brief(self.state.lock().pace);
            if needs_thread && thread.is_none() {
                thread = Some(wait(&self.thread_guests, THREAD_GUESTS).await?);
            }
            let shared = wait(&self.guests, "all plugins").await?;
            // Earlier calls may have used the share, or shown that the plugin is slow, during the
            // wait.
            let pace = {
                let (mut state, now) = (self.state.lock(), Instant::now());
                state.check_started(function)?;
                state.check_share(function, now)?;
                state.pace
            };
            // A wait for a thread with a permit of `guests` would delay brief hooks.
            if thread.is_some() || is_brief(pace) {
                break (shared, pace);
            }
        };
        let permits = (own, waiting, thread, shared);
        let program = self.program.lock().clone().ok_or(CallError::Stopped)?;
        let flavor = Handle::current().runtime_flavor();
        let (sender, mut ended) = oneshot::channel();
        let start = GuestStart::default();
        let guest_start = start.clone();
        let (plugin, context) = (Arc::clone(self), context::current());
        let guest = move || -> Ended {
            if sender.is_closed() || !guest_start.begin() {
                return Box::new(|| drop((permits, program, running, admission)));
            }
            let run = || plugin.run(&*program, call, &limits, permission, function);
            let result = match context {
                Some(context) => context::sync_scope(context, run),
                None => run(),
            };
            admission.mark_used();
            Box::new(|| {
                drop((permits, program, running));
                // The caller may have stopped waiting.
                drop(sender.send(result));
            })
        };
        if is_brief(pace) && flavor != RuntimeFlavor::CurrentThread {
            // The guest is not part of the task of its caller, so that the caller can stop waiting.
            // The worker usually runs the new task next.
            let worker = Arc::clone(&self.worker_guests).try_acquire_owned();
            tokio::spawn(async {
                // The next call finds the permit of this one. Each further thread has a stack that
                // uses memory.
                let ended = match worker {
                    Ok(_worker) => guest(),
                    // Another thread replaces the worker, which takes microseconds.
                    Err(_) => tokio::task::block_in_place(guest),
                };
                ended();
            });
        } else if let Err(error) = self.threads.run(guest) {
            let plugin = self.name();
            tracing::error!(plugin, problem = %error, "a thread for a plugin cannot be created");
            return Err(CallError::NoThread);
        }
        let mut deadline = start_deadline;
        loop {
            // A guest usually ends within a tick after its deadline. The timer of tokio adds up to
            // 2 ms, and the goal of PLUG-2 is 5 ms.
            let end = deadline + TICK;
            let wait = request_end.map_or(end, |request| request.min(end));
            match self.timers.wait(wait, &mut ended).await {
                Some(Ok(result)) => return result,
                Some(Err(_)) => return Err(CallError::Trap("the guest did not end".to_owned())),
                None => {}
            }
            if request_end.is_some_and(|request| request < end && request <= TokioInstant::now()) {
                return Err(CallError::Cancelled);
            }
            match start.get_or_prevent().map(|begun| begun + timeout) {
                Some(end) if TokioInstant::now() < end => deadline = end,
                Some(_) => {
                    // The guest still runs, so it has not recorded this.
                    self.state.lock().pace.slow_down(Instant::now());
                    return Err(match waiting_caller.is_guest_waiting() {
                        true => CallError::Timeout(timeout),
                        // A busy machine, or code without branches and calls, delays the guest.
                        false => CallError::Starved(timeout),
                    });
                }
                None => return Err(CallError::Starved(timeout)),
            }
        }
    }

    /// Runs the call on this thread. Counts its time and faults even if the caller dropped its
    /// future. A panic of the host is a fault, because the data of the component may cause it.
    ///
    /// # Errors
    /// The component traps or exceeds a limit, or the host panics.
    fn run<R>(
        &self,
        program: &dyn Program,
        call: impl FnOnce(&dyn Program, &CallLimits) -> Result<R, CallError>,
        limits: &CallLimits,
        permission: Permission,
        function: Function,
    ) -> Result<R, CallError> {
        let begun = CpuTime::now();
        // Each call has its own memory, so a panic leaves no broken state in the program.
        let ended = catch_unwind(AssertUnwindSafe(|| call(program, limits)));
        let result = ended.unwrap_or_else(|_| Err(CallError::Trap("the host panicked".to_owned())));
        let used = begun.elapsed();
        let transition = {
            let now = Instant::now();
            let mut state = self.state.lock();
            state.share.charge(function.origin, used);
            let is_request = function.executor == Executor::TaskIfBrief;
            state.pace.record(used, is_request, now);
            match &result {
                Err(error) if error.is_caused_by_guest() => {
                    state.error = Some(error.into());
                    state.faults.fail(permission, now)
                }
                Err(_) => {
                    state.faults.abandon(permission, now);
                    Transition::None
                }
                Ok(_) => {
                    let transition = state.faults.succeed(permission, now);
                    if transition == Transition::Enabled {
                        state.error = None;
                    }
                    transition
                }
            }
        };
        if transition != Transition::None {
            self.announce(transition, result.as_ref().err());
        }
        result
    }

    /// Publishes that faults disabled this version, or that a trial enabled it. The faults of an
    /// old version, which open requests still call, do not concern the version that replaced it.
    fn announce(&self, transition: Transition, fault: Option<&CallError>) {
        let Some(plugins) = self.plugins.upgrade().map(Plugins) else {
            return;
        };
        if plugins.is_loaded(self) {
            self.observe
                .record_transition(&self.manifest, transition, fault);
            plugins.announce_dependents(self.name());
        } else if transition == Transition::Disabled {
            let (plugin, version) = (self.name(), &self.manifest.version);
            tracing::warn!(plugin, %version, "an old version was disabled after too many faults");
        }
    }
}

/// A guard that records a cancelled call when it is dropped, if `plugin` is set.
struct CancelledCall<'a> {
    plugin: Option<&'a Plugin>,
    name: &'static str,
    begun: Instant,
}

impl Drop for CancelledCall<'_> {
    fn drop(&mut self) {
        if let Some(plugin) = self.plugin {
            let (manifest, error) = (&plugin.manifest, Err(&CallError::Cancelled));
            plugin
                .observe
                .record_call(manifest, self.name, error, self.begun);
        }
    }
}

#[cfg(test)]
mod tests;
