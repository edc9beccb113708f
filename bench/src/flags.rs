//! Evaluations of feature flags, against the `open-feature` crate around a constant provider.

use std::{
    hint::black_box,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use open_feature::{
    EvaluationContext, EvaluationResult, OpenFeature, StructValue,
    provider::{FeatureProvider, ProviderMetadata, ResolutionDetails},
};
use seaworthy_flags::{Bucketing, Compiler, Context, Flag, Flags, Strictness};
use serde_json::{Value, json};

use crate::Failure;

/// Evaluations between two reads of the clock.
const BATCH: u32 = 10_000;
const RELOADED: u32 = 5_000;

/// A provider that always answers `true`, so that the client alone is measured.
struct Constant(ProviderMetadata);

#[async_trait]
impl FeatureProvider for Constant {
    fn metadata(&self) -> &ProviderMetadata {
        &self.0
    }

    async fn resolve_bool_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        Ok(ResolutionDetails::new(true))
    }

    async fn resolve_int_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        Ok(ResolutionDetails::new(1))
    }

    async fn resolve_float_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        Ok(ResolutionDetails::new(1.0))
    }

    async fn resolve_string_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        Ok(ResolutionDetails::new("a"))
    }

    async fn resolve_struct_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        Ok(ResolutionDetails::new(StructValue::default()))
    }
}

pub(crate) fn run(rounds: u32) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(measure(rounds))
}

async fn measure(rounds: u32) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "nanoseconds per evaluation, minima of {rounds} rounds\n"
    )?;
    let flags = Flags::new(Context::new());
    let set = compile(json!({
        "static": flag(&json!(null)),
        "split": flag(&json!({"fractional": [["on", 30], ["off", 70]]})),
        "rule": flag(&json!({"if": [{"in": [{"var": "plan"}, ["team", "pro"]]}, "on", null]})),
    }))?;
    flags.replace(set).map_err(|errors| format!("{errors:?}"))?;
    let user = Context::new()
        .targeting_key("user-4711")
        .with("plan", "team");
    for (name, limit) in [("static", "25"), ("split", "150"), ("rule", "300")] {
        let toggle = flags.declare(Flag::boolean(name, false))?;
        let took = fastest(rounds, || {
            black_box(toggle.get_with(black_box(&user)));
        });
        writeln!(out, "{name:<24} {took:>10.1}   (goal {limit})")?;
    }
    let mut open_feature = OpenFeature::singleton_mut().await;
    let provider = Constant(ProviderMetadata::new("constant"));
    open_feature.set_provider(provider).await;
    let client = open_feature.create_client();
    drop(open_feature);
    let context = EvaluationContext::default().with_targeting_key("user-4711");
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let begun = Instant::now();
        for _ in 0..BATCH {
            let value = client.get_bool_value("static", Some(black_box(&context)), None);
            let _ = black_box(value.await);
        }
        best = best.min(begun.elapsed());
    }
    let took = best.as_secs_f64() * 1e9 / f64::from(BATCH);
    writeln!(out, "{:<24} {took:>10.1}", "open-feature, constant")?;
    let many = (0..RELOADED).map(|number| {
        let rule = json!({"if": [{"in": [{"var": "plan"}, ["team"]]}, "on", null]});
        (format!("flag-{number}"), flag(&rule))
    });
    let many = Value::Object(many.collect());
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let document = many.clone();
        let begun = Instant::now();
        let set = compile(document)?;
        flags.replace(set).map_err(|errors| format!("{errors:?}"))?;
        best = best.min(begun.elapsed());
    }
    writeln!(out, "\nreload of {RELOADED} flags: {best:.1?} (goal 50 ms)")?;
    Ok(())
}

fn flag(targeting: &Value) -> Value {
    json!({
        "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
        "targeting": targeting,
    })
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
