//! The files of the platforms, checked by the validators of their formats.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use seaworthy_deploy::{render, write};
use seaworthy_testkit::{compose::Compose, requirement::required};
use serde_json::Value;
use tempfile::TempDir;

use crate::sample::{facts, overlay, platforms, repository};

/// The versions of Kubernetes whose schemas apply, the oldest first.
const KUBERNETES: [&str; 8] = [
    "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37",
];
/// Checks of kube-score that do not apply. A CPU limit delays requests although the node has free
/// CPU. Overlays name images by digest, so a pod must also start while the registry is down.
const IGNORED: [&str; 2] = [
    "--ignore-container-cpu-limit",
    "--ignore-test=container-image-pull-policy",
];

/// The rules of yamllint. Queries and commands are long lines, each file has one document, and
/// short mappings have spaces inside of their braces.
const YAML: &str = "{extends: default, rules: {line-length: disable, document-start: disable, \
                    braces: {max-spaces-inside: 1}}}";

/// Renders a platform into a new folder.
pub(crate) fn rendered(deploy: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = render(&facts(deploy), &overlay(deploy)).unwrap();
    write(folder.path(), &files).unwrap();
    folder
}

/// Returns the files below a folder that `is_one` selects by their name.
fn files(folder: &Path, is_one: fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, is_one));
        } else if is_one(&path.file_name().unwrap().to_string_lossy()) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn is_manifest(name: &str) -> bool {
    name.ends_with(".yaml") && name != "kustomization.yaml"
}

/// Runs a validator, and returns whether it accepts the files, with its output.
pub(crate) fn run<A: AsRef<OsStr>>(
    program: &Path,
    options: &[&str],
    files: &[A],
) -> (bool, String) {
    assert!(!files.is_empty());
    let output = Command::new(program).args(options).args(files).output();
    let output = output.unwrap();
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (output.status.success(), text.concat())
}

#[track_caller]
pub(crate) fn accepts<A: AsRef<OsStr>>(program: &Path, options: &[&str], files: &[A]) {
    let (accepted, text) = run(program, options, files);
    assert!(accepted, "{} {options:?}: {text}", program.display());
}

#[test]
fn schemas_of_kubernetes_accept_every_manifest_ship_3() {
    let Some(validators) = required("SEAWORTHY_TEST_VALIDATORS") else {
        return;
    };
    let program = Path::new(&validators).join("kubernetes-validate");
    for deploy in platforms() {
        let folder = rendered(&deploy);
        let manifests = files(&folder.path().join("kubernetes/base"), is_manifest);
        std::thread::scope(|scope| {
            for version in KUBERNETES {
                let options = ["--strict", "--quiet", "-k", version];
                let (program, manifests) = (&program, &manifests);
                scope.spawn(move || accepts(program, &options, manifests));
            }
        });
    }
    // A misspelled field is a finding.
    let folder = rendered(&platforms()[0]);
    let manifests = files(folder.path(), |name| name == "deployment.yaml");
    let text = fs::read_to_string(&manifests[0]).unwrap();
    fs::write(&manifests[0], text.replace("periodSeconds", "periodSecond")).unwrap();
    let options = ["--strict", "--quiet", "-k", KUBERNETES[7]];
    assert!(!run(&program, &options, &manifests[..1]).0);
}

#[test]
fn kube_score_finds_nothing_in_the_manifests_ship_3() {
    let Some(program) = required("SEAWORTHY_TEST_KUBE_SCORE") else {
        return;
    };
    let program = Path::new(&program);
    let options = [
        &["score", "--output-format=ci", "--exit-one-on-warning"],
        &IGNORED[..],
    ];
    let options = options.concat();
    for deploy in platforms() {
        let folder = rendered(&deploy);
        let manifests = files(&folder.path().join("kubernetes/base"), is_manifest);
        accepts(program, &options, &manifests);
        // A writable root is a finding.
        let deployment = manifests.iter().find(|it| it.ends_with("deployment.yaml"));
        let deployment = deployment.unwrap();
        let text = fs::read_to_string(deployment).unwrap();
        let weak = text.replace(
            "readOnlyRootFilesystem: true",
            "readOnlyRootFilesystem: false",
        );
        fs::write(deployment, weak).unwrap();
        let (accepted, text) = run(program, &options, &manifests);
        assert!(!accepted && text.contains("writable root"), "{text}");
    }
}

#[test]
fn schemas_accept_dashboards_monitors_and_rules_obs_9() {
    let Some(modules) = required("SEAWORTHY_TEST_SCHEMAS") else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render/schemas.mjs");
    let script = script.display().to_string();
    let options = [script.as_str(), modules.as_str()];
    for deploy in platforms() {
        let folder = rendered(&deploy);
        accepts(Path::new("node"), &options, &[folder.path()]);
    }
    // A wrong type in a panel, in a monitor and in a rule are findings.
    for (name, from, to) in [
        ("grafana", "\"type\": \"timeseries\"", "\"type\": 7"),
        ("kubernetes", "jobLabel: ", "jobLabel: 7 # "),
        ("kubernetes", "alert: NotReady", "alert: [NotReady]"),
    ] {
        let folder = rendered(&platforms()[0]);
        let mut changed = 0;
        for file in files(&folder.path().join(name), |_| true) {
            let text = fs::read_to_string(&file).unwrap();
            changed += text.matches(from).count();
            fs::write(&file, text.replace(from, to)).unwrap();
        }
        assert!(changed > 0, "{from}");
        let (accepted, text) = run(Path::new("node"), &options, &[folder.path()]);
        assert!(!accepted && text.contains("type"), "{text}");
    }
}

#[test]
fn yamllint_finds_nothing_in_rendered_files_ship_3() {
    let Some(validators) = required("SEAWORTHY_TEST_VALIDATORS") else {
        return;
    };
    let program = Path::new(&validators).join("yamllint");
    let options = ["--strict", "-d", YAML];
    for deploy in platforms() {
        let folder = rendered(&deploy);
        let yaml = files(folder.path(), |name| name.ends_with(".yaml"));
        accepts(&program, &options, &yaml);
        // A key that occurs twice is a finding.
        let twice = fs::read_to_string(&yaml[0]).unwrap() + "twice: 1\ntwice: 2\n";
        fs::write(&yaml[0], twice).unwrap();
        let (accepted, text) = run(&program, &options, &yaml[..1]);
        assert!(!accepted && text.contains("duplication"), "{text}");
    }
}

#[test]
fn validators_accept_images_compose_files_and_workflows_ship_1() {
    let Some(validators) = required("SEAWORTHY_TEST_VALIDATORS") else {
        return;
    };
    let program = |name: &str| Path::new(&validators).join(name);
    let platforms = repository().join("platforms");
    accepts(
        &program("hadolint"),
        &[],
        &files(&platforms, |name| name == "Dockerfile"),
    );
    let is_compose = |name: &str| name.starts_with("compose") && name.ends_with(".yaml");
    let compose = ["--builtin-schema", "vendor.compose-spec"];
    accepts(
        &program("check-jsonschema"),
        &compose,
        &files(&platforms, is_compose),
    );
    let workflows = files(&repository().join(".github/workflows"), |name| {
        name.ends_with(".yml")
    });
    let schema = ["--builtin-schema", "vendor.github-workflows"];
    accepts(&program("check-jsonschema"), &schema, &workflows);
    accepts(&program("zizmor"), &["--offline", "--quiet"], &workflows);
    let Some(actionlint) = required("SEAWORTHY_TEST_ACTIONLINT") else {
        return;
    };
    accepts(Path::new(&actionlint), &[], &workflows);
}

/// A workflow that runs text of a user as a command.
const INJECTION: &str = "\
on: issues
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    steps:
      - run: echo \"${{ github.event.issue.title }}\"
";

#[test]
fn validators_find_problems_of_images_and_workflows_ship_1() {
    let (Some(validators), Some(actionlint)) = (
        required("SEAWORTHY_TEST_VALIDATORS"),
        required("SEAWORTHY_TEST_ACTIONLINT"),
    ) else {
        return;
    };
    let no_options: &[&str] = &[];
    let schema: &[&str] = &["--builtin-schema", "vendor.compose-spec"];
    let quiet: &[&str] = &["--offline", "--quiet"];
    let program = |name: &str| Path::new(&validators).join(name);
    let folder = tempfile::tempdir().unwrap();
    for (program, options, name, text, finding) in [
        (
            program("hadolint"),
            no_options,
            "Dockerfile",
            "FROM debian:12\nRUN sudo true\n",
            "DL3004",
        ),
        (
            program("check-jsonschema"),
            schema,
            "compose.yaml",
            "services: 7\n",
            "$.services",
        ),
        (
            program("zizmor"),
            quiet,
            "greet.yml",
            INJECTION,
            "template-injection",
        ),
        (
            PathBuf::from(&actionlint),
            no_options,
            "greet.yml",
            INJECTION,
            "untrusted",
        ),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let (accepted, text) = run(&program, options, &[file]);
        assert!(!accepted && text.contains(finding), "{finding}: {text}");
    }
}

#[test]
fn kustomize_builds_the_overlay_of_every_platform_ship_3() {
    let Some(program) = required("SEAWORTHY_TEST_KUSTOMIZE") else {
        return;
    };
    for deploy in platforms() {
        let folder = rendered(&deploy);
        let overlay = folder.path().join("kubernetes/overlays/production");
        let (accepted, text) = run(Path::new(&program), &["build"], &[overlay]);
        assert!(accepted, "{text}");
        let built = text.matches("\nkind: Deployment\n").count();
        assert_eq!(built, facts(&deploy).len(), "{text}");
        schemas_accept(folder.path(), &text);
    }
}

#[test]
fn overlay_pins_the_images_of_a_service_by_digest_ship_1() {
    let Some(program) = required("SEAWORTHY_TEST_KUSTOMIZE") else {
        return;
    };
    let folder = rendered(&repository().join("platforms/starter/deploy"));
    let overlay = folder.path().join("kubernetes/overlays/production");
    let file = overlay.join("kustomization.yaml");
    let digest = format!("sha256:{}", "0".repeat(64));
    let lines = fs::read_to_string(&file).unwrap();
    // The commented example of the overlay, with the name and the digest of an image.
    let lines = lines.lines().map(|line| match line.strip_prefix("# ") {
        Some(code) if code.starts_with("images:") || code.starts_with("  - ") => code,
        _ => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    assert!(
        text.contains("SERVICE") && text.contains("sha256:…"),
        "{text}"
    );
    let text = text.replace("SERVICE", "starter");
    fs::write(&file, text.replace("sha256:…", &digest)).unwrap();
    let (accepted, text) = run(Path::new(&program), &["build"], &[overlay]);
    assert!(accepted, "{text}");
    let image = format!("image: registry.example.org/starter@{digest}\n");
    // The Deployment and the migration Job.
    assert_eq!(text.matches(&image).count(), 2, "{text}");
    assert_eq!(text.matches("image: ").count(), 2, "{text}");
}

/// Checks the output of kustomize with the oldest and the newest schemas.
fn schemas_accept(folder: &Path, built: &str) {
    let Some(validators) = required("SEAWORTHY_TEST_VALIDATORS") else {
        return;
    };
    let program = Path::new(&validators).join("kubernetes-validate");
    let file = folder.join("built.yaml");
    for version in [KUBERNETES[0], KUBERNETES[7]] {
        let options = ["--strict", "--quiet", "-k", version];
        fs::write(&file, built).unwrap();
        accepts(&program, &options, &[&file]);
        // A misspelled field is a finding.
        let misspelled = built.replacen("restartPolicy:", "restartPolicies:", 1);
        assert_ne!(misspelled, built);
        fs::write(&file, misspelled).unwrap();
        assert!(!run(&program, &options, &[&file]).0, "{version}");
    }
}

/// Merges a compose file into another one as Docker Compose does: sequences are joined, and other
/// values replace each other.
fn merge(base: &mut Value, other: &Value) {
    match (base, other) {
        (Value::Object(base), Value::Object(other)) => {
            for (key, value) in other {
                match base.get_mut(key) {
                    Some(own) if key != "command" && key != "entrypoint" => merge(own, value),
                    _ => drop(base.insert(key.clone(), value.clone())),
                }
            }
        }
        (Value::Array(base), Value::Array(other)) => {
            let new = other.iter().filter(|value| !base.contains(value));
            let new: Vec<_> = new.cloned().collect();
            base.extend(new);
        }
        (base, other) => base.clone_from(other),
    }
}

/// Returns the names in a sequence or a mapping of a service: `networks`, `secrets` and others.
fn names(value: &Value) -> Vec<String> {
    let of_entry = |entry: &Value| match entry.get("source") {
        Some(source) => source.as_str().unwrap().to_owned(),
        None => entry.as_str().unwrap().to_owned(),
    };
    match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(entries) => entries.iter().map(of_entry).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn merged_compose_files_are_valid_and_complete_ship_2() {
    for deploy in platforms() {
        let platform = deploy.join("..");
        let read = |name: &str| Compose::read(&platform.join(name)).root().clone();
        let mut merged = read("compose.yaml");
        for name in ["compose.development.yaml", "compose.observability.yaml"] {
            merge(&mut merged, &read(name));
            // Every service is complete, and every name that it uses is declared.
            for (service, settings) in merged["services"].as_object().unwrap() {
                let is_complete = settings.get("image").or(settings.get("build")).is_some();
                assert!(is_complete, "{service} has neither an image nor a build");
                for (used, declared) in [
                    ("networks", "networks"),
                    ("secrets", "secrets"),
                    ("configs", "configs"),
                    ("depends_on", "services"),
                ] {
                    for name in names(&settings[used]) {
                        let known = merged[declared].get(&name);
                        assert!(known.is_some(), "{service}: {used}: {name}");
                    }
                }
            }
            let Some(validators) = required("SEAWORTHY_TEST_VALIDATORS") else {
                continue;
            };
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("compose.json");
            fs::write(&file, merged.to_string()).unwrap();
            let schema = ["--builtin-schema", "vendor.compose-spec"];
            let program = Path::new(&validators).join("check-jsonschema");
            accepts(&program, &schema, &[file]);
        }
    }
}
