//! The image of the service, assembled and run without a container engine.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use seaworthy_testkit::server::image::PackagedService;
use serde_json::Value;

use super::SECRET;

const JOIN: PackagedService<'_> = PackagedService {
    package: "city-events-join",
    prefix: "JOIN_SERVICE",
    settings: &[
        ("DATABASE__URL", "sqlite:/tmp/join.db"),
        ("DATABASE__MIGRATE_AT_START", "true"),
        ("BROKER__URL", "sqlite:/tmp/broker.db"),
        ("JWT__SECRET", SECRET),
        ("AUDIT_LOG__KEY", SECRET),
    ],
    listeners: &["SERVER__HTTP__ADDR", "SERVER__GRPC__ADDR"],
};

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn image_serves_as_its_user_on_a_read_only_root_ship_1() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-join"));
    let digest = JOIN.assemble(program, &image).unwrap();
    let again = JOIN
        .assemble(program, &folder.path().join("again"))
        .unwrap();
    assert_eq!(digest, again, "the same program gives the same image");

    let bill = json(image.join("sbom.cdx.json"));
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let components = bill["components"].as_array().unwrap().iter();
    let names: BTreeSet<_> = components
        .map(|component| component["name"].as_str().unwrap())
        .collect();
    assert!(names.contains("tokio") && names.contains("seaworthy-outbox"));
    assert!(
        !names.contains("seaworthy-testkit"),
        "it is linked into tests only"
    );
    let provenance = json(image.join("provenance.json"));
    let subject = provenance["subject"][0]["digest"]["sha256"]
        .as_str()
        .unwrap();
    assert_eq!(format!("sha256:{subject}"), digest);

    JOIN.assert_serves(&image).unwrap();
}
