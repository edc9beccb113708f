//! The workloads have no NetworkPolicy.

use crate::model::facts::Manifest;
use crate::model::{Model, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-3.network-policy",
        title: "The workloads have no NetworkPolicy",
        severity: Severity::Info,
        category: Category::Operations,
        meaning: "The repository deploys workloads that serve requests to Kubernetes, and contains no `NetworkPolicy` (or Cilium or Istio policy). Severity info, because another repository may contain it.",
        why: "An attacker in one pod can reach every database of the cluster.",
        fix: &[(
            "any",
            "Deny traffic by default, and allow named callers with one `NetworkPolicy` per service.",
        )],
        references: &["https://kubernetes.io/docs/concepts/services-networking/network-policies/"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    const POLICIES: &[&str] = &[
        "NetworkPolicy",
        "CiliumNetworkPolicy",
        "AuthorizationPolicy",
        "GlobalNetworkPolicy",
    ];
    let deployed = |found: &&crate::model::FileFacts| found.file.role.is_deployed();
    let manifests: Vec<_> = model
        .files
        .values()
        .filter(deployed)
        .flat_map(|found| found.facts.of::<Manifest>().items.clone())
        .collect();
    if let Some(policy) = manifests
        .iter()
        .find(|manifest| POLICIES.contains(&manifest.kind.as_str()))
    {
        return vec![Outcome::passed("a network policy exists", Some(&policy.at))];
    }
    let serving = model
        .services
        .iter()
        .flat_map(|service| {
            // A manifest may leave out the ports of a container that a Service selects.
            let serves = service.kind == ServiceKind::Server;
            service.workloads.iter().map(move |own| (own, serves))
        })
        .find(|(workload, serves)| {
            *serves
                || workload
                    .containers
                    .iter()
                    .any(|container| !container.ports.is_empty())
        })
        .map(|(workload, _)| workload);
    serving
        .map(|workload| {
            Breach::new(
                workload.at.clone(),
                Confidence::Low,
                "no manifest of the repository restricts traffic to its pods",
            )
            .absence()
            .into()
        })
        .into_iter()
        .collect()
}
