//! Pods that everybody in the cluster may reach.

use crate::model::Model;
use crate::model::facts::Manifest;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-3.network-policy",
        title: "The workloads have no NetworkPolicy",
        severity: Severity::Info,
        category: Category::Operations,
        meaning: "The repository deploys serving workloads to Kubernetes, and no manifest of the kind `NetworkPolicy` (or of Cilium or Istio) is among them. It may be made elsewhere: informative only.",
        why: "Whoever takes one pod reaches every database of the cluster.",
        fix: &[(
            "any",
            "Deny by default and allow named callers: one `NetworkPolicy` for each service.",
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
        return vec![Outcome::passed(
            "a policy says who may call whom",
            Some(&policy.at),
        )];
    }
    let serving = model
        .services
        .iter()
        .flat_map(|service| &service.workloads)
        .find(|workload| {
            workload
                .containers
                .iter()
                .any(|container| !container.ports.is_empty())
        });
    serving
        .map(|workload| {
            Breach::new(
                workload.at.clone(),
                Confidence::Low,
                "no manifest of the repository limits who may reach its pods",
            )
            .absence()
            .into()
        })
        .into_iter()
        .collect()
}
