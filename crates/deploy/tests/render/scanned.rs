//! The objects that a cluster gets, and the images, checked by checkov.

use std::{
    fs,
    path::{Path, PathBuf},
};

use seaworthy_testkit::requirement::required;

use crate::{
    sample::{facts, platforms},
    validators::{accepts, rendered, run},
};

/// Checks that do not apply, for the reasons of the checks of kube-score: a CPU limit, and a pull of
/// the image at each start.
const IGNORED: &str = "CKV_K8S_11,CKV_K8S_15";

/// Returns the decisions that an operator adds to the overlay: the namespace and image digests.
fn decisions(deploy: &Path) -> String {
    let digest = "0".repeat(64);
    let images = facts(deploy).into_iter().map(|facts| {
        let name = facts.name;
        format!(
            "  - {{name: {name}, newName: registry.example.org/{name}, digest: \"sha256:{digest}\"}}\n"
        )
    });
    format!(
        "namespace: production\nimages:\n{}",
        images.collect::<String>()
    )
}

/// Returns the objects of a platform as `kubectl apply` gets them.
fn objects(deploy: &Path, kustomize: &Path) -> String {
    let folder = rendered(deploy);
    let overlay = folder.path().join("kubernetes/overlays/production");
    let file = overlay.join("kustomization.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text + &decisions(deploy)).unwrap();
    let (accepted, objects) = run(kustomize, &["build"], &[overlay]);
    assert!(accepted, "{objects}");
    objects
}

/// Returns the Dockerfile of a platform with the names of its base images. checkov does not replace
/// arguments.
fn dockerfile(deploy: &Path) -> String {
    let text = fs::read_to_string(deploy.join("../Dockerfile")).unwrap();
    let arguments = text
        .lines()
        .filter_map(|line| line.strip_prefix("ARG ")?.split_once('='));
    arguments.fold(text.clone(), |text, (name, value)| {
        text.replace(&format!("FROM ${{{name}}}"), &format!("FROM {value}"))
    })
}

/// Writes the objects and the Dockerfile of each platform, and returns their files.
fn write_files(kustomize: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for deploy in platforms() {
        let platform = deploy.parent().unwrap().file_name().unwrap().display();
        for (extension, text) in [
            ("yaml", objects(&deploy, kustomize)),
            ("Dockerfile", dockerfile(&deploy)),
        ] {
            let file = folder.join(format!("{platform}.{extension}"));
            fs::write(&file, text).unwrap();
            files.push(file);
        }
    }
    files
}

#[test]
fn checkov_finds_nothing_in_objects_and_images_ship_1_ship_3() {
    let (Some(checkov), Some(kustomize)) = (
        required("SEAWORTHY_TEST_CHECKOV"),
        required("SEAWORTHY_TEST_KUSTOMIZE"),
    ) else {
        return;
    };
    let program = Path::new(&checkov).join("checkov");
    let folder = tempfile::tempdir().unwrap();
    let files = write_files(Path::new(&kustomize), folder.path());
    let options = [
        "--quiet",
        "--compact",
        "--skip-download",
        "--skip-check",
        IGNORED,
        "--framework",
        "kubernetes",
        "dockerfile",
        "--file",
    ];
    accepts(&program, &options, &files);
    // A writable root, and an image of the user root, are findings in each file.
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let weak = text
            .replace(
                "readOnlyRootFilesystem: true",
                "readOnlyRootFilesystem: false",
            )
            .replace("\nUSER ", "\n# ");
        assert_ne!(weak, text, "{}", file.display());
        fs::write(file, weak).unwrap();
    }
    let (accepted, text) = run(&program, &options, &files);
    assert!(!accepted, "{text}");
    for file in &files {
        let name = file.file_name().unwrap().display();
        assert!(text.contains(&format!("/{name}:")), "{name}: {text}");
    }
}
