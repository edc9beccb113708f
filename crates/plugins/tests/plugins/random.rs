//! Random modules with the exports of a plugin.

use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use seaworthy_plugins::{HookCall, HookPoint, Interface, PluginErrorCode, pack};
use sha2::{Digest as _, Sha256};
use wasm_smith::{Config, Module};

use crate::{
    app::{Setup, TestApp},
    guest::{self, Guest},
};

const HOOK: &str = "[[hooks]]\nname = \"random\"\npoint = \"before_biz\"\ntimeout = \"20ms\"\n";
/// The number of random bytes from which a module is generated.
const BYTES: usize = 4 * 1024;
/// A module that the service does not stop runs endlessly. A loaded machine needs far less time.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Returns a random component that exports what a plugin with a hook exports.
fn component(seed: u64) -> Result<Vec<u8>, String> {
    let blocks = (0..BYTES / 32).flat_map(|block| Sha256::digest(format!("{seed} {block}")));
    let bytes: Vec<u8> = blocks.collect();
    let mut data = Unstructured::new(&bytes);
    let exports = wat::parse_str(Guest::quiet().text()).unwrap();
    let config = Config {
        exports: Some(exports),
        max_imports: 0,
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
    pack(&module.to_bytes(), Interface::V0_1, "request-hook")
}

/// Loads and calls random plugins. Returns the number that ran, and the problems of the others.
async fn run(app: &TestApp, seeds: std::ops::Range<u64>) -> (usize, Vec<String>) {
    let folder = app.folder.path().join("plugins");
    let (mut ran, mut refused) = (0, Vec::new());
    for seed in seeds {
        let component = match component(seed) {
            Ok(component) => component,
            Err(problem) => {
                refused.push(problem);
                continue;
            }
        };
        let begun = Instant::now();
        guest::write(&folder, "random", HOOK, &component, &app.key);
        let loaded = app.plugins.load("random").await;
        match &loaded {
            Err(error) if error.code() == PluginErrorCode::LoadFailed => {
                let problem = seaworthy_core::error_chain(error).to_string();
                assert!(!problem.contains("panicked"), "seed {seed}: {problem}");
                refused.push(problem);
            }
            // Most modules return an address outside of their memory when they are initialized.
            _ => ran += 1,
        }
        if loaded.is_ok() {
            drop(app.plugins.start_plugin("random").await);
            let call = HookCall::new().with_value("total", 7);
            let report = app.plugins.run_hooks(HookPoint::BeforeBiz, call).await;
            assert!(report.unwrap().failed.len() <= 1, "seed {seed}");
            app.plugins.unload("random").await.unwrap();
        }
        assert!(begun.elapsed() < TIMEOUT, "seed {seed}");
    }
    (ran, refused)
}

async fn app() -> TestApp {
    Setup::new()
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
    let (ran, refused) = run(&app, 0..30).await;
    assert!(ran > 0, "{refused:#?}");
    assert_eq!(app.orders().0, 200, "the service goes on");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn ten_thousand_random_modules_do_not_harm_the_service_plug_2() {
    let app = app().await;
    // The engine and its caches exist after the first modules.
    run(&app, 0..500).await;
    let before = resident();
    let (ran, refused) = run(&app, 500..10_000).await;
    assert!(ran > 1_000, "{ran}, and rejected {}", refused.len());
    assert_eq!(app.orders().0, 200, "the service goes on");
    let grown = resident().saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB more than before");
}

/// The memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.split_whitespace().next());
    size.and_then(|size| size.parse().ok()).unwrap_or_default()
}
