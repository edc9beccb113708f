//! Random modules with the exports of a plugin.

use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use seaworthy_plugins::{
    Capability, Event, EventType, GrantConfig, HookCall, HookPoint, Interface, PluginErrorCode,
    World, pack,
};
use sha2::{Digest as _, Sha256};
use wasm_smith::{Config, Module};

use crate::{
    app::{Setup, TestApp, granted_http, peak, resident},
    binary::with_constants,
    guest::{self, Guest},
};

const CAPABILITIES: [Capability; 6] = [
    Capability::Log,
    Capability::Clock,
    Capability::Config,
    Capability::KeyValue,
    Capability::Http,
    Capability::Events,
];
/// The functions of the host that random modules call with random arguments. `VERSION` is that of
/// the interface.
const IMPORTS: &str = r#"(module
    (import "seaworthy:plugin/log@VERSION" "write" (func (param i32 i32 i32)))
    (import "seaworthy:plugin/clock@VERSION" "now" (func (result i64)))
    (import "seaworthy:plugin/configuration@VERSION" "get" (func (param i32 i32 i32)))
    (import "seaworthy:plugin/key-value@VERSION" "get" (func (param i32 i32 i32)))
    (import "seaworthy:plugin/key-value@VERSION" "set" (func (param i32 i32 i32 i32 i32)))
    (import "seaworthy:plugin/key-value@VERSION" "delete" (func (param i32 i32)))
    (import "seaworthy:plugin/http@VERSION" "send"
      (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    MORE)"#;
/// The function of the interface 0.3.0.
const PUBLISH: &str = r#"(import "seaworthy:plugin/bus@0.3.0" "publish"
      (func (param i32 i32 i32 i32 i32 i32 i32)))"#;
/// The number of modules of the brief test.
const RUNS: usize = 30;
/// The number of random bytes from which a module is generated.
const BYTES: usize = 4 * 1024;
/// A compilation that takes longer than this fails the test. A loaded machine needs far less time.
const TIMEOUT: Duration = Duration::from_secs(120);
/// A call waits for at most its timeout of 20 ms, and then runs for at most this time. The rest is
/// for a loaded machine.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum 99th percentile of call times: 20 ms to wait, 20 ms to run, 5 ms to stop the guest.
const MAX_P99_CALL_TIME: Duration = Duration::from_millis(45);
/// The memory that a call may have, in KiB.
const MAX_CALL_MEMORY: i64 = 50 * 1024;
/// The memory that the process may keep after the calls, in KiB.
const MAX_RETAINED_MEMORY: i64 = 32 * 1024;

/// The exports of a random plugin, and how its host calls it.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A hook of the first interface.
    OldHook,
    Hook,
    Handler,
    Policy,
}

impl Kind {
    fn of(seed: u64) -> Self {
        // The remainder of a division by three selects whether the life cycle succeeds.
        match seed / 3 % 4 {
            0 => Self::OldHook,
            1 => Self::Hook,
            2 => Self::Handler,
            _ => Self::Policy,
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::OldHook => "0.1.0",
            Self::Hook | Self::Handler | Self::Policy => "0.3.0",
        }
    }

    fn interface(self) -> Interface {
        match self {
            Self::OldHook => Interface::V0_1,
            Self::Hook | Self::Handler | Self::Policy => Interface::V0_3,
        }
    }

    fn world(self) -> World {
        match self {
            Self::OldHook | Self::Hook => World::RequestHook,
            Self::Handler => World::EventHandler,
            Self::Policy => World::PolicyDecision,
        }
    }

    /// Returns a guest with the exports.
    fn guest(self) -> Guest {
        let guest = match self {
            Self::OldHook | Self::Hook => Guest::quiet(),
            Self::Handler => Guest::handler("unreachable"),
            Self::Policy => Guest::deciding("unreachable"),
        };
        guest.version(self.version())
    }

    fn imports(self) -> Vec<u8> {
        let more = match self {
            Self::OldHook => "",
            Self::Hook | Self::Handler | Self::Policy => PUBLISH,
        };
        let text = IMPORTS.replace("VERSION", self.version());
        wat::parse_str(text.replace("MORE", more)).unwrap()
    }

    fn manifest(self) -> String {
        let used = match self {
            Self::OldHook => CAPABILITIES.len() - 1,
            Self::Hook | Self::Handler | Self::Policy => CAPABILITIES.len(),
        };
        let used = CAPABILITIES.iter().take(used);
        let used: Vec<_> = used.map(|one| one.as_str()).collect();
        let calls = match self {
            Self::OldHook | Self::Hook => {
                "[[hooks]]\nname = \"random\"\npoint = \"before_biz\"\ntimeout = \"20ms\"\n"
            }
            Self::Handler => {
                "[[handlers]]\nname = \"random\"\ntypes = [\"user.login\"]\ntimeout = \"20ms\"\n"
            }
            Self::Policy => "",
        };
        let version = self.version();
        format!("api = \"{version}\"\ncapabilities = {used:?}\n{calls}")
    }

    /// Calls the plugin, and returns its problems.
    async fn call(self, app: &TestApp, seed: u64) -> Vec<String> {
        match self {
            Self::OldHook | Self::Hook => {
                let call = HookCall::new().with_value("total", 7);
                let report = app.plugins.run_hooks(HookPoint::BeforeBiz, call).await;
                let report = report.unwrap();
                // A random hook may replace the value, and cannot remove it.
                assert!(report.call.value("total").is_some(), "seed {seed}");
                let failed = report.failed.into_iter();
                failed.map(|(_, problem)| problem).collect()
            }
            Self::Handler => {
                let login = Event::new(EventType::USER_LOGIN, "accounts");
                let failed = app.plugins.events().publish(login).await;
                failed.iter().map(|(_, error)| error.to_string()).collect()
            }
            Self::Policy => {
                let question = app
                    .plugins
                    .decide("u-7", "read", "order", serde_json::Map::new());
                let failed = question.await.err();
                let text = |error| seaworthy_core::error_chain(&error).to_string();
                failed.map(text).into_iter().collect()
            }
        }
    }
}

/// Returns a random component that exports what a plugin of its kind exports.
fn component(seed: u64) -> Result<Vec<u8>, String> {
    let kind = Kind::of(seed);
    let blocks = (0..BYTES / 32).flat_map(|block| Sha256::digest(format!("{seed} {block}")));
    let bytes: Vec<u8> = blocks.collect();
    let mut data = Unstructured::new(&bytes);
    let exports = wat::parse_str(kind.guest().text()).unwrap();
    let config = Config {
        exports: Some(exports),
        available_imports: Some(kind.imports()),
        max_imports: 8,
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
    // for the data of the call, the function runs. The others test the steps.
    if !seed.is_multiple_of(3) {
        module = with_constants(&module, |export| match export {
            "cabi_realloc" => Some(32),
            step if step.contains("/lifecycle@") => Some(16),
            _ => None,
        });
    }
    pack(&module, kind.interface(), kind.world()).map_err(|error| error.to_string())
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
    /// The times of the calls of the other modules: their hook, handler or policy ran.
    calls: Vec<Duration>,
}

impl Ends {
    fn add(&mut self, other: Self) {
        self.refused.extend(other.refused);
        self.not_initialized += other.not_initialized;
        self.not_started += other.not_started;
        self.calls.extend(other.calls);
    }

    /// The number of modules whose code ran.
    fn ran(&self) -> usize {
        self.not_initialized + self.not_started + self.calls.len()
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
    guest::write(
        &folder,
        "random",
        &Kind::of(seed).manifest(),
        component,
        &app.key,
    );
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
            let begun = Instant::now();
            let problems = Kind::of(seed).call(app, seed).await;
            let time = begun.elapsed();
            assert!(time < CALL_TIMEOUT, "seed {seed}");
            problems.iter().for_each(|problem| check(problem));
            ends.calls.push(time);
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
    let grant = GrantConfig {
        capabilities: CAPABILITIES.to_vec(),
        event_types: vec![EventType::USER_LOGIN],
        ..granted_http()
    };
    Setup::new()
        .config(|config| {
            config.grants.insert("random".to_owned(), grant);
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
        })
        // Initialization has the timeout of the settings. A handler may request another delivery.
        .settings("random", "timeout: 20ms\nretry_count: 0\n")
        .start()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn random_modules_do_not_harm_the_service_plug_2() {
    let app = app().await;
    let (ends, tried) = run_many(&app, 0, RUNS).await;
    let (ran, called) = (ends.ran(), ends.calls.len());
    println!("{ran} of {tried} modules ran, {called} called");
    assert!(called > RUNS / 5, "{ends:#?}");
    assert_eq!(app.orders().0, 200, "the service continues");
}

/// Measures time and memory. Run it with
/// `cargo test --profile dist -p seaworthy-plugins --features fuzz --test plugins -- --ignored ten_thousand --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes, and needs an otherwise idle machine"]
async fn ten_thousand_random_modules_do_not_harm_the_service_plug_2() {
    let app = app().await;
    // The engine and its caches exist after the first modules.
    let (_, first) = run_many(&app, 0, 300).await;
    let before = (resident(), peak());
    let (mut ends, _) = run_many(&app, first, 10_000).await;
    println!("{} modules ran, {} refused", ends.ran(), ends.refused.len());
    println!(
        "{} not initialized, {} not started, {} called",
        ends.not_initialized,
        ends.not_started,
        ends.calls.len()
    );
    assert!(ends.calls.len() > 1_000, "{} called", ends.calls.len());
    assert_eq!(app.orders().0, 200, "the service continues");
    ends.calls.sort_unstable();
    let p99 = ends.calls[ends.calls.len() * 99 / 100];
    let grown = (resident() - before.0, peak() - before.1);
    println!("p99 of the calls {p99:?}, memory {grown:?} KiB");
    assert!(p99 <= MAX_P99_CALL_TIME, "{p99:?}");
    assert!(grown.0 < MAX_RETAINED_MEMORY, "{grown:?} KiB more");
    assert!(
        grown.1 < MAX_CALL_MEMORY + MAX_RETAINED_MEMORY,
        "{grown:?} KiB more"
    );
}
