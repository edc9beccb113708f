//! The facts of each framework: routes, addresses, time limits, and the stop.
//!
//! `fixtures/frameworks/` has one small service for each framework. Snapshots next to this file
//! contain the facts.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use seaworthy_audit::model::facts::{
    Drain, Import, Listener, Mount, Observation, Practice, Route, Server, SignalHandling,
};
use seaworthy_audit::model::{Resolution, Service};
use seaworthy_audit::{AuditConfig, build_model};

/// Every framework that the auditor claims to know.
const FRAMEWORKS: [&str; 18] = [
    "actix",
    "axum",
    "chi",
    "django",
    "echo",
    "express",
    "fastapi",
    "fastify",
    "flask",
    "gin",
    "go-zero",
    "grpc-go",
    "koa",
    "kratos",
    "nest",
    "net-http",
    "spring-boot",
    "tonic",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/frameworks")
}

fn shown<T: Debug + std::fmt::Display>(value: &Resolution<T>) -> String {
    match value {
        Resolution::Known(value) => value.to_string(),
        Resolution::Absent => "-".to_owned(),
        Resolution::Unknown(_) => "?".to_owned(),
    }
}

fn facts(service: &Service) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for route in &service.facts.of::<Route>().items {
        lines.insert(format!("route {} {}", route.method, shown(&route.path)));
    }
    for mount in &service.facts.of::<Mount>().items {
        lines.insert(format!("mount {}", shown(&mount.prefix)));
    }
    if service
        .facts
        .of::<Import>()
        .items
        .iter()
        .any(|import| import.path.contains("grpc/health") || import.path.contains("tonic_health"))
    {
        lines.insert("route gRPC health service".to_owned());
    }
    for listener in &service.facts.of::<Listener>().items {
        lines.insert(format!(
            "listen {}:{}",
            shown(&listener.host),
            shown(&listener.port)
        ));
    }
    for server in &service.facts.of::<Server>().items {
        if server.stops_by_itself {
            lines.insert(format!("stop by itself: {}", server.framework));
        } else {
            lines.insert(format!("serve {}", server.framework));
        }
    }
    let signals = service.facts.of::<SignalHandling>();
    for signal in &signals.items {
        lines.insert(format!("stop at signal {}", signal.signals.join(" ")));
    }
    for drain in &service.facts.of::<Drain>().items {
        lines.insert(format!("stop within {} s", shown(&drain.seconds)));
    }
    if signals.items.is_empty() && signals.covered && signals.gaps.is_empty() {
        lines.insert("stop: no signal is waited for".to_owned());
    }
    for observation in &service.facts.of::<Observation>().items {
        if observation.practice == Practice::ServerTimeouts {
            lines.insert(format!(
                "time limits {:?}: {}",
                observation.verdict, observation.evidence
            ));
        }
    }
    lines
}

#[test]
fn reads_routes_addresses_timeouts_and_stop_of_frameworks() {
    for framework in FRAMEWORKS {
        let (model, incomplete) =
            build_model(&folder().join(framework), &AuditConfig::default()).unwrap();
        assert!(incomplete.is_empty(), "{framework}: {incomplete:?}");
        let [service] = model.services.as_slice() else {
            panic!("{framework} is one service, not {:?}", model.services.len());
        };
        let lines = facts(service);
        // Uvicorn has no bound on slow requests: there is nothing to read.
        let unbounded = framework == "django";
        for kind in ["route ", "listen ", "stop", "time limits "] {
            let there = lines.iter().any(|line| line.starts_with(kind));
            assert!(
                there || (unbounded && kind == "time limits "),
                "{framework}: no `{kind}` in {lines:#?}"
            );
        }
        let text = lines.into_iter().collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(framework, text);
    }
}

#[test]
fn every_fixture_is_a_framework_of_the_list() {
    let mut folders: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, FRAMEWORKS);
}
