//! What a component can do, without types of the engine that runs it.

mod call;
mod fault;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

pub(crate) use call::{HookContext, HookInput, HookOutcome, LifecycleStep, Question};
pub(crate) use fault::Fault;

use crate::{
    Capability, Decision, Event, HandlerError, Interface,
    sandbox::{HttpAccess, KeyValueStore},
};

/// Compiles components.
pub(crate) trait Runtime: fmt::Debug + Send + Sync {
    /// Compiles a component and checks its imports and exports. Takes long: call it outside of the
    /// threads of requests.
    ///
    /// # Errors
    /// A text that says what is wrong with the component.
    fn compile(&self, component: &[u8], import: &Imports) -> Result<Arc<dyn Program>, String>;
}

/// A compiled component. Each call has memory of its own, so nothing passes from one to the next.
///
/// A call runs on the current thread, until the component returns or a limit ends it. It fails with
/// a [`Fault`] if the component does not answer as the interface requires.
pub(crate) trait Program: fmt::Debug + Send + Sync {
    /// The interfaces that the component exports.
    fn exports(&self) -> Exports;

    /// Calls a step of the life of the plugin. The component can say why the step failed.
    fn step(&self, step: LifecycleStep, limits: &CallLimits) -> Result<Result<(), String>, Fault>;

    /// Calls a hook.
    fn hook(&self, input: &HookInput, limits: &CallLimits) -> Result<HookOutcome, Fault>;

    /// Calls an event handler. The component can say why it did not handle the event.
    fn handle(
        &self,
        handler: &str,
        event: &Event,
        limits: &CallLimits,
    ) -> Result<Result<(), HandlerError>, Fault>;

    /// Asks for a decision about access.
    fn decide(&self, question: &Question, limits: &CallLimits) -> Result<Decision, Fault>;
}

/// What the host offers to a component.
#[derive(Debug, Clone)]
pub(crate) struct Imports {
    pub(crate) plugin: Arc<str>,
    pub(crate) api: Interface,
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) settings: Arc<BTreeMap<String, String>>,
    pub(crate) keys: Arc<KeyValueStore>,
    pub(crate) http: Option<HttpAccess>,
}

/// The interfaces that a component exports besides `lifecycle`.
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
    /// In bytes.
    pub(crate) memory: usize,
    /// In bytes, in each direction.
    pub(crate) payload: usize,
    pub(crate) host_calls: u32,
    /// The processor time of the call.
    pub(crate) processor_time: Duration,
}

/// Creates the engine. `max_memory` is the size of one memory in bytes, and `max_guests` is the
/// number of components that run concurrently.
///
/// # Errors
/// The system has no memory for it.
pub(crate) fn engine(max_memory: usize, max_guests: usize) -> Result<Arc<dyn Runtime>, String> {
    let runtime = crate::wasm::WasmRuntime::new(max_memory, max_guests)?;
    Ok(Arc::new(runtime))
}
