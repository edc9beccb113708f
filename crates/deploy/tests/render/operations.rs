//! The operations of the platforms: their commands, Services, policies and migration Jobs.

use seaworthy_deploy::{Files, Overlay, render};
use seaworthy_facts::Facts;

use crate::sample::{facts, join, overlay, platforms};

/// The listeners that the ingress reaches. It does not reach workers, which have no routes.
const PUBLIC: [(&str, &str); 8] = [
    ("bff", "http"),
    ("email-service", "http"),
    ("media-service", "http"),
    ("starter", "grpc"),
    ("starter", "http"),
    ("symbol-service", "grpc"),
    ("symbol-service", "http"),
    ("tutoring-gateway", "http"),
];

/// Returns a file of the Kustomize base of a service.
fn base<'a>(files: &'a Files, service: &str, file: &str) -> &'a str {
    &files[&format!("kubernetes/base/{service}/{file}.yaml")]
}

/// Returns the Service with this name.
fn service<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let metadata = format!("kind: Service\nmetadata: {{name: {name}, ");
    text.split("---\n")
        .find(|object| object.contains(&metadata))
}

/// Without the command, no operator can read or publish the messages of an alert.
#[test]
fn services_have_the_commands_of_their_alerts_ship_4() {
    let mut found = [0, 0];
    for deploy in platforms() {
        for service in facts(&deploy) {
            let name = &service.name;
            if !service.subscriptions.is_empty() {
                found[0] += 1;
                assert!(service.has_command("dead-letters"), "{name}: dead-letters");
            }
            if service.metric("outbox_oldest_message_seconds").is_some() {
                found[1] += 1;
                assert!(service.has_command("outbox"), "{name}: outbox");
            }
        }
    }
    assert!(found[0] > 10 && found[1] > 10, "{found:?}");
}

/// A client keeps one connection per address, and the address of a Service with a cluster IP is
/// that of one pod.
#[test]
fn grpc_listener_has_a_headless_service_ship_3() {
    let files = |facts: Facts| render(&[facts], &Overlay::default()).unwrap();
    let with_grpc = files(join());
    let deployment = base(&with_grpc, "join-service", "deployment");
    let headless = service(deployment, "join-service-grpc").unwrap();
    for line in [
        "  clusterIP: None\n",
        "  publishNotReadyAddresses: false\n",
        "port: 9083, targetPort: grpc",
    ] {
        assert!(headless.contains(line), "{line}: {headless}");
    }
    assert!(!headless.contains("targetPort: http"), "{headless}");
    let mut without = join();
    without.listeners.retain(|listener| listener.name != "grpc");
    let without = files(without);
    let deployment = base(&without, "join-service", "deployment");
    assert!(!deployment.contains("clusterIP: None"), "{deployment}");
}

#[test]
fn ingress_reaches_only_public_services_ship_3() {
    let mut public = Vec::new();
    for deploy in platforms() {
        let platform = facts(&deploy);
        let files = render(&platform, &overlay(&deploy)).unwrap();
        for service in &platform {
            let name = &service.name;
            let policy = base(&files, name, "network");
            // An empty list of sources allows all of them.
            assert!(!policy.contains("from: []"), "{name}: {policy}");
            let (_, ingress) = policy.split_once("\n  ingress:\n").unwrap();
            let (ingress, _) = ingress.split_once("\n  egress:\n").unwrap();
            // Each rule ends with its ports.
            let rules = ingress.split("from:");
            for rule in rules.filter(|rule| rule.contains("seaworthy.dev/ingress")) {
                let reached = |port: u16| rule.contains(&format!("port: {port}}}"));
                let listeners = service.listeners.iter().filter(|it| reached(it.port));
                public.extend(listeners.map(|it| (name.clone(), it.name.clone())));
            }
        }
    }
    public.sort();
    let expected = PUBLIC.map(|(name, listener)| (name.to_owned(), listener.to_owned()));
    assert_eq!(public, expected);
}

#[test]
fn only_prometheus_reaches_a_worker_ship_3() {
    let mut found = 0;
    for deploy in platforms() {
        let platform = facts(&deploy);
        let files = render(&platform, &overlay(&deploy)).unwrap();
        let workers = platform.iter().filter(|it| it.name.ends_with("-worker"));
        for worker in workers {
            found += 1;
            let policy = base(&files, &worker.name, "network");
            let (_, ingress) = policy.split_once("\n  ingress:\n").unwrap();
            let (ingress, _) = ingress.split_once("\n  egress:\n").unwrap();
            let admin = worker.listener("admin").unwrap().port;
            assert_eq!(ingress.matches("port:").count(), 1, "{ingress}");
            assert!(ingress.contains(&format!("port: {admin}")), "{ingress}");
            assert!(ingress.contains("seaworthy.dev/monitoring"), "{ingress}");
        }
    }
    assert_eq!(found, 2);
}

#[test]
fn unknown_public_service_is_rejected_ship_3() {
    let overlay = Overlay::read("public = [\"joins\"]").unwrap();
    let error = render(&[join()], &overlay).unwrap_err().to_string();
    assert!(
        error.contains("joins") && error.contains("join-service"),
        "{error}"
    );
}

/// Another listener has no port in the manifests, no probe and no policy.
#[test]
fn every_listener_in_the_settings_has_facts_ship_3() {
    let mut found = 0;
    for deploy in platforms() {
        for service in facts(&deploy) {
            let addresses = service
                .values
                .iter()
                .filter(|(key, value)| key.ends_with(".addr") && value.is_string());
            for (key, value) in addresses {
                found += 1;
                let mut listeners = service.listeners.iter();
                let is_known = listeners.any(|listener| listener.setting == *key);
                assert!(is_known, "{}: {key}: {value}", service.name);
            }
        }
    }
    assert!(found > 40, "{found}");
}

/// As a plain object, Argo CD would create a Job again after Kubernetes has removed it.
#[test]
fn argo_cd_runs_migrations_as_a_hook_before_the_pods_ship_3() {
    let files = render(&[join()], &Overlay::default()).unwrap();
    let job = base(&files, "join-service", "migrate");
    let (metadata, _) = job.split_once("\nspec:\n").unwrap();
    for annotation in [
        "argocd.argoproj.io/hook: Sync",
        "argocd.argoproj.io/hook-delete-policy: BeforeHookCreation",
        "argocd.argoproj.io/sync-wave: \"-1\"",
    ] {
        assert!(metadata.contains(annotation), "{annotation}: {metadata}");
    }
    for file in ["prerequisites", "network"] {
        let before = base(&files, "join-service", file);
        assert!(before.contains("sync-wave: \"-2\""), "{before}");
    }
    // Objects of the first wave are not hooks, because a sync would delete them.
    let hooks = files
        .values()
        .filter(|text| text.contains("argoproj.io/hook"));
    assert_eq!(hooks.count(), 1);
}
