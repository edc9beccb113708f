use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use wasmtime::{
    Store, Trap,
    component::{Instance, InstancePre},
};

use super::{call_state::CallState, data::short, functions::Functions, ticker::Ticker};
use crate::runtime::{CallError, CallLimits, Caller, Imports};

/// The timeout and the CPU time of the check at the load of a component.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// The maximum number of handles of resources of a call. Each uses a few bytes in the host.
const MAX_HANDLES: usize = 1_000;

/// The error of the engine for data of a guest that exceed the payload limit.
const DATA_LIMIT: &str = "too much data is being copied between the host and the guest: fuel allocated for hostcalls has been exhausted";

/// A compiled component and the indexes of its functions.
pub(super) struct WasmProgram {
    prepared: InstancePre<CallState>,
    pub(super) imports: Arc<Imports>,
    /// The thread of the ticker runs as long as a program of the engine exists.
    ticker: Arc<Ticker>,
    pub(super) functions: Functions,
}

impl WasmProgram {
    /// Finds the functions of a component, and checks their types in a first instance.
    ///
    /// # Errors
    /// A function is missing or has another type, or the component cannot be instantiated.
    pub(super) fn new(
        prepared: InstancePre<CallState>,
        imports: Imports,
        ticker: Arc<Ticker>,
        max_memory: usize,
    ) -> Result<Self, String> {
        let functions = Functions::find(prepared.component(), imports.api)?;
        let program = Self {
            prepared,
            imports: Arc::new(imports),
            ticker,
            functions,
        };
        let limits = CallLimits {
            timeout: CHECK_TIMEOUT,
            memory: max_memory,
            payload: max_memory,
            host_calls: 0,
            cpu_time: CHECK_TIMEOUT,
            caller: Caller::default(),
        };
        let api = program.imports.api;
        program
            .enter(&limits, |store, instance| {
                program.functions.check(store, instance, api)
            })
            .map_err(|error| format!("the component cannot be used: {error}"))?;
        Ok(program)
    }

    /// Runs `work` in a new instance, within the limits.
    ///
    /// # Errors
    /// The component traps or exceeds a limit.
    pub(super) fn enter<R>(
        &self,
        limits: &CallLimits,
        work: impl FnOnce(&mut Store<CallState>, &Instance) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let begun = Instant::now();
        let _ticking = self.ticker.begin();
        let state = CallState::new(Arc::clone(&self.imports), limits.clone(), begun);
        let mut store = Store::new(self.prepared.engine(), state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.payload);
        store.set_max_component_handles(MAX_HANDLES);
        // Set before the instance exists, because its start functions count, too.
        let ticker = Arc::clone(&self.ticker);
        store.epoch_deadline_callback(move |mut store| {
            ticker.mark_long_guest();
            store.data_mut().tick()
        });
        store.set_epoch_deadline(1);
        let result = self
            .prepared
            .instantiate(&mut store)
            .and_then(|instance| work(&mut store, &instance))
            .and_then(|result| {
                store.data_mut().check_end()?;
                Ok(result)
            });
        result.map_err(|error| call_error(&error, store.data_mut(), limits))
    }
}

impl fmt::Debug for WasmProgram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WasmProgram")
            .field("plugin", &self.imports.plugin)
            .finish_non_exhaustive()
    }
}

/// Returns the error that ended a call.
fn call_error(error: &wasmtime::Error, state: &mut CallState, limits: &CallLimits) -> CallError {
    if let Some(exceeded) = state.exceeded.take() {
        return exceeded;
    }
    // The type of this error is private to the engine.
    if error.root_cause().to_string() == DATA_LIMIT {
        return CallError::Payload(limits.payload);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => CallError::Timeout(limits.timeout),
        Some(trap) => CallError::Trap(trap.to_string()),
        None => CallError::Trap(short(format!("{error:#}"))),
    }
}
