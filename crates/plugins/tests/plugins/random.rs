//! Random modules with the exports of a plugin.

use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use seaworthy_plugins::{Capability, HookCall, HookPoint, Interface, PluginErrorCode, World, pack};
use sha2::{Digest as _, Sha256};
use wasm_smith::{Config, Module};

use crate::{
    app::{Setup, TestApp, resident},
    binary::with_constants,
    guest::{self, Guest},
};

const MANIFEST: &str = "capabilities = [\"log\", \"clock\", \"config\", \"key_value\"]\n[[hooks]]\nname = \"random\"\npoint = \"before_biz\"\ntimeout = \"20ms\"\n";
/// The functions of the host that random modules call with random arguments.
const IMPORTS: &str = r#"(module
    (import "seaworthy:plugin/log@0.1.0" "write" (func (param i32 i32 i32)))
    (import "seaworthy:plugin/clock@0.1.0" "now" (func (result i64)))
    (import "seaworthy:plugin/configuration@0.1.0" "get" (func (param i32 i32 i32)))
    (import "seaworthy:plugin/key-value@0.1.0" "get" (func (param i32 i32 i32)))
    (import "seaworthy:plugin/key-value@0.1.0" "set" (func (param i32 i32 i32 i32 i32)))
    (import "seaworthy:plugin/key-value@0.1.0" "delete" (func (param i32 i32))))"#;
/// The number of modules of the brief test.
const RUNS: usize = 30;
/// The number of random bytes from which a module is generated.
const BYTES: usize = 4 * 1024;
/// A compilation that takes longer than this fails the test. A loaded machine needs far less time.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A call waits for at most its timeout of 20 ms, and then runs for at most this time. The rest is
/// for a loaded machine.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns a random component that exports what a plugin with a hook exports.
fn component(seed: u64) -> Result<Vec<u8>, String> {
    let blocks = (0..BYTES / 32).flat_map(|block| Sha256::digest(format!("{seed} {block}")));
    let bytes: Vec<u8> = blocks.collect();
    let mut data = Unstructured::new(&bytes);
    let exports = wat::parse_str(Guest::quiet().text()).unwrap();
    let config = Config {
        exports: Some(exports),
        available_imports: Some(wat::parse_str(IMPORTS).unwrap()),
        max_imports: 6,
        // The exported memory is one more.
        max_memories: 0,
        // The engine is built without garbage collection, which `externref` needs.
        reference_types_enabled: false,
        // Half of the modules run a start function.
        allow_start_export: seed.is_multiple_of(2),
        max_memory32_bytes: 1 << 24,
        // The engine rejects these proposals, so modules with them would not test the sandbox.
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: false,
        ..Config::default()
    };
    let module = Module::new(config, &mut data).map_err(|error| error.to_string())?;
    let mut module = module.to_bytes();
    // A random step of the life cycle almost always fails. With steps that succeed, and with memory
    // for the data of the call, the hook runs. The others test the steps.
    if !seed.is_multiple_of(3) {
        module = with_constants(&module, |export| match export {
            "cabi_realloc" => Some(32),
            step if step.contains("/lifecycle@") => Some(16),
            _ => None,
        });
    }
    pack(&module, Interface::V0_1, World::RequestHook).map_err(|error| error.to_string())
}

/// The ends of random plugins.
#[derive(Debug, Default)]
struct Ends {
    /// The problems of modules that were not loaded, so that none of their code ran.
    refused: Vec<String>,
    /// The modules whose `initialize` failed. Most of them trap, or return an address outside of
    /// their memory.
    not_initialized: usize,
    /// The modules whose `start` failed.
    not_started: usize,
    /// The modules whose hook ran.
    called: usize,
}

impl Ends {
    fn add(&mut self, other: Self) {
        self.refused.extend(other.refused);
        self.not_initialized += other.not_initialized;
        self.not_started += other.not_started;
        self.called += other.called;
    }

    /// The number of modules whose code ran.
    fn ran(&self) -> usize {
        self.not_initialized + self.not_started + self.called
    }
}

/// Loads and calls random plugins.
async fn run(app: &TestApp, seeds: std::ops::Range<u64>) -> Ends {
    let mut ends = Ends::default();
    for seed in seeds {
        match component(seed) {
            Err(problem) => ends.refused.push(problem),
            Ok(component) => {
                let begun = Instant::now();
                run_one(app, &component, &mut ends, seed).await;
                assert!(begun.elapsed() < TIMEOUT, "seed {seed}");
            }
        }
    }
    ends
}

async fn run_one(app: &TestApp, component: &[u8], ends: &mut Ends, seed: u64) {
    let folder = app.folder.path().join("plugins");
    guest::write(&folder, "random", MANIFEST, component, &app.key);
    // A panic of the host in a call is an error of the call.
    let check = |problem: &str| assert!(!problem.contains("panicked"), "seed {seed}: {problem}");
    if let Err(error) = app.plugins.load("random").await {
        let problem = seaworthy_core::error_chain(&error).to_string();
        check(&problem);
        match error.code() {
            PluginErrorCode::LoadFailed => ends.refused.push(problem),
            _ => ends.not_initialized += 1,
        }
        return;
    }
    match app.plugins.start_plugin("random").await {
        Err(error) => {
            check(&error.to_string());
            ends.not_started += 1;
        }
        Ok(()) => {
            let call = HookCall::new().with_value("total", 7);
            let begun = Instant::now();
            let report = app.plugins.run_hooks(HookPoint::BeforeBiz, call).await;
            assert!(begun.elapsed() < CALL_TIMEOUT, "seed {seed}");
            let report = report.unwrap();
            report.failed.iter().for_each(|(_, problem)| check(problem));
            // A random hook may replace the value, and cannot remove it.
            assert!(report.call.value("total").is_some(), "seed {seed}");
            ends.called += 1;
        }
    }
    app.plugins.unload("random").await.unwrap();
}

/// Loads and calls random plugins from a seed on, until the code of `count` of them ran. The
/// generator and the engine refuse some modules. Returns the number of seeds, too.
async fn run_many(app: &TestApp, seed: u64, count: usize) -> (Ends, u64) {
    let (mut ends, mut tried) = (Ends::default(), 0);
    while ends.ran() < count {
        assert!(ends.refused.len() <= count * 9, "too few run: {ends:#?}");
        let next = seed + tried;
        ends.add(run(app, next..next + 1).await);
        tried += 1;
    }
    (ends, tried)
}

async fn app() -> TestApp {
    let capabilities = [
        Capability::Log,
        Capability::Clock,
        Capability::Config,
        Capability::KeyValue,
    ];
    Setup::new()
        .grant("random", &capabilities)
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
        })
        // Initialization has the timeout of the settings.
        .settings("random", "timeout: 20ms\n")
        .start()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn random_modules_do_not_harm_the_service_plug_2() {
    let app = app().await;
    let (ends, tried) = run_many(&app, 0, RUNS).await;
    println!(
        "{} of {tried} modules ran, {} called",
        ends.ran(),
        ends.called
    );
    assert!(ends.called > RUNS / 5, "{ends:#?}");
    assert_eq!(app.orders().0, 200, "the service continues");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn ten_thousand_random_modules_do_not_harm_the_service_plug_2() {
    let app = app().await;
    // The engine and its caches exist after the first modules.
    let (_, first) = run_many(&app, 0, 300).await;
    let before = resident();
    let (ends, _) = run_many(&app, first, 10_000).await;
    println!("{} modules ran, {} refused", ends.ran(), ends.refused.len());
    println!(
        "{} not initialized, {} not started, {} called",
        ends.not_initialized, ends.not_started, ends.called
    );
    assert!(ends.called > 1_000, "{} called", ends.called);
    assert_eq!(app.orders().0, 200, "the service continues");
    let grown = resident() - before;
    assert!(grown < 32 * 1024, "{grown} KiB more than before");
}
