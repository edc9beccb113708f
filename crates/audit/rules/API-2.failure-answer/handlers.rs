//! Handlers of all failures that do not know the failures of clients.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model, Service};
use crate::repository::Role;
use crate::rule::{Breach, Outcome};

/// A framework whose handler of all failures answers 500.
struct Framework {
    /// Suffixes of paths.
    ends: &'static [&'static str],
    /// Words of a service that calls others through clients of the framework.
    clients: &'static [&'static str],
    /// The handler of all failures.
    handler: &'static str,
    /// Words of code that reads the status of a failed call.
    statuses: &'static [&'static str],
}

const FRAMEWORKS: &[Framework] = &[
    Framework {
        ends: &[".ts"],
        clients: &["ClientGrpc", "ClientProxy", "ClientKafka"],
        handler: r"@Catch\(\s*\)[\s\S]*?instanceof (?P<what>HttpException)\b[\s\S]*",
        statuses: &[
            "RpcException",
            "grpc-js",
            "exception.code",
            "error.code",
            "GrpcStatus",
            "statusCode ??",
            "catchError",
        ],
    },
    Framework {
        ends: &[".java", ".kt"],
        clients: &["@FeignClient"],
        handler: r"@ExceptionHandler\(\s*(?:value\s*=\s*)?\{?\s*(?P<what>(?:Exception|Throwable|RuntimeException)(?:\.class|::class))",
        statuses: &["FeignException", "ErrorDecoder", "fallback"],
    },
];

static PATTERNS: LazyLock<Vec<(&Framework, Regex)>> = LazyLock::new(|| {
    FRAMEWORKS
        .iter()
        .filter_map(|framework| Some((framework, Regex::new(framework.handler).ok()?)))
        .collect()
});

/// One outcome for each handler of a service that answers the failures of its clients with 500.
pub(super) fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let files: Vec<&FileFacts> = model
        .files_of(service)
        .filter(|found| found.file.role == Role::Production)
        .collect();
    PATTERNS
        .iter()
        .flat_map(|(framework, pattern)| {
            let own: Vec<&FileFacts> = files
                .iter()
                .copied()
                .filter(|found| {
                    framework
                        .ends
                        .iter()
                        .any(|end| found.file.path.ends_with(end))
                })
                .collect();
            let names = |words: &[&str]| {
                own.iter()
                    .any(|found| words.iter().any(|word| found.file.text.contains(word)))
            };
            if !names(framework.clients) || names(framework.statuses) {
                return Vec::new();
            }
            own.iter()
                .filter_map(|found| unknown(found, pattern))
                .collect()
        })
        .collect()
}

fn unknown(found: &FileFacts, pattern: &Regex) -> Option<Outcome> {
    let at = pattern.captures(&found.file.text)?.name("what")?;
    let at = found.file.location(at.range(), None);
    let evidence = "the handler answers each failure of another service with 500, also a missing record and an outage";
    Some(Breach::review(at, evidence.to_owned()).into())
}
