//! Evaluations of feature flags, against flagd's evaluator for Node.js and crate `open-feature`.

use std::{
    hint::black_box,
    io::{self, Write},
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use open_feature::{EvaluationContext, OpenFeature, provider::NoOpProvider};
use seaworthy_flags::{
    Bucketing, Compiler, Context, Flag, Flags, OpenFeatureProvider, Strictness, Toggle,
};
use serde_json::{Value, json};

use crate::Failure;

/// Number of evaluations between two reads of the clock.
const BATCH: u32 = 10_000;
const RELOADED: u32 = 5_000;
/// Maximum number of reloads. Reloads are slow, and the fastest of a few suffices.
const MAX_RELOADS: u32 = 10;

pub(crate) fn run(rounds: u32, node_modules: Option<&Path>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "nanoseconds per evaluation, minima of {rounds} rounds\n"
    )?;
    let flags = Flags::new(Context::new());
    flags
        .replace(compile(document())?)
        .map_err(|errors| format!("{errors:?}"))?;
    let user = Context::new()
        .targeting_key("user-4711")
        .with("plan", "team");
    for (name, goal) in [("static", "25"), ("split", "150"), ("rule", "300")] {
        let toggle = flags.declare(Flag::boolean(name, false))?;
        let took = fastest(rounds, || {
            black_box(toggle.get_with(black_box(&user)));
        });
        writeln!(out, "{name:<28} {took:>10.1}   (goal {goal})")?;
    }
    if let Some(folder) = node_modules {
        measure_flagd(&mut out, rounds, folder)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(measure_open_feature(&mut out, rounds, &flags))?;
    let toggle = flags.declare(Flag::boolean("static", false))?;
    measure_reload(&mut out, rounds.min(MAX_RELOADS), &flags, &toggle)
}

/// Measures the same flags in flagd's evaluator.
fn measure_flagd(out: &mut impl Write, rounds: u32, modules: &Path) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let flags = folder.path().join("flags.json");
    std::fs::write(&flags, json!({ "flags": document() }).to_string())?;
    let script = folder.path().join("flagd.mjs");
    std::fs::write(&script, include_str!("flagd.mjs"))?;
    let measured = Command::new("node")
        .arg(script)
        .arg(flags)
        .arg(rounds.to_string())
        .env("NODE_MODULES", modules)
        .output()?;
    let text = String::from_utf8(measured.stdout)?;
    for line in text.lines() {
        let (name, took) = line.split_once(' ').unwrap_or((line, "0"));
        let took: f64 = took.parse()?;
        writeln!(
            out,
            "{:<28} {took:>10.1}",
            format!("{name}, flagd for Node.js")
        )?;
    }
    Ok(())
}

/// Measures the client of the crate, with a no-op provider and with the provider of the flags.
async fn measure_open_feature(
    out: &mut impl Write,
    rounds: u32,
    flags: &Flags,
) -> Result<(), Failure> {
    let context = EvaluationContext::default()
        .with_targeting_key("user-4711")
        .with_custom_field("plan", "team");
    for (name, key) in [
        ("open-feature, no provider", "static"),
        ("static, open-feature", "static"),
        ("split, open-feature", "split"),
    ] {
        let mut api = OpenFeature::default();
        if name.ends_with("no provider") {
            api.set_provider(NoOpProvider::default()).await;
        } else {
            api.set_provider(OpenFeatureProvider::new(flags)).await;
        }
        let client = api.create_client();
        let mut best = Duration::MAX;
        for _ in 0..rounds {
            let begun = Instant::now();
            for _ in 0..BATCH {
                let value = client.get_bool_value(key, Some(black_box(&context)), None);
                let _ = black_box(value.await);
            }
            best = best.min(begun.elapsed());
        }
        let took = best.as_secs_f64() * 1e9 / f64::from(BATCH);
        writeln!(out, "{name:<28} {took:>10.1}")?;
    }
    Ok(())
}

/// Reloads all flags while another thread evaluates.
fn measure_reload(
    out: &mut impl Write,
    rounds: u32,
    flags: &Flags,
    toggle: &Toggle<bool>,
) -> Result<(), Failure> {
    let many = (0..RELOADED).map(|number| {
        let rule = json!({"if": [{"in": [{"var": "plan"}, ["team"]]}, "on", null]});
        (format!("flag-{number}"), flag(&rule))
    });
    let many = Value::Object(many.collect());
    let (ended, evaluated) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let evaluating = thread::spawn({
        let (toggle, ended, evaluated) = (toggle.clone(), ended.clone(), evaluated.clone());
        move || {
            while !ended.load(Ordering::Relaxed) {
                for _ in 0..BATCH {
                    black_box(toggle.get());
                }
                evaluated.fetch_add(u64::from(BATCH), Ordering::Relaxed);
            }
        }
    });
    let (mut best, mut meanwhile) = (Duration::MAX, 0);
    for _ in 0..rounds {
        let document = many.clone();
        let before = evaluated.load(Ordering::Relaxed);
        let begun = Instant::now();
        let set = compile(document)?;
        flags.replace(set).map_err(|errors| format!("{errors:?}"))?;
        let took = begun.elapsed();
        if took < best {
            best = took;
            meanwhile = evaluated.load(Ordering::Relaxed) - before;
        }
    }
    ended.store(true, Ordering::Relaxed);
    let _ = evaluating.join();
    writeln!(
        out,
        "\nreload of {RELOADED} flags: {best:.1?} (goal 50 ms), with {meanwhile} evaluations meanwhile"
    )?;
    Ok(())
}

fn document() -> Value {
    json!({
        "static": flag(&json!(null)),
        "split": flag(&json!({"fractional": [["on", 30], ["off", 70]]})),
        "rule": flag(&json!({"if": [{"in": [{"var": "plan"}, ["team", "pro"]]}, "on", null]})),
    })
}

fn flag(targeting: &Value) -> Value {
    let mut flag = json!({
        "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
    });
    if let Some(fields) = flag.as_object_mut().filter(|_| !targeting.is_null()) {
        fields.insert("targeting".to_owned(), targeting.clone());
    }
    flag
}

fn compile(flags: Value) -> Result<seaworthy_flags::FlagSet, Failure> {
    let document = json!({ "flags": flags });
    let set = Compiler::new(Bucketing::V3).compile(document, Strictness::Strict);
    set.map_err(|problems| format!("{problems:?}").into())
}

/// Returns the nanoseconds of one call in the fastest round.
fn fastest(rounds: u32, call: impl Fn()) -> f64 {
    let round = || {
        let begun = Instant::now();
        for _ in 0..BATCH {
            call();
        }
        begun.elapsed()
    };
    let best = (0..rounds).map(|_| round()).min().unwrap_or_default();
    best.as_secs_f64() * 1e9 / f64::from(BATCH)
}
