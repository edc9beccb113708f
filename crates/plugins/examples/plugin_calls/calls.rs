//! Calls of an empty hook, of the bare engine and of a decision.

use std::time::{Duration, Instant};

use seaworthy_plugins::{HookCall, HookPoint, Interface, World, pack};
use serde_json::{Map, Value};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, Linker},
};

use crate::{
    Failure,
    bench::{Bench, hook},
    guests::{ALLOW, COMMON, EMPTY},
    times::{goal, print},
};

/// The calls before the measurement, which fill caches.
const WARM_UP: usize = 2_000;
const CALLS: usize = 50_000;
/// The goal for the median of an empty hook.
const MAX_HOOK: Duration = Duration::from_micros(15);
/// The calls of a point without hooks, which take nanoseconds.
const IDLE_CALLS: u32 = 1_000_000;
/// The goal for the mean of a point without hooks.
const MAX_IDLE: Duration = Duration::from_nanos(20);
/// The goal for the median of a decision.
const MAX_DECISION: Duration = Duration::from_micros(20);

/// Prints the time of a call by the bare engine: a new store and instance, and a function without
/// data.
fn bare() -> Result<(), Failure> {
    let text = format!("(module {COMMON} {EMPTY})");
    let component = pack(text.as_bytes(), Interface::V0_2, World::RequestHook)?;
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

/// Returns the times of the hook of a plugin.
async fn hooks(bench: &Bench, plugin: &str) -> Result<Vec<Duration>, Failure> {
    bench.load_written(plugin).await?;
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
    bench.plugins.unload(plugin).await?;
    Ok(times)
}

/// Returns the mean time of a point without hooks.
async fn idle(bench: &Bench) -> Result<Duration, Failure> {
    let begun = Instant::now();
    for _ in 0..IDLE_CALLS {
        bench
            .plugins
            .run_hooks(HookPoint::BeforeData, HookCall::new())
            .await?;
    }
    Ok(begun.elapsed() / IDLE_CALLS)
}

pub(crate) async fn calls(bench: &Bench) -> Result<(), Failure> {
    idle(bench).await?;
    let mean = idle(bench).await?;
    println!("point before the first plugin: {mean:?}");
    let is_met = mean <= MAX_IDLE;
    goal("point before the first plugin at most 20 ns", is_met);
    bare()?;
    bench.write("empty", &hook("before_biz"), EMPTY, World::RequestHook)?;
    let p50 = print("empty hook", hooks(bench, "empty").await?);
    goal("p50 of an empty hook at most 15 µs", p50 <= MAX_HOOK);
    bench.write_large("large", &hook("before_biz"), EMPTY)?;
    print("empty hook with 1.1 MiB", hooks(bench, "large").await?);
    let mean = idle(bench).await?;
    println!("point without hooks of plugins: {mean:?}");
    let is_met = mean <= MAX_IDLE;
    goal("point without hooks of plugins at most 20 ns", is_met);

    bench
        .load("allow", "", ALLOW, World::PolicyDecision)
        .await?;
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
    let p50 = print("decision with 200 bytes", times);
    goal("p50 of a decision at most 20 µs", p50 <= MAX_DECISION);
    Ok(bench.plugins.unload("allow").await?)
}
