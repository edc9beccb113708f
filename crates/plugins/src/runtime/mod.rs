//! The interface between the host and the engine, without types of the engine.
//!
//! A *guest* is the instance of a component that runs one call.

mod call;
mod call_error;
mod caller;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

pub(crate) use call::{HookContext, HookInput, HookOutcome, LifecycleStep, Question};
pub(crate) use call_error::CallError;
pub(crate) use caller::Caller;

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
#[derive(Clone)]
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

impl fmt::Debug for Imports {
    // The settings and the stored values are missing, because they may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Imports")
            .field("plugin", &self.plugin)
            .field("api", &self.api)
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

/// The interfaces that a component exports in addition to `lifecycle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exports {
    pub(crate) hooks: bool,
    pub(crate) events: bool,
    pub(crate) policy: bool,
}

/// The limits of one call.
#[derive(Debug, Clone)]
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
    /// The caller. The call ends after it left.
    pub(crate) caller: Caller,
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

#[cfg(test)]
mod tests {
    use seaworthy_telemetry::metrics::Counter;

    use super::*;

    #[test]
    fn debug_output_does_not_have_secrets_plug_2() {
        const SECRET: &str = "x7-secret";
        let keys = KeyValueStore::new(1_000);
        keys.set(SECRET.to_owned(), SECRET.into()).unwrap();
        assert!(!format!("{keys:?}").contains(SECRET));
        let imports = Imports {
            plugin: "guard".into(),
            api: Interface::V0_2,
            capabilities: vec![Capability::Config],
            settings: Arc::new([("token".to_owned(), SECRET.to_owned())].into()),
            keys: Arc::new(keys),
            http: None,
            events: None,
            log: Arc::new(LogAccess::new(0, Counter::default())),
        };
        let shown = format!("{imports:?}");
        assert!(
            shown.contains("guard") && !shown.contains(SECRET),
            "{shown}"
        );
    }
}
