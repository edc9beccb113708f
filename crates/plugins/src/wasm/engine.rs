use std::{fmt, sync::Arc};

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    component::{Component, Linker},
};

use super::{
    bulk,
    component_size::{ComponentSize, MAX_DEPTH},
    imports::link,
    program::WasmProgram,
    ticker::Ticker,
};
use crate::runtime::{Imports, Program, Runtime};

/// The stack of a guest in bytes. The stack of a tokio thread, 2 MiB by default, is larger.
const MAX_STACK: usize = 512 * 1024;
/// The maximum number of core instances of one component. A component with an adapter has three.
pub(super) const MAX_CORE_INSTANCES: u16 = 16;
/// The maximum number of tables of one component. Usual components have one to three.
pub(super) const MAX_TABLES: u16 = 16;
/// The maximum number of elements of one table: the functions that a component calls indirectly.
pub(super) const MAX_TABLE_ELEMENTS: usize = 10_000;
/// The maximum number of functions of one component. The time and the memory of a compilation grow
/// with them. Large components, such as interpreters of a language, have less than half of them.
const MAX_FUNCTIONS: usize = 50_000;
/// The maximum size of a function in bytes. The memory of its compilation grows with it, and the
/// time with its square. The largest functions of interpreters have less than half of it.
const MAX_FUNCTION_SIZE: usize = 1024 * 1024;
/// The maximum bytes of the element segments of one component. Each element has at least one byte,
/// and 16 bytes of the host in each instance. A full table of 10,000 functions needs half of it.
const MAX_ELEMENTS_SIZE: usize = 64 * 1024;
/// The maximum number of instances that one call creates, as the product of those of components and
/// of modules. Compilers write components with fewer than ten of each.
const MAX_INSTANCES: usize = 10_000;
/// The maximum metadata of the engine for one instance, in bytes.
const MAX_INSTANCE_SIZE: usize = 1024 * 1024;
/// The first bytes of the memory of a guest that the engine clears itself for the next guest: the
/// default of compilers for C. The engine returns the rest to the system. For this the system
/// interrupts all cores on which the service runs, which takes longer than a brief call.
const MAX_KEPT_MEMORY: usize = 2 * PAGE;
/// As [`MAX_KEPT_MEMORY`], for each table. Usual tables have at most 512 elements of 8 bytes.
const MAX_KEPT_TABLE: usize = 4 * 1024;
/// The size of a page of WebAssembly, in bytes.
const PAGE: usize = 64 * 1024;

/// Compiles components with wasmtime.
pub(crate) struct WasmRuntime {
    engine: Engine,
    /// Shared with the programs, because a call may outlive this runtime.
    ticker: Arc<Ticker>,
    max_memory: usize,
}

impl WasmRuntime {
    /// Creates an engine that runs up to `max_guests` components concurrently, each with a memory
    /// of at most `max_memory` bytes. Calls `on_tick` at each tick.
    ///
    /// # Errors
    /// The system has no address space for the memories, or no thread for the ticker.
    pub(crate) fn new(
        max_memory: usize,
        max_guests: usize,
        on_tick: impl Fn() + Send + 'static,
    ) -> Result<Self, String> {
        let max_memory = max_memory.next_multiple_of(PAGE);
        // The pool has space for all guests, so a call never fails because of other calls.
        let max_guests = u32::try_from(max_guests).unwrap_or(u32::MAX);
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(max_guests)
            .total_core_instances(max_guests.saturating_mul(MAX_CORE_INSTANCES.into()))
            .total_memories(max_guests)
            .total_tables(max_guests.saturating_mul(MAX_TABLES.into()))
            .max_core_instances_per_component(MAX_CORE_INSTANCES.into())
            // With one memory its limit is the limit of the whole component.
            .max_memories_per_component(1)
            .max_tables_per_component(MAX_TABLES.into())
            .max_component_instance_size(MAX_INSTANCE_SIZE)
            .max_core_instance_size(MAX_INSTANCE_SIZE)
            .table_elements(MAX_TABLE_ELEMENTS)
            .max_memory_size(max_memory)
            // `pagemap_scan` does not clear pages that the system swapped out. The next guest could
            // read them.
            .linear_memory_keep_resident(MAX_KEPT_MEMORY)
            .table_keep_resident(MAX_KEPT_TABLE);
        let mut config = Config::new();
        config
            .wasm_component_model(true)
            .concurrency_support(false)
            .epoch_interruption(true)
            // One thread with a low priority compiles, so that requests keep their cores.
            .parallel_compilation(false)
            .max_wasm_stack(MAX_STACK)
            // A backtrace contains names that the author of the component chose.
            .wasm_backtrace_max_frames(None)
            .wasm_memory64(false)
            .wasm_multi_memory(false)
            .memory_reservation(u64::try_from(max_memory).unwrap_or(u64::MAX))
            .memory_guard_size(0)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).map_err(|error| format!("{error:#}"))?;
        let ticker = Arc::new(Ticker::start(&engine, on_tick)?);
        Ok(Self {
            engine,
            ticker,
            max_memory,
        })
    }
}

impl Runtime for WasmRuntime {
    fn compile(&self, component: &[u8], imports: &Imports) -> Result<Arc<dyn Program>, String> {
        check_size(component)?;
        let split = bulk::split(component, &mut { MAX_FUNCTIONS })
            .map_err(|problem| format!("plugin.wasm is not a component: {problem}"))?;
        if let Some(split) = &split {
            check_size(split)?;
        }
        let compiled = Component::from_binary(&self.engine, split.as_deref().unwrap_or(component))
            .map_err(|error| format!("plugin.wasm is not a component: {error:#}"))?;
        let mut linker = Linker::new(&self.engine);
        link(&mut linker, imports).map_err(|error| format!("{error:#}"))?;
        let prepared = linker.instantiate_pre(&compiled).map_err(|error| {
            format!(
                "the component imports an interface that the manifest does not request: {error:#}"
            )
        })?;
        let program = WasmProgram::new(
            prepared,
            imports.clone(),
            Arc::clone(&self.ticker),
            self.max_memory,
        )?;
        Ok(Arc::new(program))
    }
}

/// Checks that a component is not so large that its compilation needs minutes or gigabytes.
///
/// # Errors
/// It has too many levels, functions, elements or instances, or a large function.
fn check_size(component: &[u8]) -> Result<(), String> {
    let size = ComponentSize::of(component);
    if size.is_too_deep {
        return Err(format!(
            "plugin.wasm has more than {MAX_DEPTH} levels of components: merge them"
        ));
    }
    if size.functions > MAX_FUNCTIONS {
        return Err(format!(
            "plugin.wasm has more than {MAX_FUNCTIONS} functions"
        ));
    }
    if size.largest_function > MAX_FUNCTION_SIZE {
        return Err(format!(
            "plugin.wasm has a function of more than {MAX_FUNCTION_SIZE} bytes: split it"
        ));
    }
    if size.elements > MAX_ELEMENTS_SIZE {
        return Err(format!(
            "plugin.wasm has more than {MAX_ELEMENTS_SIZE} bytes of element segments"
        ));
    }
    match size.instances() {
        None => Err(
            "a component in plugin.wasm creates instances of other components: merge them"
                .to_owned(),
        ),
        Some(instances) if instances > MAX_INSTANCES => Err(format!(
            "plugin.wasm creates more than {MAX_INSTANCES} instances"
        )),
        Some(_) => Ok(()),
    }
}

impl fmt::Debug for WasmRuntime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WasmRuntime")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use seaworthy_telemetry::metrics::Counter;

    use super::*;
    use crate::{
        Interface, World, pack,
        runtime::{CallError, CallLimits, Caller, LifecycleStep},
        sandbox::{KeyValueStore, LogAccess},
        wasm::component_size::tests::nested,
    };

    /// A module whose `start` never returns.
    const ENDLESS: &str = r#"(module
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "seaworthy:plugin/lifecycle@0.2.0#initialize") (param i32 i32) (result i32)
            (i32.const 16))
        (func (export "seaworthy:plugin/lifecycle@0.2.0#start") (result i32)
            (loop $l (br $l)) unreachable)
        (func (export "seaworthy:plugin/lifecycle@0.2.0#stop") (result i32) (i32.const 16))
        (func (export "seaworthy:plugin/lifecycle@0.2.0#cleanup") (result i32) (i32.const 16))
        (func (export "seaworthy:plugin/lifecycle@0.2.0#health-check") (result i32) (i32.const 16))
        (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (i32.const 16)))"#;

    fn limits(timeout: Duration) -> CallLimits {
        CallLimits {
            timeout,
            memory: PAGE,
            payload: PAGE,
            host_calls: 0,
            cpu_time: Duration::from_secs(10),
            caller: Caller::default(),
        }
    }

    fn imports() -> Imports {
        Imports {
            plugin: "endless".into(),
            api: Interface::V0_2,
            capabilities: Vec::new(),
            settings: Arc::default(),
            keys: Arc::new(KeyValueStore::new(0)),
            http: None,
            events: None,
            log: Arc::new(LogAccess::new(0, Counter::default())),
        }
    }

    fn compile(runtime: &WasmRuntime) -> Arc<dyn Program> {
        let component = pack(ENDLESS.as_bytes(), Interface::V0_2, World::RequestHook).unwrap();
        runtime.compile(&component, &imports()).unwrap()
    }

    /// Expects that a step ended at its timeout. On a busy machine it may wait for a core.
    fn expect_timeout(ended: &Result<Result<(), String>, CallError>, timeout: Duration) {
        let timeouts = [CallError::Timeout(timeout), CallError::Starved(timeout)];
        assert!(timeouts.map(Err).contains(ended), "{ended:?}");
    }

    #[test]
    fn result_after_too_much_cpu_time_is_a_timeout_plug_2() {
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let program = compile(&runtime);
        // The function returns immediately. Its deadline is the start of the call.
        let limits = limits(Duration::ZERO);
        let ended = program.step(LifecycleStep::HealthCheck, &limits);
        expect_timeout(&ended, Duration::ZERO);
    }

    #[test]
    fn guest_ends_after_its_caller_left_plug_2() {
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let program = compile(&runtime);
        let limits = limits(Duration::from_secs(20));
        let waiting = limits.caller.wait();
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || sender.send(program.step(LifecycleStep::Start, &limits)));
        assert!(ended.recv_timeout(Duration::from_millis(50)).is_err());
        drop(waiting);
        let ended = ended.recv_timeout(Duration::from_secs(15)).unwrap();
        assert_eq!(ended, Err(CallError::Cancelled));
    }

    #[test]
    fn component_with_too_many_functions_is_not_compiled_plug_2() {
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let functions = "(func)".repeat(MAX_FUNCTIONS + 1);
        let text = format!("(component (core module {functions}))");
        let component = wat::parse_str(text).unwrap();
        let problem = runtime.compile(&component, &imports()).unwrap_err();
        assert_eq!(problem, "plugin.wasm has more than 50000 functions");
    }

    #[test]
    fn component_with_too_many_added_functions_fails_plug_2() {
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let functions = "(func)".repeat(MAX_FUNCTIONS - 1);
        let fill = "(func (param i32) (memory.fill (i32.const 0) (i32.const 0) (local.get 0)))";
        let text = format!("(component (core module (memory 1) {functions} {fill}))");
        let component = wat::parse_str(text).unwrap();
        let problem = runtime.compile(&component, &imports()).unwrap_err();
        assert_eq!(problem, "plugin.wasm has more than 50000 functions");
    }

    #[test]
    fn component_with_many_elements_is_not_compiled_plug_2() {
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let elements = " $f".repeat(MAX_ELEMENTS_SIZE + 1);
        let text = format!("(component (core module (func $f) (elem func {elements})))");
        let component = wat::parse_str(text).unwrap();
        let problem = runtime.compile(&component, &imports()).unwrap_err();
        assert_eq!(
            problem,
            "plugin.wasm has more than 65536 bytes of element segments"
        );
    }

    #[test]
    fn component_with_many_levels_is_not_compiled_plug_2() {
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let problem = |levels| runtime.compile(&nested(levels), &imports()).unwrap_err();
        let expected = "plugin.wasm has more than 100 levels of components: merge them";
        assert_eq!(problem(MAX_DEPTH + 1), expected);
        // The engine compiles this one, and only its exports are missing.
        let compiled = problem(MAX_DEPTH);
        assert!(compiled.contains("does not export"), "{compiled}");
    }

    #[test]
    fn endless_guest_has_short_ticks_plug_2() {
        let limits = limits(Duration::from_secs(3));
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let program = compile(&runtime);
        let guest = thread::spawn(move || program.step(LifecycleStep::Start, &limits));
        while !runtime.ticker.is_short() {
            assert!(!guest.is_finished(), "no short tick");
            thread::yield_now();
        }
    }

    #[test]
    fn endless_call_ends_after_the_drop_of_its_engine_plug_2() {
        let timeout = Duration::from_millis(50);
        let limits = limits(timeout);
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let program = compile(&runtime);
        let ticker = Arc::downgrade(&runtime.ticker);
        drop(runtime);
        // The thread still ticks for a while after the check of the component.
        while ticker.upgrade().is_some_and(|ticker| !ticker.is_idle()) {
            thread::yield_now();
        }
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || sender.send(program.step(LifecycleStep::Start, &limits)));
        // If the engine does not stop the guest, it never returns.
        let ended = ended.recv_timeout(Duration::from_secs(30)).unwrap();
        expect_timeout(&ended, timeout);
    }

    #[test]
    fn component_with_a_large_function_is_not_compiled_plug_2() {
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        let code = "nop ".repeat(MAX_FUNCTION_SIZE);
        let component = wat::parse_str(format!("(component (core module (func {code})))"));
        let problem = runtime.compile(&component.unwrap(), &imports());
        let expected = "plugin.wasm has a function of more than 1048576 bytes: split it";
        assert_eq!(problem.unwrap_err(), expected);
    }

    #[test]
    fn component_with_many_instances_is_not_compiled_plug_2() {
        let runtime = WasmRuntime::new(PAGE, 2, || ()).unwrap();
        // Each level doubles the instances, so the engine would need many gigabytes.
        let levels = (1..50).map(|level| {
            let create = format!("(instance (instantiate $c{}))", level - 1);
            format!("(component $c{level} {create} {create})")
        });
        let levels: String = levels.collect();
        let text = format!("(component (component $c0) {levels} (instance (instantiate $c49)))");
        let component = wat::parse_str(text).unwrap();
        let problem = runtime.compile(&component, &imports()).unwrap_err();
        let expected =
            "a component in plugin.wasm creates instances of other components: merge them";
        assert_eq!(problem, expected);
        let modules = "(core instance (instantiate $m))".repeat(100);
        let components = "(instance (instantiate $c))".repeat(100);
        let text = format!("(component (component $c (core module $m) {modules}) {components})");
        let component = wat::parse_str(text).unwrap();
        let problem = runtime.compile(&component, &imports()).unwrap_err();
        assert_eq!(problem, "plugin.wasm creates more than 10000 instances");
    }
}
