//! The output folder.

use std::fs;

use seaworthy_deploy::{Overlay, differences, read_overlay, render, write};

use crate::sample::join;

#[test]
fn edits_of_overlays_survive_a_second_run_ship_3() {
    let folder = tempfile::tempdir().unwrap();
    let files = render(&[join()], &Overlay::default()).unwrap();
    write(folder.path(), &files).unwrap();
    let overlay = folder.path().join("overlay.toml");
    fs::write(&overlay, "[alerts.OutboxOld]\nthreshold = 77.0\n").unwrap();
    let patch = folder
        .path()
        .join("kubernetes/overlays/production/kustomization.yaml");
    fs::write(&patch, "resources: [../../base]\nnamespace: shop\n").unwrap();

    let overlay = read_overlay(folder.path()).unwrap();
    let files = render(&[join()], &overlay).unwrap();
    let changed = differences(folder.path(), &files).unwrap();
    assert_eq!(
        changed,
        [
            "kubernetes/base/join-service/rules.yaml",
            "prometheus/join-service.rules.yaml",
            "prometheus/join-service.test.yaml",
            "runbooks/outbox-old.md"
        ]
    );
    write(folder.path(), &files).unwrap();
    assert!(differences(folder.path(), &files).unwrap().is_empty());
    assert!(files["prometheus/join-service.rules.yaml"].contains(") > 77'"));
    assert!(
        fs::read_to_string(&patch)
            .unwrap()
            .contains("namespace: shop")
    );
}

#[test]
fn files_of_a_removed_service_are_removed_ship_3() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = join();
    other.name = "other".to_owned();
    let both = render(&[join(), other], &Overlay::default()).unwrap();
    write(folder.path(), &both).unwrap();
    let own = folder.path().join("runbooks/own.md");
    fs::write(&own, "# Written by a person\n").unwrap();
    let one = render(&[join()], &Overlay::default()).unwrap();
    let stale = differences(folder.path(), &one).unwrap();
    assert!(
        stale.contains(&"grafana/other.json".to_owned()),
        "{stale:?}"
    );
    write(folder.path(), &one).unwrap();
    assert!(differences(folder.path(), &one).unwrap().is_empty());
    assert!(!folder.path().join("grafana/other.json").exists());
    assert!(own.exists());
}
