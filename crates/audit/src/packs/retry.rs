//! Retries of well-known libraries, whose defaults decide: some wait longer each time, some do not
//! wait at all.

use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "retries",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Python,
        ],
        read,
    ),
}];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        let found = match code.file.language {
            Language::Go => go(code, call),
            Language::Python => python(code, call),
            _ => javascript(code, call),
        };
        if let Some((verdict, evidence)) = found {
            show(
                code,
                facts,
                call.node,
                Practice::RetryDelay,
                verdict,
                evidence,
            );
        }
    }
    if code.file.language == Language::Python && code.imports_module("tenacity") {
        bare_decorators(code, facts);
    }
}

fn go(code: &Code<'_>, call: &Call<'_>) -> Option<(Verdict, &'static str)> {
    let backoff = code
        .imports
        .iter()
        .any(|import| import.path.starts_with("github.com/cenkalti/backoff"));
    match (call.receiver, call.method) {
        ("backoff", "NewExponentialBackOff") if backoff => {
            Some((Verdict::Kept, "the retries use exponential backoff"))
        }
        ("retryablehttp", "NewClient") => {
            Some((Verdict::Kept, "the retries use exponential backoff"))
        }
        ("retry", "FixedDelay" | "Delay")
            if code.imports_module("github.com/avast/retry-go")
                && call
                    .positional(0)
                    .is_some_and(|delay| code.text(delay) == "0") =>
        {
            Some((Verdict::Broken, "the retry delay is 0"))
        }
        ("retry", "Do") if code.imports_module("github.com/avast/retry-go") => Some((
            Verdict::Kept,
            "the retries use exponential backoff with jitter",
        )),
        _ => None,
    }
}

/// By default, tenacity retries without a delay and a limit.
fn python(code: &Code<'_>, call: &Call<'_>) -> Option<(Verdict, &'static str)> {
    let retries = matches!(call.method, "retry" | "Retrying" | "AsyncRetrying")
        && matches!(call.receiver, "" | "tenacity")
        && code.imports_module("tenacity");
    if !retries {
        return None;
    }
    let has = |name: &str| call.keyword(name).is_some();
    Some(match (has("stop"), has("wait")) {
        (true, true) => (
            Verdict::Kept,
            "the tenacity retries have a backoff and a limit",
        ),
        (true, false) => (
            Verdict::Broken,
            "tenacity retries without a delay, because `wait` is not set",
        ),
        // A condition may end it, or the caller's deadline.
        (false, true) => (
            Verdict::Minor,
            "tenacity retries without a limit, because `stop` is not set",
        ),
        (false, false) => (
            Verdict::Broken,
            "tenacity retries without a delay and a limit, because neither `wait` nor `stop` is set",
        ),
    })
}

/// `@retry` without brackets.
fn bare_decorators(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for decorator in code.find_all(code.root, &["decorator"]) {
        if matches!(code.text(decorator).trim(), "@retry" | "@tenacity.retry") {
            show(
                code,
                facts,
                decorator,
                Practice::RetryDelay,
                Verdict::Broken,
                "tenacity's `@retry` without arguments retries without a delay and a limit",
            );
        }
    }
}

/// By default, axios-retry does not wait.
fn javascript(code: &Code<'_>, call: &Call<'_>) -> Option<(Verdict, &'static str)> {
    if !matches!(call.method, "axiosRetry" | "default") || !code.imports_module("axios-retry") {
        return None;
    }
    let Some(settings) = call.positional(1) else {
        return Some((
            Verdict::Broken,
            "axios-retry retries without a delay, because `retryDelay` is not set",
        ));
    };
    let fields = code.fields(settings)?;
    Some(if fields.iter().any(|(key, _)| *key == "retryDelay") {
        (Verdict::Kept, "axios-retry has a retry delay")
    } else {
        (
            Verdict::Broken,
            "axios-retry retries without a delay, because `retryDelay` is not set",
        )
    })
}
