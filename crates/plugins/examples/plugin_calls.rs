//! Measures calls of plugins: an empty hook, a decision, endless guests, and reloads under load.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-plugins --features wasm --example plugin_calls
//! ```
#![expect(clippy::print_stdout, reason = "the program prints its figures")]

use std::{
    error::Error,
    fs,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use seaworthy_config::Loader;
use seaworthy_http::Routes;
use seaworthy_plugins::{HookCall, HookPoint, Interface, Plugins, PluginsConfig, SigningKey, pack};
use seaworthy_service::{NoSettings, RunningService, Service};
use serde_json::{Map, Value};

type Failure = Box<dyn Error + Send + Sync>;

/// Calls before the measurement.
const WARM_UP: usize = 2_000;
const CALLS: usize = 50_000;
const ENDLESS: usize = 100;
const DEADLINE: Duration = Duration::from_millis(50);
const RATE: u32 = 500;
const RELOADS: usize = 20;

/// The functions that every plugin exports.
const COMMON: &str = r#"
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 8192))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32)
    (local.set 4 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get 4) (local.get 3)))
    (local.get 4))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#initialize") (param i32 i32) (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#start") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#stop") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#cleanup") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#health-check") (result i32) (i32.const 16))"#;
const EMPTY: &str =
    r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (i32.const 16))"#;
const LOOP: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (loop $l (br $l)) unreachable)"#;
const ALLOW: &str = r#"(func (export "seaworthy:plugin/policy@0.2.0#decide") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 16))"#;

struct Bench {
    folder: tempfile::TempDir,
    key: SigningKey,
    service: RunningService,
    plugins: Plugins,
}

impl Bench {
    async fn start(max_cpu_percent: u8) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let key = SigningKey::generate()?;
        let mut config = PluginsConfig {
            enabled: true,
            directory: folder.path().to_owned(),
            auto_load: Some(false),
            ..PluginsConfig::default()
        };
        config.security.trusted_keys = vec![key.public()];
        config.security.max_cpu_percent = max_cpu_percent;
        let started = OnceLock::new();
        let loader = Loader::for_tests("bench").overrides([
            "server.http.rate_limit.enabled=false",
            // Faults of the endless guest are expected.
            "log.level=off",
        ]);
        let service = Service::new("bench", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                let _ = started.set(Plugins::start(service, &config).await?);
                service.http(Routes::new().get("/", async || ()));
                Ok(())
            })
            .await?;
        let plugins = started.into_inner().ok_or("the service did not start")?;
        Ok(Self {
            folder,
            key,
            service,
            plugins,
        })
    }

    fn write(&self, name: &str, hook: &str, functions: &str, world: &str) -> Result<(), Failure> {
        let text = format!("(module {COMMON} {functions})");
        let component = pack(text.as_bytes(), Interface::V0_2, world)?;
        let folder = self.folder.path().join(name);
        write_signed(&folder, name, hook, &component, &self.key)
    }

    async fn load(
        &self,
        name: &str,
        hook: &str,
        functions: &str,
        world: &str,
    ) -> Result<(), Failure> {
        self.write(name, hook, functions, world)?;
        self.plugins.load(name).await?;
        Ok(self.plugins.start_plugin(name).await?)
    }
}

fn write_signed(
    folder: &Path,
    name: &str,
    hook: &str,
    component: &[u8],
    key: &SigningKey,
) -> Result<(), Failure> {
    use sha2::{Digest as _, Sha256};

    fs::create_dir_all(folder)?;
    let hash = Sha256::digest(component);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let manifest = format!(
        "name = \"{name}\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\nsha256 = \"{hash}\"\n{hook}"
    );
    fs::write(folder.join("plugin.wasm"), component)?;
    fs::write(folder.join("plugin.toml"), &manifest)?;
    let signature = key.sign(manifest.as_bytes()).encode();
    Ok(fs::write(folder.join("plugin.sig"), signature)?)
}

fn hook(point: &str) -> String {
    format!("[[hooks]]\nname = \"bench\"\npoint = \"{point}\"\ntimeout = \"50ms\"\n")
}

/// Prints quantiles of durations.
fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| {
        let last = times.len().saturating_sub(1);
        times
            .get((times.len() * share / 1_000).min(last))
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{what}: p50 {:?}, p99 {:?}, max {:?}",
        at(500),
        at(990),
        at(1_000)
    );
}

async fn calls(bench: &Bench) -> Result<(), Failure> {
    bench
        .load("empty", &hook("before_biz"), EMPTY, "request-hook")
        .await?;
    let mut times = Vec::with_capacity(CALLS);
    for number in 0..WARM_UP + CALLS {
        let begun = Instant::now();
        let report = bench
            .plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await?;
        if let Some((_, problem)) = report.failed.first() {
            return Err(problem.clone().into());
        }
        if number >= WARM_UP {
            times.push(begun.elapsed());
        }
    }
    print("empty hook", times);
    bench.plugins.unload("empty").await?;

    bench.load("allow", "", ALLOW, "policy-decision").await?;
    let mut context = Map::new();
    context.insert("text".to_owned(), Value::from("x".repeat(200)));
    let mut times = Vec::with_capacity(CALLS);
    for number in 0..WARM_UP + CALLS {
        let begun = Instant::now();
        let decision = bench
            .plugins
            .decide("u-7", "read", "order/1", context.clone());
        decision.await?;
        if number >= WARM_UP {
            times.push(begun.elapsed());
        }
    }
    print("decision with 200 bytes", times);
    Ok(bench.plugins.unload("allow").await?)
}

/// Prints how long endless guests run after their deadline.
async fn endless(bench: &Bench) -> Result<(), Failure> {
    bench
        .load("endless", &hook("before_biz"), LOOP, "request-hook")
        .await?;
    let mut times = Vec::new();
    while times.len() < ENDLESS {
        bench.plugins.enable("endless")?;
        let begun = Instant::now();
        let report = bench
            .plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await?;
        let problem = report.failed.first().map(|(_, problem)| problem.as_str());
        match problem {
            Some(problem) if problem.contains("timeout") => {
                times.push(begun.elapsed().saturating_sub(DEADLINE));
            }
            // The CPU share is exceeded for a moment.
            Some(problem) if problem.contains("share") => {
                tokio::time::sleep(DEADLINE).await;
            }
            other => return Err(format!("the guest ended otherwise: {other:?}").into()),
        }
    }
    print("endless guest, after its deadline of 50 ms", times);
    Ok(bench.plugins.unload("endless").await?)
}

/// Sends requests at a fixed rate until `stop`. Returns their times and the number of failures.
fn requests(bench: &Bench, stop: &Arc<AtomicBool>) -> thread::JoinHandle<(Vec<Duration>, usize)> {
    let (address, stop) = (bench.service.addresses().http, Arc::clone(stop));
    thread::spawn(move || {
        let (mut times, mut failures) = (Vec::new(), 0);
        let begun = Instant::now();
        for number in 0_u32.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let due = begun + Duration::from_secs(1) * number / RATE;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let sent = seaworthy_testkit::http::get(address, "/");
            if !sent.is_ok_and(|answer| answer.status == 200) {
                failures += 1;
            }
            times.push(due.elapsed());
        }
        (times, failures)
    })
}

fn report(what: &str, sent: thread::JoinHandle<(Vec<Duration>, usize)>) -> Result<(), Failure> {
    let (times, failures) = sent.join().map_err(|_| "the client failed")?;
    println!("{what}: {} requests, {failures} failed", times.len());
    print(what, times);
    Ok(())
}

async fn under_load(bench: &Bench) -> Result<(), Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let sent = requests(bench, &stop);
    tokio::time::sleep(Duration::from_secs(5)).await;
    stop.store(true, Ordering::Relaxed);
    report("requests without a plugin", sent)?;

    bench
        .load("busy", &hook("after_data"), LOOP, "request-hook")
        .await?;
    let stop = Arc::new(AtomicBool::new(false));
    let sent = requests(bench, &stop);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        bench.plugins.enable("busy")?;
        bench
            .plugins
            .run_hooks(HookPoint::AfterData, HookCall::new())
            .await?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.store(true, Ordering::Relaxed);
    report("requests beside an endless plugin under its share", sent)?;
    bench.plugins.unload("busy").await?;

    bench
        .load("around", &hook("before_request"), EMPTY, "request-hook")
        .await?;
    let stop = Arc::new(AtomicBool::new(false));
    let sent = requests(bench, &stop);
    for _ in 0..RELOADS {
        bench.write("around", &hook("before_request"), EMPTY, "request-hook")?;
        bench.plugins.reload("around").await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    stop.store(true, Ordering::Relaxed);
    report("requests during 20 reloads", sent)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let bench = Bench::start(100).await?;
    calls(&bench).await?;
    endless(&bench).await?;
    drop(bench);
    under_load(&Bench::start(5).await?).await
}
