use seaworthy_facts::Facts;

use super::object;
use crate::{
    Files, HEADER,
    yaml::{Yaml, list, map},
};

/// An overlay that the command writes only if it is missing.
pub(crate) const OVERLAY: &str = "\
# Your changes: namespace, images, replicas and patches. `seaworthy deploy render` does not touch
# this file once it exists.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../base]
# namespace: production
# images:
#   - {name: SERVICE, newName: registry.example.org/SERVICE, digest: \"sha256:…\"}
";

/// Adds the base of all services.
pub(crate) fn render_platform(services: &[Facts], files: &mut Files) {
    if services.is_empty() {
        return;
    }
    let folders = services.iter().map(|facts| facts.name.as_str().into());
    let kustomization = map([
        ("apiVersion", "kustomize.config.k8s.io/v1beta1".into()),
        ("kind", "Kustomization".into()),
        (
            "resources",
            list(["default-deny.yaml".into()].into_iter().chain(folders)),
        ),
    ]);
    files.insert(
        "kubernetes/base/kustomization.yaml".to_owned(),
        kustomization.document(HEADER),
    );
    let spec = map([
        ("podSelector", map([])),
        ("policyTypes", list(["Ingress".into(), "Egress".into()])),
    ]);
    let deny: Yaml = object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "default-deny",
        "default-deny",
        vec![("spec", spec)],
    );
    files.insert(
        "kubernetes/base/default-deny.yaml".to_owned(),
        deny.document(HEADER),
    );
}
