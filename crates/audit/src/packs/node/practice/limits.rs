//! Bodies, rates and pools of Node.js.

use crate::model::facts::{Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn limits_of(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if matches!(call.method, "rateLimit" | "rateLimiter")
        && code.imports_module("express-rate-limit")
    {
        let fields = call
            .positional(0)
            .and_then(|settings| code.fields(settings));
        let has = |name: &str| {
            fields
                .as_ref()
                .is_some_and(|fields| fields.iter().any(|(key, _)| *key == name))
        };
        if fields.is_some() && !has("store") {
            show(
                code,
                facts,
                call.node,
                Practice::LimiterStore,
                Verdict::LikelyBroken,
                "the limiter counts in the memory of one process",
            );
        } else if has("store") {
            show(
                code,
                facts,
                call.node,
                Practice::LimiterStore,
                Verdict::Kept,
                "the limiter counts in a shared store",
            );
        }
        let skip = fields.as_ref().and_then(|fields| {
            fields
                .iter()
                .find(|(key, _)| *key == "skip")
                .map(|(_, value)| code.text(*value))
        });
        if skip.is_some_and(|skip| mentions(skip, &["node_env", "production"])) {
            show(
                code,
                facts,
                call.node,
                Practice::ConditionalLimit,
                Verdict::Minor,
                "the limiter is active in production only",
            );
        } else {
            show(
                code,
                facts,
                call.node,
                Practice::ConditionalLimit,
                Verdict::Kept,
                "the limiter is active in every environment",
            );
        }
        let key = fields.as_ref().and_then(|fields| {
            fields
                .iter()
                .find(|(key, _)| *key == "keyGenerator")
                .map(|(_, value)| code.text(*value))
        });
        if key.is_some_and(|key| mentions(key, &["x-forwarded-for"])) {
            show(
                code,
                facts,
                call.node,
                Practice::LimiterKey,
                Verdict::LikelyBroken,
                "the limiter takes its key from `X-Forwarded-For`, which clients control",
            );
        } else {
            show(
                code,
                facts,
                call.node,
                Practice::LimiterKey,
                Verdict::Kept,
                "the limiter's key is not a header",
            );
        }
    }
    if matches!(call.method, "json" | "urlencoded" | "raw" | "text")
        && matches!(call.receiver, "express" | "bodyParser")
    {
        let limit = call
            .positional(0)
            .and_then(|settings| code.fields(settings))
            .and_then(|fields| {
                fields
                    .iter()
                    .find(|(key, _)| *key == "limit")
                    .map(|(_, value)| *value)
            });
        match limit.map(|limit| (code.string(limit), code.text(limit))) {
            None => show(
                code,
                facts,
                call.node,
                Practice::UnboundedBody,
                Verdict::Kept,
                "Express limits the body to 100 kB",
            ),
            Some((Resolution::Known(limit), _)) => {
                if let Some(bytes) = bytes(&limit) {
                    facts.add(
                        crate::model::facts::BodyLimit { bytes },
                        code.place(call.node),
                    );
                    show(
                        code,
                        facts,
                        call.node,
                        Practice::UnboundedBody,
                        Verdict::Kept,
                        format!("the body is limited to {limit}"),
                    );
                }
            }
            Some((_, "Infinity")) => show(
                code,
                facts,
                call.node,
                Practice::UnboundedBody,
                Verdict::Broken,
                "the body limit is `Infinity`",
            ),
            Some(_) => {}
        }
    }
    if call.method == "on"
        && matches!(call.receiver, "req" | "request")
        && call
            .positional(0)
            .is_some_and(|event| code.string(event) == Resolution::Known("data".to_owned()))
    {
        let around = code
            .function_around(call.node)
            .map_or("", |function| code.text(function));
        let collects =
            code.text(call.node).contains("+=") || code.text(call.node).contains(".push(");
        let bounded = mentions(
            around,
            &["length >", ".destroy(", "413", "maxsize", "max_", "limit"],
        );
        if collects
            && !bounded
            && code
                .imports
                .iter()
                .any(|import| matches!(import.path, "http" | "node:http" | "https" | "node:https"))
        {
            show(
                code,
                facts,
                call.node,
                Practice::UnboundedBody,
                Verdict::LikelyBroken,
                "the body is collected in memory without a limit",
            );
        }
    }
}

/// `10mb` in bytes, as the `bytes` package reads it.
fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_lowercase();
    let at = lower
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(lower.len());
    let (number, unit) = lower.split_at_checked(at)?;
    let factor: u64 = match unit.trim() {
        "" | "b" => 1,
        "kb" => 1 << 10,
        "mb" => 1 << 20,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}
