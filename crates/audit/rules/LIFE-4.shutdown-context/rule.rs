//! The shutdown uses a context that is already cancelled.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::facts::Practice;
use crate::model::{Model, Service};
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.shutdown-context",
        title: "The shutdown has no time limit, or uses a context that is already cancelled",
        severity: Severity::High,
        category: Category::Lifecycle,
        meaning: "Go: `Shutdown` gets the context whose cancellation started the stop (`signal.NotifyContext`), or a timeout derived from it. Low confidence: `Shutdown` gets a context without a timeout, the program does not wait for SIGTERM, or the wait is shorter than five seconds. Also low confidence: a stop that waits for its whole timeout after the drain. The same applies to Spring Boot before 3.4 without a graceful shutdown.",
        why: "`Shutdown` returns `context canceled` immediately. The server aborts all open requests.",
        fix: &[
            (
                "Go",
                "`ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)` after the signal, and `server.Shutdown(ctx)`.",
            ),
            ("any", "Use a new context with a timeout for the shutdown."),
        ],
        references: &["https://pkg.go.dev/net/http#Server.Shutdown"],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    observed(service, Practice::ShutdownContext)
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Breach(breach)
                if breach.evidence.contains("`server.shutdown=graceful`")
                    && is_graceful(model, &breach.at.path) =>
            {
                Outcome::passed(
                    "Spring Boot drains requests by default since version 3.4",
                    Some(&breach.at),
                )
            }
            other => other,
        })
        .collect()
}

/// A version of Spring Boot from 3.4 on in a manifest of Maven or Gradle.
static BOOT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:<artifactId>spring-boot-(?:starter-parent|dependencies)</artifactId>\s*<version>|<spring-boot\.version>|org\.springframework\.boot['"]\)?\s+version\s+['"])\s*(?:3\.(?:[4-9]|[1-9]\d)|[4-9]|[1-9]\d)\."#).ok()
});

/// Whether the manifest of a module, or of a parent in a folder above, has such a version.
fn is_graceful(model: &Model, path: &str) -> bool {
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        folder = above;
        if has_version(model, &format!("{folder}/")) {
            return true;
        }
    }
    has_version(model, "")
}

fn has_version(model: &Model, folder: &str) -> bool {
    ["pom.xml", "build.gradle", "build.gradle.kts"]
        .iter()
        .filter_map(|name| model.files.get(format!("{folder}{name}").as_str()))
        .any(|found| {
            BOOT.as_ref()
                .is_some_and(|boot| boot.is_match(&found.file.text))
        })
}
