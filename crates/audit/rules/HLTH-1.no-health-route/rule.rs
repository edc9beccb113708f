//! The service has no health route.

use crate::model::facts::{Import, Mount, Route, Server};
use crate::model::{Model, Resolution, Service, ServiceKind};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, absent_in_texts,
    texts_contain,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-1.no-health-route",
        title: "The service has no health route",
        severity: Severity::Medium,
        category: Category::Health,
        meaning: "The service has an image or a workload, and all its routes are known. None of them has a health path, and it has no gRPC health service. If the routes of a framework cannot be read, the finding has low confidence if no text names a health route, else the result is unknown. Low confidence without an image, and for Spring Boot without Actuator.",
        why: "The orchestrator sees only that the process exists. It does not restart a process that hangs, and it routes traffic to a process that is not ready.",
        fix: &[(
            "any",
            "Serve `/livez` (200 while the process works) and `/readyz` (checks required dependencies) without authentication. Use them in the probes.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(check),
};

/// Routes from which on a server without an image is checked.
const MIN_ROUTES: usize = 4;
const NAMED: &str = "no file of the service mentions a health route";
/// Words of texts that are about health.
const TEXTS: &[&str] = &[
    "health",
    "readyz",
    "livez",
    "readiness",
    "liveness",
    "heartbeat",
    "/ping",
    "\"/status",
    "'/status",
    "`/status",
    "/up\"",
    "/up'",
    "/alive",
    "/ready",
    "actuator",
    "terminus",
];
/// Words of code that uses a database or a broker.
const DEPENDENCIES: &[&str] = &[
    "sql.open(",
    "gorm.open(",
    "pgxpool.",
    "kafka.new",
    "amqp.dial",
    "redis.newclient",
    "mongo.connect",
    "prismaclient",
    "typeorm",
    "mongoose.connect",
    "kafkajs",
    "amqplib",
    "@kafkalistener",
    "@rabbitlistener",
    "streamsbuilder",
    "extends jparepository",
    "extends crudrepository",
];
/// Segments of paths that are about health.
const WORDS: &[&str] = &[
    "live", "livez", "alive", "ping", "status", "up", "readyz", "_status", "statusz",
];
/// Parts of segments that are about health. `deliveries`, `shippings` and `order-status` contain
/// other words.
const PARTS: &[&str] = &["health", "ready", "alive", "liveness", "heartbeat"];

/// A service of Spring Boot whose build names no Actuator, the starter with the health routes.
fn without_actuator(model: &Model, service: &Service) -> Option<Outcome> {
    let builds: Vec<_> = model
        .files
        .values()
        .filter(|found| {
            let file = &found.file;
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            let own = service.files.contains(&file.path) || !file.path.contains('/');
            own && matches!(name, "pom.xml" | "build.gradle" | "build.gradle.kts")
        })
        .collect();
    let spring = builds
        .iter()
        .any(|found| found.file.text.contains("spring-boot"));
    // Some starters of Spring Cloud contain Actuator.
    let health = builds.iter().any(|found| {
        ["actuator", "netflix-hystrix", "eureka-server", "admin"]
            .iter()
            .any(|name| found.file.text.contains(name))
    });
    let servers = service.facts.of::<Server>();
    let server = servers.deployed().next()?;
    (spring && !health && server.framework == "Spring Boot").then(|| {
        let evidence = "no own route is about health, and the build does not contain Actuator";
        Breach::review(server.at.clone(), evidence).absence().into()
    })
}

/// The result if not all routes are known: a finding to review if no text of the service has a word
/// about health.
fn unresolved(model: &Model, service: &Service, reason: String) -> Outcome {
    let at = service
        .facts
        .of::<Server>()
        .deployed()
        .map(|server| server.at.clone())
        .chain(
            service
                .facts
                .of::<Route>()
                .deployed()
                .map(|route| route.at.clone()),
        )
        .next();
    match at {
        Some(at) if !texts_contain(model, service, TEXTS) => {
            Breach::review(at, NAMED).absence().into()
        }
        Some(_) => Outcome::unknown(reason),
        // No pattern shows the server of a language without a grammar.
        None => absent_in_texts(model, service, TEXTS, NAMED)
            .unwrap_or_else(|| Outcome::unknown(reason)),
    }
}

/// Whether a pattern may match a path of health: its first part is a wildcard.
fn is_wide(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    first.is_some_and(|part| part.contains('*'))
}

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let deployed = service
        .image
        .as_ref()
        .is_some_and(|image| image.at.role.is_deployed())
        || !service.workloads.is_empty();
    if service.kind == ServiceKind::Unknown {
        return absent_in_texts(model, service, TEXTS, NAMED)
            .into_iter()
            .collect();
    }
    if service.kind != ServiceKind::Server {
        return Vec::new();
    }
    let routes = service.facts.of::<Route>();
    let grpc = service.facts.of::<Import>().items.iter().any(|import| {
        ["grpc/health", "grpc_health", "grpc-health", "tonic_health"]
            .iter()
            .any(|health| import.path.contains(health))
    });
    // The gRPC server of Kratos serves the health service itself.
    let kratos = service
        .facts
        .of::<Import>()
        .items
        .iter()
        .any(|import| import.path.contains("kratos/v2/transport/grpc"))
        && texts_contain(model, service, &["grpc.NewServer("]);
    if grpc || kratos {
        return vec![Outcome::passed(
            "the gRPC health service is registered",
            None,
        )];
    }
    // A small server without an image may run anywhere, and another program may watch it.
    // Routes of languages that are read as text are not counted.
    let counted = !service
        .languages
        .iter()
        .any(|language| matches!(*language, "PHP" | "Ruby" | "C#"));
    let servers = service.facts.of::<Server>();
    let remote = servers.deployed().any(|server| {
        let framework = server.framework.to_lowercase();
        framework.contains("grpc") || framework.contains("microservice")
    });
    if !deployed && counted && !remote && routes.items.len() < MIN_ROUTES {
        // What it depends on decides whether it can answer.
        let depends = texts_contain(model, service, DEPENDENCIES);
        return depends
            .then(|| absent_in_texts(model, service, TEXTS, NAMED))
            .flatten()
            .into_iter()
            .collect();
    }
    if routes.items.is_empty() {
        return vec![without_actuator(model, service).unwrap_or_else(|| {
            unresolved(
                model,
                service,
                "no route of the service is known".to_owned(),
            )
        })];
    }
    let about = |path: &str| {
        path.to_lowercase()
            .split('/')
            .any(|part| WORDS.contains(&part) || PARTS.iter().any(|word| part.contains(word)))
    };
    // Another file mounts the router, so its routes show no word about health.
    let mounts = service.facts.of::<Mount>();
    if let Some(mount) = mounts
        .deployed()
        .find(|mount| mount.prefix.known().is_some_and(|path| about(path)))
    {
        return vec![Outcome::passed(
            "a router is mounted under a path about health",
            Some(&mount.at),
        )];
    }
    // A path that could not be read may be the one.
    if let Some(route) = routes.items.iter().find(|route| route.path.is_unknown())
        && !routes
            .items
            .iter()
            .any(|route| route.path.known().is_some_and(|path| about(path)))
    {
        let reason = format!(
            "the path of the route at {}:{} is not a literal",
            route.at.path, route.at.line
        );
        // A controller of NestJS may have a decorator of the repository.
        if route.at.path.ends_with("controller.ts") {
            return vec![unresolved(model, service, reason)];
        }
        return vec![Outcome::unknown(reason)];
    }
    match routes.find(|route| route.path.known().is_some_and(|path| about(path))) {
        Resolution::Known(route) => vec![Outcome::passed(
            format!(
                "`{}` is a health route",
                route.path.known().map_or("", String::as_str)
            ),
            Some(&route.at),
        )],
        Resolution::Unknown(reason) => {
            vec![
                without_actuator(model, service)
                    .unwrap_or_else(|| unresolved(model, service, reason)),
            ]
        }
        Resolution::Absent => {
            let wide = routes
                .items
                .iter()
                .find(|route| route.path.known().is_some_and(|path| is_wide(path)));
            match (wide, routes.items.first()) {
                (Some(route), _) => vec![Outcome::unknown(format!(
                    "the route at {}:{} matches many paths",
                    route.at.path, route.at.line
                ))],
                (None, Some(first)) => vec![
                    Breach::new(
                        first.at.clone(),
                        // Without an image, something else may watch the process.
                        if deployed {
                            Confidence::Medium
                        } else {
                            Confidence::Low
                        },
                        format!(
                            "none of the {} routes is a health route",
                            routes.items.len()
                        ),
                    )
                    .absence()
                    .into(),
                ],
                (None, None) => Vec::new(),
            }
        }
    }
}
