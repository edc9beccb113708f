//! The manifests, checked by the auditor of this repository and by Kustomize.

use seaworthy_audit::{AuditConfig, audit};
use seaworthy_deploy::{render, write};

use crate::sample::{facts, overlay, platforms};

#[test]
fn audit_finds_nothing_in_the_deployments_ship_3() {
    for deploy in platforms() {
        let folder = tempfile::tempdir().unwrap();
        let files = render(&facts(&deploy), &overlay(&deploy)).unwrap();
        write(&folder.path().join("deploy"), &files).unwrap();
        let report = audit(folder.path(), &AuditConfig::default()).unwrap();
        let findings: Vec<_> = report
            .findings
            .iter()
            .map(|finding| format!("{finding:?}"))
            .collect();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}

#[test]
fn audit_reports_a_weakened_manifest_ship_3() {
    let folder = tempfile::tempdir().unwrap();
    let join = crate::sample::join();
    let mut files = render(&[join], &seaworthy_deploy::Overlay::default()).unwrap();
    let deployment = files
        .get_mut("kubernetes/base/join-service/deployment.yaml")
        .unwrap();
    assert!(deployment.contains("readOnlyRootFilesystem: true"));
    *deployment = deployment.replace("readOnlyRootFilesystem: true", "privileged: true");
    write(&folder.path().join("deploy"), &files).unwrap();
    let report = audit(folder.path(), &AuditConfig::default()).unwrap();
    assert!(!report.findings.is_empty());
}
