//! Measures calls of plugins: an empty hook, the bare engine, a decision, hostile guests, memory, and
//! requests while a plugin runs endlessly and during reloads.
//!
//! The parts are `calls`, `hostile`, `memory`, `beside` and `reload`. Name some to run only these.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-plugins --features wasm --example plugin_calls -- calls
//! ```
#![expect(clippy::print_stdout, reason = "the program prints its figures")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    net::TcpListener,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use seaworthy_config::Loader;
use seaworthy_core::Error as CallError;
use seaworthy_http::Routes;
use seaworthy_plugins::{
    Capability, GrantConfig, HookCall, HookPoint, Interface, Plugins, PluginsConfig, SigningKey,
    pack,
};
use seaworthy_service::{NoSettings, RunningService, Service};
use serde_json::{Map, Value};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, Linker},
};

type Failure = Box<dyn Error + Send + Sync>;

/// Calls before the measurement.
const WARM_UP: usize = 2_000;
const CALLS: usize = 50_000;
/// Alternating runs of two compared measurements.
const ROUNDS: usize = 5;
const ENDLESS: usize = 100;
const BOMBS: usize = 100;
const DEADLINE: Duration = Duration::from_millis(50);
const RATE: u32 = 500;
/// The clients that send requests. A slow response delays only the requests of its client.
const CLIENTS: u32 = 16;
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
/// Sets `version` to the digit at 82.
const VERSION: &str = r#"
  (data (i32.const 64) "version")
  (data (i32.const 80) "\221\22")
  (data (i32.const 96) "\00\00\00\00\00\00\00\00\80\00\00\00\01\00\00\00")
  (data (i32.const 128) "\40\00\00\00\07\00\00\00\50\00\00\00\03\00\00\00")
  (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (i32.const 96))"#;
const LOOP: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (loop $l (br $l)) unreachable)"#;
/// Fills 64 KiB repeatedly.
const FILL: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (loop $l (memory.fill (i32.const 8192) (i32.const 0) (i32.const 57344)) (br $l)) unreachable)"#;
/// Grows to the limit of 50 MiB, and fills all of it repeatedly.
const FILL_ALL: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
  (drop (memory.grow (i32.const 799)))
  (loop $l (memory.fill (i32.const 8192) (i32.const 1) (i32.const 52420608)) (br $l)) unreachable)"#;
/// Grows to the limit of 50 MiB, writes to each page, and grows further.
const BOMB: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
  (drop (memory.grow (i32.const 799)))
  (memory.fill (i32.const 8192) (i32.const 1) (i32.const 52420608))
  (loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable)"#;
const TABLES: &str = r#"(table $t 1 funcref)
  (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
    (loop $l (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $l)) unreachable)"#;
const RECURSION: &str = r#"(func $deep (param i32) (result i32)
    (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))
  (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (call $deep (i32.const 0)))"#;
const ALLOW: &str = r#"(func (export "seaworthy:plugin/policy@0.2.0#decide") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 16))"#;

struct Bench {
    folder: tempfile::TempDir,
    key: SigningKey,
    service: RunningService,
    plugins: Plugins,
}

impl Bench {
    async fn start(max_cpu_percent: u8) -> Result<Self, Failure> {
        let grant = GrantConfig {
            capabilities: vec![Capability::Http],
            http_hosts: vec!["127.0.0.1".to_owned()],
            internal_addresses: true,
        };
        let folder = tempfile::tempdir()?;
        let key = SigningKey::generate()?;
        let mut config = PluginsConfig {
            enabled: true,
            directory: folder.path().to_owned(),
            auto_load: Some(false),
            ..PluginsConfig::default()
        };
        config.security.trusted_keys = vec![key.public()];
        config.security.max_cpu_percent = Some(max_cpu_percent);
        config.grants.insert("stalled".to_owned(), grant);
        let started = OnceLock::new();
        let loader = Loader::for_tests("bench").overrides([
            "server.http.rate_limit.enabled=false",
            // Faults of the endless guest are expected.
            "log.level=fatal",
        ]);
        let service = Service::new("bench", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                let plugins = Plugins::start(service, &config).await?;
                let _ = started.set(plugins.clone());
                let twice = move || {
                    let plugins = plugins.clone();
                    async move { versions(&plugins).await }
                };
                service.http(Routes::new().get("/", async || "").get("/twice", twice));
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
        // Imports come first.
        let text = format!("(module {functions} {COMMON})");
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

/// Calls the hooks twice. Returns the versions that they set.
async fn versions(plugins: &Plugins) -> Result<String, CallError> {
    let mut seen = String::new();
    for _ in 0..2 {
        let report = plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await?;
        seen += report
            .call
            .value("version")
            .and_then(Value::as_str)
            .unwrap_or("none");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(seen)
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

/// Returns a quantile, in thousandths.
fn quantile(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    let at = (times.len() * share / 1_000).min(last);
    times.get(at).copied().unwrap_or_default()
}

/// Prints quantiles of durations.
fn print(what: &str, mut times: Vec<Duration>) {
    let [p50, p99, max] = [500, 990, 1_000].map(|share| quantile(&mut times, share));
    println!("{what}: p50 {p50:?}, p99 {p99:?}, max {max:?}");
}

/// Prints the time of a call by the bare engine: a new store and instance, and a function without
/// data.
fn bare() -> Result<(), Failure> {
    let text = format!("(module {COMMON} {EMPTY})");
    let component = pack(text.as_bytes(), Interface::V0_2, "request-hook")?;
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(
            PoolingAllocationConfig::new(),
        ));
    let engine = Engine::new(&config)?;
    let component = Component::from_binary(&engine, &component)?;
    let lifecycle = component.get_export_index(None, "seaworthy:plugin/lifecycle@0.2.0");
    let lifecycle = lifecycle.ok_or("no lifecycle")?;
    let check = component.get_export_index(Some(&lifecycle), "health-check");
    let check = check.ok_or("no health check")?;
    let prepared = Linker::new(&engine).instantiate_pre(&component)?;
    let mut times = Vec::with_capacity(CALLS);
    for number in 0..WARM_UP + CALLS {
        let begun = Instant::now();
        let mut store = Store::new(&engine, ());
        let instance = prepared.instantiate(&mut store)?;
        let check = instance.get_typed_func::<(), (Result<(), String>,)>(&mut store, &check)?;
        check.call(&mut store, ())?.0?;
        drop(store);
        if number >= WARM_UP {
            times.push(begun.elapsed());
        }
    }
    print("bare engine, empty function", times);
    Ok(())
}

async fn calls(bench: &Bench) -> Result<(), Failure> {
    let begun = Instant::now();
    for _ in 0..CALLS {
        bench
            .plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await?;
    }
    println!("no hook: {:?}", begun.elapsed() / u32::try_from(CALLS)?);
    bare()?;
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
async fn endless(
    bench: &Bench,
    what: &str,
    name: &str,
    more: &str,
    body: &str,
) -> Result<(), Failure> {
    let manifest = format!("{more}{}", hook("before_biz"));
    bench.load(name, &manifest, body, "request-hook").await?;
    let mut times = Vec::new();
    while times.len() < ENDLESS {
        bench.plugins.enable(name)?;
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
            // The plugin exceeds its CPU share temporarily.
            Some(problem) if problem.contains("share") => {
                tokio::time::sleep(DEADLINE).await;
            }
            other => return Err(format!("the guest ended otherwise: {other:?}").into()),
        }
    }
    let late = times.iter().filter(|time| time.as_millis() >= 5).count();
    print(&format!("{what}, after its deadline of 50 ms"), times);
    println!("{what}: {late} of {ENDLESS} later than 5 ms");
    Ok(bench.plugins.unload(name).await?)
}

async fn hostile(bench: &Bench) -> Result<(), Failure> {
    endless(bench, "endless loop", "endless", "", LOOP).await?;
    endless(bench, "fills of 56 KiB", "fills", "", FILL).await?;
    endless(bench, "fills of 50 MiB", "fills-all", "", FILL_ALL).await?;
    // Accepts connections, and never responds.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    let send = format!(
        r#"(import "seaworthy:plugin/http@0.2.0" "send" (func $send (param {})))
        (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
          (call $send (i32.const 64) (i32.const 3) (i32.const 128) (i32.const {})
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256))
          (i32.const 16))
        (data (i32.const 64) "GET") (data (i32.const 128) "{url}")"#,
        "i32 ".repeat(9),
        url.len()
    );
    let capabilities = "capabilities = [\"http\"]\n";
    endless(bench, "stalled request", "stalled", capabilities, &send).await
}

/// The memory of this process in KiB.
fn resident() -> Result<i64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.split_whitespace().next());
    Ok(size.ok_or("the system does not report memory")?.parse()?)
}

/// Prints how much memory remains after hostile guests and after loads.
async fn memory(bench: &Bench) -> Result<(), Failure> {
    for (what, body) in [
        ("memory bombs", BOMB),
        ("table bombs", TABLES),
        ("recursions", RECURSION),
    ] {
        bench
            .load("bomb", &hook("before_biz"), body, "request-hook")
            .await?;
        let (mut before, mut done) = (resident()?, 0);
        let mut problem = String::new();
        while done < BOMBS {
            bench.plugins.enable("bomb")?;
            let report = bench
                .plugins
                .run_hooks(HookPoint::BeforeBiz, HookCall::new())
                .await?;
            let (_, ended) = report.failed.first().ok_or("the guest did not fail")?;
            if ended.contains("share") {
                tokio::time::sleep(DEADLINE).await;
                continue;
            }
            problem.clone_from(ended);
            done += 1;
            if done == 1 {
                println!("{what}: {:+} KiB after the first", resident()? - before);
                before = resident()?.min(before);
            }
        }
        let grown = resident()? - before;
        println!("{what}: {grown:+} KiB after {BOMBS}, the last one ended: {problem}");
        bench.plugins.unload("bomb").await?;
    }
    let before = resident()?;
    for _ in 0..BOMBS {
        bench
            .load("again", &hook("before_biz"), EMPTY, "request-hook")
            .await?;
        bench.plugins.unload("again").await?;
    }
    let grown = resident()? - before;
    println!("loads and unloads: {grown:+} KiB after {BOMBS}");
    Ok(())
}

type Sent = (Vec<Duration>, BTreeMap<String, usize>);

/// Sends requests at a fixed rate until `stop`. Returns their times and how often each body came,
/// with `failed` for responses without success.
fn requests(bench: &Bench, path: &'static str, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<Sent>> {
    let address = bench.service.addresses().http;
    let begun = Instant::now();
    let client = |client: u32| {
        let stop = Arc::clone(stop);
        thread::spawn(move || {
            let (mut times, mut bodies) = (Vec::new(), BTreeMap::new());
            for number in 0_u32.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let due = Duration::from_secs(1) * (number * CLIENTS + client) / RATE;
                let due = begun + due;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let body = match seaworthy_testkit::http::get(address, path) {
                    Ok(answer) if answer.status == 200 => answer.body,
                    _ => "failed".to_owned(),
                };
                *bodies.entry(body).or_default() += 1;
                times.push(due.elapsed());
            }
            (times, bodies)
        })
    };
    (0..CLIENTS).map(client).collect()
}

/// Waits for the clients.
fn sent(clients: Vec<JoinHandle<Sent>>) -> Result<Sent, Failure> {
    let (mut times, mut bodies) = (Vec::new(), BTreeMap::new());
    for client in clients {
        let (some, seen) = client.join().map_err(|_| "a client failed")?;
        times.extend(some);
        for (body, count) in seen {
            *bodies.entry(body).or_default() += count;
        }
    }
    Ok((times, bodies))
}

/// Prints the times of requests with and without an endless plugin.
async fn beside(bench: &Bench) -> Result<(), Failure> {
    bench
        .load("busy", &hook("after_data"), LOOP, "request-hook")
        .await?;
    let mut p99 = [Vec::new(), Vec::new()];
    for round in 0..2 * ROUNDS {
        let is_attacked = round % 2 == 1;
        let stop = Arc::new(AtomicBool::new(false));
        let clients = requests(bench, "/", &stop);
        let (begun, mut stopped) = (Instant::now(), 0);
        while begun.elapsed() < Duration::from_secs(5) {
            if is_attacked {
                bench.plugins.enable("busy")?;
                let report = bench
                    .plugins
                    .run_hooks(HookPoint::AfterData, HookCall::new())
                    .await?;
                let problem = report.failed.first().map(|(_, problem)| problem.as_str());
                stopped += usize::from(problem.is_some_and(|text| text.contains("timeout")));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.store(true, Ordering::Relaxed);
        let (mut times, bodies) = tokio::task::block_in_place(|| sent(clients))?;
        let at = quantile(&mut times, 990);
        if let Some(p99) = p99.get_mut(usize::from(is_attacked)) {
            p99.push(at);
        }
        println!("round {round}: {bodies:?}, {stopped} endless calls stopped");
        print("requests", times);
    }
    let [alone, attacked] = p99.map(|mut p99| quantile(&mut p99, 500));
    println!("median p99 of requests alone: {alone:?}, with an endless plugin: {attacked:?}");
    Ok(bench.plugins.unload("busy").await?)
}

/// Prints the versions that requests see during reloads.
async fn reload(bench: &Bench) -> Result<(), Failure> {
    let hook = hook("before_biz");
    bench
        .load("version", &hook, VERSION, "request-hook")
        .await?;
    let stop = Arc::new(AtomicBool::new(false));
    let clients = requests(bench, "/twice", &stop);
    for round in 0..RELOADS {
        let digit = ["\\222", "\\221"].get(round % 2).ok_or("no version")?;
        let functions = VERSION.replacen("\\221", digit, 1);
        bench.write("version", &hook, &functions, "request-hook")?;
        bench.plugins.reload("version").await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let (times, bodies) = tokio::task::block_in_place(|| sent(clients))?;
    let count = times.len();
    println!(
        "{count} requests at {RATE}/s during {RELOADS} reloads, by the versions that they saw: {bodies:?}"
    );
    print("requests during reloads", times);
    Ok(())
}

async fn run(parts: Vec<String>) -> Result<(), Failure> {
    let has = |part: &str| parts.is_empty() || parts.iter().any(|name| name == part);
    let bench = Bench::start(100).await?;
    if has("calls") {
        calls(&bench).await?;
    }
    if has("hostile") {
        hostile(&bench).await?;
    }
    if has("memory") {
        memory(&bench).await?;
    }
    if has("reload") {
        reload(&bench).await?;
    }
    drop(bench);
    if has("beside") {
        beside(&Bench::start(5).await?).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // A request runs in a task, and not on the thread of `main`.
    tokio::spawn(run(std::env::args().skip(1).collect())).await?
}
