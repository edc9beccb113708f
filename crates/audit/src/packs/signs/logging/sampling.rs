//! Traces of every request.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const EVERY: &str = "every request is traced (`{}`)";

const fn every(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::Sampling, files, pattern, "", EVERY)
}

pub(super) const SIGNS: &[Sign] = &[
    every(
        &[".yml", ".yaml", ".properties"],
        r"(?m)(?:\bsampling[^\n]*\n\s*|\bsampling\.|\bsampler[^\n]*\n\s*|\bsampler\.)(?P<what>probability\s*[:=]\s*1(?:\.0)?)\s*$",
    ),
    every(
        &[".yml", ".yaml", ".env", "dockerfile"],
        r#"(?P<what>OTEL_TRACES_SAMPLER["']?\s*[:=]\s*["']?(?:parentbased_)?always_on)\b"#,
    ),
    every(
        GO,
        r"(?P<what>\bAlwaysSample\(\)|\bTraceIDRatioBased\(\s*1(?:\.0*)?\s*\)|jaeger\.SamplerTypeConst\b[^}]*?Param:\s*1\b)",
    ),
    every(
        SCRIPT,
        r"(?P<what>\bnew (?:AlwaysOnSampler\(\)|TraceIdRatioBasedSampler\(\s*1(?:\.0*)?\s*\)))",
    ),
    every(PYTHON, r"(?P<what>\bsampl\w*\.ALWAYS_ON|\bALWAYS_ON\b)"),
];
