//! The server does not stop gracefully on SIGTERM.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::facts::{Blocking, Server, SignalHandling};
use crate::model::{Model, Resolution, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, texts_contain,
};
use crate::source::Located;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.signal-handling",
        title: "The server does not stop gracefully on SIGTERM",
        severity: Severity::High,
        category: Category::Lifecycle,
        meaning: "The service starts a server, its framework does not handle SIGTERM, and the code does not wait for a signal. A wait for SIGINT only has low confidence. So does Spring Boot before 3.4 without `server.shutdown: graceful`.",
        why: "Each deployment, scale-down and node drain aborts requests. Clients see connection resets, and work stays incomplete.",
        fix: &[
            (
                "Go",
                "`ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)`, wait for `ctx.Done()`, then `server.Shutdown` with a fresh context of some seconds.",
            ),
            (
                "JavaScript",
                "`process.once(\"SIGTERM\", () => server.close(() => process.exit(0)))`, with readiness turned off first and a timer that ends it.",
            ),
            (
                "TypeScript",
                "`process.once(\"SIGTERM\", () => server.close(() => process.exit(0)))`, with readiness turned off first and a timer that ends it.",
            ),
            (
                "any",
                "Wait for SIGTERM. Turn readiness off, stop accepting, finish open requests, close pools, and exit with 0 within the grace period.",
            ),
        ],
        references: &[
            "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
            "https://pkg.go.dev/net/http#Server.Shutdown",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let servers = service.facts.of::<Server>();
    let Some(server) = servers.deployed().next() else {
        return Vec::new();
    };
    if let Some(server) = servers.deployed().find(|server| server.stops_by_itself) {
        return vec![Outcome::passed(
            format!("{} handles SIGTERM", server.framework),
            Some(&server.at),
        )];
    }
    if server.framework == "Spring Boot"
        && let Some(outcome) = abrupt(model, service, server)
    {
        return vec![outcome];
    }
    match service.facts.of::<SignalHandling>().find(|handler| {
        handler.signals.is_empty() || handler.signals.iter().any(|signal| stops(signal))
    }) {
        Resolution::Known(handler) => vec![Outcome::passed(
            "the service waits for a signal",
            Some(&handler.at),
        )],
        Resolution::Unknown(reason) => vec![Outcome::unknown(reason)],
        Resolution::Absent => {
            let handlers = service.facts.of::<SignalHandling>();
            let interrupt = handlers.deployed().find(|handler| {
                handler
                    .signals
                    .iter()
                    .any(|signal| !signal.ends_with("SIGHUP"))
            });
            if let Some(handler) = interrupt {
                return vec![interrupt_only(model, handler)];
            }
            let evidence = format!(
                "{} is started here, and no file of the service handles a signal",
                server.framework
            );
            vec![
                Breach::new(server.at.clone(), Confidence::Medium, evidence)
                    .related(
                        service
                            .facts
                            .of::<Blocking>()
                            .deployed()
                            .map(|wait| wait.at.clone()),
                    )
                    .absence()
                    .into(),
            ]
        }
    }
}

/// Whether a signal may be the one that stops a container.
fn stops(signal: &str) -> bool {
    !["SIGHUP", "SIGINT", "Interrupt"]
        .iter()
        .any(|other| signal.ends_with(other))
}

/// The outcome of a service that only waits for the interrupt of a terminal.
fn interrupt_only(model: &Model, handler: &Located<SignalHandling>) -> Outcome {
    let sent = model.files.values().any(|found| {
        ["STOPSIGNAL", "stop_signal"]
            .iter()
            .any(|word| found.file.text.contains(word))
    });
    if sent {
        return Outcome::unknown("the container runtime sends another signal than SIGTERM");
    }
    Breach::review(
        handler.at.clone(),
        "the service waits for the interrupt of a terminal, and not for SIGTERM",
    )
    .into()
}

static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:spring-boot-starter-parent</artifactId>\s*<version>|spring-boot-dependencies(?:</artifactId>\s*<version>|:)|org\.springframework\.boot['\x22]\)?\s*version\s*['\x22]|spring-boot-gradle-plugin:)(?P<major>\d+)\.(?P<minor>\d+)").ok()
});

/// Whether a build file in the folder applies to the sources in another folder.
fn is_at_or_above(folder: &str, root: &str) -> bool {
    folder.is_empty()
        || root
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A finding to review if the version of Spring Boot is before 3.4, from which on a graceful stop is
/// the default, and no file of the service turns it on.
fn abrupt(model: &Model, service: &Service, server: &Located<Server>) -> Option<Outcome> {
    let pattern = VERSION.as_ref()?;
    let old = model.files.values().any(|found| {
        let build = ["pom.xml", "build.gradle", "build.gradle.kts"].contains(&found.file.name());
        build
            && service
                .root
                .as_deref()
                .is_some_and(|root| is_at_or_above(found.file.folder(), root))
            && pattern.captures(&found.file.text).is_some_and(|version| {
                let number = |name| -> Option<u32> { version.name(name)?.as_str().parse().ok() };
                let (major, minor) = (number("major"), number("minor"));
                major.is_some_and(|major| major < 3)
                    || major == Some(3) && minor.is_some_and(|minor| minor < 4)
            })
    });
    if !old || texts_contain(model, service, &["graceful"]) {
        return None;
    }
    let settings = service.files.iter().find_map(|path| {
        let found = model.files.get(path)?;
        let own = found.file.role.is_deployed()
            && [
                "application.yml",
                "application.yaml",
                "application.properties",
            ]
            .contains(&found.file.name());
        own.then(|| found.file.location(0..0, None))
    });
    Some(
        Breach::review(
            settings.unwrap_or_else(|| server.at.clone()),
            "this version of Spring Boot aborts requests at a stop, and `server.shutdown` is not set",
        )
        .severity(Severity::Low)
        .into(),
    )
}
