//! The images of the platforms: their bill of materials, and their base images.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
};

use seaworthy_facts::Facts;
use seaworthy_testkit::requirement::required;
use serde_json::Value;

use crate::{
    sample::{facts, platforms, repository},
    validators::{accepts, run},
};

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
    component_names(&bill)
}

/// Returns the names of the components of a bill of materials.
fn component_names(bill: &Value) -> BTreeSet<String> {
    let components = bill["components"].as_array().unwrap().iter();
    let mut libraries = components.clone().filter(|it| it["purl"].is_string());
    // Scanners find the vulnerabilities of a package by its URL.
    let is_libc = |url: &str| url.starts_with("pkg:deb/debian/libc6@");
    assert!(libraries.any(|it| it["purl"].as_str().is_some_and(is_libc)));
    components
        .map(|component| component["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Returns the features with which the Dockerfile of a platform builds its programs.
fn features(deploy: &Path) -> String {
    let text = fs::read_to_string(deploy.join("../Dockerfile")).unwrap();
    let mut lines = text.lines();
    let features = lines.find_map(|line| line.strip_prefix("ARG FEATURES="));
    features.unwrap_or_default().to_owned()
}

/// Assembles the images of a platform from a program of the machine, so that no program of the
/// platform has to be built.
fn images(deploy: &Path, folder: &Path) {
    let platform = deploy.parent().unwrap().canonicalize().unwrap();
    let platform = platform.file_name().unwrap();
    let programs = folder.join("programs");
    fs::create_dir(&programs).unwrap();
    for file in fs::read_dir(deploy.join("facts")).unwrap() {
        let service = file.unwrap().path();
        let service = service.file_stem().unwrap().display().to_string();
        for name in [format!("{}-{service}", platform.display()), service] {
            symlink(PROGRAM, programs.join(name)).unwrap();
        }
    }
    let ended = Command::new(repository().join("scripts/images"))
        .args([platform, folder.join("images").as_os_str()])
        .arg("--programs")
        .arg(&programs)
        .args(["--features", &features(deploy)])
        .current_dir(repository())
        .env("IMAGE_COMPRESSION", "1")
        .output()
        .unwrap();
    assert!(ended.status.success(), "{platform:?}: {ended:?}");
}

/// Checks files with the JSON schema of CycloneDX 1.5, which the environment of checkov contains.
const CHECK_BILLS: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
problems = 0
for path in sys.argv[1:]:
    problem = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(path).read())
    if problem is not None:
        print(path, str(problem.data).splitlines()[0])
        problems += 1
sys.exit(problems > 0)
";

/// Checks the bill of materials and the provenance of the image of a service.
fn check_image(image: &Path, facts: &Facts) {
    let json = |path: &str| -> Value {
        serde_json::from_slice(&fs::read(image.join(path)).unwrap()).unwrap()
    };
    let name = &facts.name;
    let bill = json("sbom.cdx.json");
    assert_eq!(bill["metadata"]["component"]["version"], *facts.version);
    let names = component_names(&bill);
    for linked in ["tokio", "seaworthy-service"] {
        assert!(names.contains(linked), "{name}: {linked}: {names:?}");
    }
    assert!(!names.contains("seaworthy-testkit"), "{name}: {names:?}");
    let has_library = names.iter().any(|name| name.contains("libc.so"));
    assert!(has_library, "{name}: {names:?}");

    let provenance = json("provenance.json");
    let subject = &provenance["subject"][0];
    assert_eq!(subject["name"], **name);
    let digest = subject["digest"]["sha256"].as_str().unwrap();
    let stored = image.join("blobs/sha256").join(digest);
    let manifest: Value = serde_json::from_slice(&fs::read(stored).unwrap()).unwrap();
    let config = manifest["config"]["digest"].as_str().unwrap();
    let config = json(&config.replace("sha256:", "blobs/sha256/"));
    let environment = config["config"]["Env"].as_array().unwrap();
    let profile = format!("{}={}", facts.profile_variable, facts.profile);
    assert!(environment.contains(&profile.into()), "{environment:?}");
}

#[test]
fn images_of_every_service_have_bill_and_provenance_ship_1() {
    std::thread::scope(|scope| {
        for deploy in platforms() {
            scope.spawn(move || {
                let folder = tempfile::tempdir().unwrap();
                images(&deploy, folder.path());
                for facts in facts(&deploy) {
                    check_image(&folder.path().join("images").join(&facts.name), &facts);
                }
            });
        }
    });
}

#[test]
fn bill_has_the_schema_of_cyclonedx_sec_8() {
    let Some(checkov) = required("SEAWORTHY_TEST_CHECKOV") else {
        return;
    };
    let python = Path::new(&checkov).join("python");
    let folder = tempfile::tempdir().unwrap();
    let image_folder = folder.path().join("image");
    let ended = image(&image_folder, &["--package", "starter"]);
    assert!(ended.status.success(), "{ended:?}");
    let bill = image_folder.join("sbom.cdx.json");
    accepts(&python, &["-c", CHECK_BILLS], &[&bill]);
    // A misspelled field is a finding.
    let text = fs::read_to_string(&bill).unwrap();
    let misspelled = text.replace("\"specVersion\"", "\"specificationVersion\"");
    assert_ne!(misspelled, text);
    fs::write(&bill, misspelled).unwrap();
    let (accepted, text) = run(&python, &["-c", CHECK_BILLS], &[&bill]);
    assert!(!accepted && text.contains("sbom.cdx.json"), "{text}");
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
