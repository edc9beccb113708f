//! The interface between the host and the engine, without types of the engine.
//!
//! A *guest* is the instance of a component that runs one call.

mod call;
mod call_error;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

pub(crate) use call::{HookContext, HookInput, HookOutcome, LifecycleStep, Question};
pub(crate) use call_error::CallError;

use crate::{
    Capability, Decision, Event, HandlerError, Interface,
    sandbox::{EventAccess, HttpAccess, KeyValueStore, LogAccess},
};

/// The maximum usual time between two ticks of the clock of guests: the resolution of timeouts.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Compiles components.
pub(crate) trait Runtime: fmt::Debug + Send + Sync {
    /// Compiles a component and checks its imports and exports. This blocks the thread without a
    /// limit of time, so call it on a thread for blocking work.
    ///
    /// # Errors
    /// The component is not valid, or its imports or exports do not match. The text names the
    /// problem.
    fn compile(&self, component: &[u8], import: &Imports) -> Result<Arc<dyn Program>, String>;
}

/// A compiled component. Each call has its own memory, so no state passes from one call to the
/// next.
///
/// A call runs on the current thread until the component returns or a limit ends it.
pub(crate) trait Program: fmt::Debug + Send + Sync {
    /// The interfaces that the component exports.
    fn exports(&self) -> Exports;

    /// Calls a step of the life cycle. The inner error is the failure that the component reports.
    ///
    /// # Errors
    /// The component traps or exceeds a limit.
    fn step(
        &self,
        step: LifecycleStep,
        limits: &CallLimits,
    ) -> Result<Result<(), String>, CallError>;

    /// Calls a hook.
    ///
    /// # Errors
    /// The component traps, exceeds a limit or has no hooks.
    fn hook(&self, input: &HookInput, limits: &CallLimits) -> Result<HookOutcome, CallError>;

    /// Calls an event handler. The inner error is the failure that the component reports.
    ///
    /// # Errors
    /// The component traps, exceeds a limit or has no handlers.
    fn handle(
        &self,
        handler: &str,
        event: &Event,
        limits: &CallLimits,
    ) -> Result<Result<(), HandlerError>, CallError>;

    /// Asks for a decision about access.
    ///
    /// # Errors
    /// The component traps, exceeds a limit or has no decisions.
    fn decide(&self, question: &Question, limits: &CallLimits) -> Result<Decision, CallError>;
}

/// The capabilities of a plugin, and the data that their functions use.
#[derive(Debug, Clone)]
pub(crate) struct Imports {
    pub(crate) plugin: Arc<str>,
    pub(crate) api: Interface,
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) settings: Arc<BTreeMap<String, String>>,
    pub(crate) keys: Arc<KeyValueStore>,
    pub(crate) http: Option<HttpAccess>,
    pub(crate) events: Option<Arc<EventAccess>>,
    pub(crate) log: Arc<LogAccess>,
}

/// The interfaces that a component exports in addition to `lifecycle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exports {
    pub(crate) hooks: bool,
    pub(crate) events: bool,
    pub(crate) policy: bool,
}

/// The limits of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLimits {
    pub(crate) timeout: Duration,
    /// The maximum memory in bytes.
    pub(crate) memory: usize,
    /// The maximum data in bytes, in each direction.
    pub(crate) payload: usize,
    /// The maximum number of calls to the host.
    pub(crate) host_calls: u32,
    /// The maximum CPU time.
    pub(crate) cpu_time: Duration,
}

/// Creates the engine. `max_memory` is the size of one memory in bytes, and `max_guests` is the
/// number of components that run concurrently. A thread of the engine calls `on_tick` each
/// [`TICK`] while components run.
///
/// # Errors
/// The system has no address space for the memories, or no thread for the ticker.
pub(crate) fn engine(
    max_memory: usize,
    max_guests: usize,
    on_tick: impl Fn() + Send + 'static,
) -> Result<Arc<dyn Runtime>, String> {
    let runtime = crate::wasm::WasmRuntime::new(max_memory, max_guests, on_tick)?;
    Ok(Arc::new(runtime))
}
