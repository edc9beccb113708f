//! The images of the platforms: their bill of materials, and their base images.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::sample::{platforms, repository};

/// A program with C libraries. The bill of materials also lists the crates of the package.
const PROGRAM: &str = "/bin/true";

fn image(folder: &Path, options: &[&str]) -> Output {
    Command::new(repository().join("scripts/image"))
        .arg(PROGRAM)
        .arg(folder)
        .args(options)
        .current_dir(repository())
        .env("IMAGE_COMPRESSION", "1")
        .output()
        .unwrap()
}

/// Returns the names of the components of an image with these options.
fn components(options: &[&str]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let image_folder = folder.path().join("image");
    let ended = image(&image_folder, options);
    assert!(ended.status.success(), "{ended:?}");
    let bill = fs::read(image_folder.join("sbom.cdx.json")).unwrap();
    let bill: Value = serde_json::from_slice(&bill).unwrap();
    let components = bill["components"].as_array().unwrap().iter();
    let mut libraries = components.clone().filter(|it| it["purl"].is_string());
    // Scanners find the vulnerabilities of a package by its URL.
    let is_libc = |url: &str| url.starts_with("pkg:deb/debian/libc6@");
    assert!(libraries.any(|it| it["purl"].as_str().is_some_and(is_libc)));
    components
        .map(|component| component["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn bills_of_every_platform_list_the_linked_crates_ship_1() {
    for package in ["city-events-bff", "symbols", "starter", "tutoring-chat"] {
        let names = components(&["--package", package]);
        assert!(names.contains("tokio"), "{package}: {names:?}");
        assert!(names.contains("seaworthy-service"), "{package}: {names:?}");
        assert!(!names.contains("seaworthy-testkit"), "{package}: {names:?}");
        let has_library = names.iter().any(|name| name.contains("libc.so"));
        assert!(has_library, "{package}: {names:?}");
    }
}

#[test]
fn bill_lists_the_crates_of_the_features_ship_1() {
    let package = ["--package", "tutoring-chat"];
    assert!(!components(&package).contains("rdkafka"));
    let with_kafka = [&package[..], &["--features", "kafka"]].concat();
    assert!(components(&with_kafka).contains("rdkafka"));
}

#[test]
fn image_rejects_unknown_options_ship_1() {
    let folder = tempfile::tempdir().unwrap();
    for unknown in ["--feature=kafka", "--feat=kafka", "--label=a=b"] {
        let ended = image(
            &folder.path().join("image"),
            &["--package", "starter", unknown],
        );
        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{unknown}: {error}");
        let name = unknown.split('=').next().unwrap();
        assert!(error.contains(name), "{error}");
    }
}

/// A pipeline passes the digests, because only the registry can return them.
#[test]
fn base_images_are_arguments_of_the_build_ship_1() {
    for deploy in platforms() {
        let file = deploy.join("../Dockerfile");
        let text = fs::read_to_string(&file).unwrap();
        let (arguments, _) = text.split_once("\nFROM ").unwrap();
        let mut bases = text.lines().filter_map(|line| line.strip_prefix("FROM "));
        let is_argument = |base: &str| {
            let name = base.split(' ').next().unwrap();
            let name = name.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
            name.is_some_and(|name| arguments.contains(&format!("\nARG {name}=")))
        };
        assert!(bases.all(is_argument), "{}", file.display());
    }
}
