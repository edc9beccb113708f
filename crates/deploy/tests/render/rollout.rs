//! The commands of `docs/operate/deploy.md`, with a `kubectl` that has the state of a cluster.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use seaworthy_deploy::{Overlay, render, write};
use seaworthy_testkit::requirement::required;

use crate::sample::{join, repository};

/// Stores each object in a file, and refuses to change the pod of a Job, as Kubernetes does.
const KUBECTL: &str = r#"#!/usr/bin/env bash
set -euo pipefail
verb=$1
shift
label= build= files=()
while [ $# -gt 0 ]; do
    case "$1" in
        --selector) label="    ${2/=/: }"; shift ;;
        -k) build=$2; shift ;;
        # kubectl expands patterns itself.
        -f) mapfile -t -O ${#files[@]} files < <(compgen -G "$2"); shift ;;
    esac
    shift
done
if [ -n "$build" ]; then
    built=$(mktemp -d -p "$STATE/..")
    "$KUSTOMIZE" build "$build" --output "$built"
    files=("$built"/*)
fi
case "$verb" in
    apply)
        for file in "${files[@]}"; do
            [ -z "$label" ] || grep -qx "$label" "$file" || continue
            stored=$STATE/$(basename "$file")
            if [[ $file == *_job_* && -e $stored ]] && ! cmp -s "$file" "$stored"; then
                echo "The Job is invalid: spec.template: Invalid value: field is immutable" >&2
                exit 1
            fi
            cp "$file" "$stored"
        done
        ;;
    delete)
        for stored in $(compgen -G "$STATE/*_job_*"); do
            ! grep -qx "$label" "$stored" || rm "$stored"
        done
        ;;
    wait) compgen -G "$STATE/*_job_*" >/dev/null ;;
    config) ;;
    *) exit 2 ;;
esac
"#;

/// `kubectl kustomize` has the options of `kustomize build`.
const KUSTOMIZE: &str = r#"#!/usr/bin/env bash
[ "$1" != kustomize ] || exec "$KUSTOMIZE" build "${@:2}"
exec "$0-state" "$@"
"#;

/// Returns the commands that migrate a service.
fn commands() -> String {
    let page = fs::read_to_string(repository().join("docs/operate/deploy.md")).unwrap();
    let (_, section) = page.split_once("\n## Deploy\n").unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    let (commands, _) = block.split_once("```").unwrap();
    assert!(commands.contains("kubectl wait"), "{commands}");
    commands.to_owned()
}

/// Runs commands in the folder with `deploy`.
fn run(folder: &Path, kustomize: &str, commands: &str) -> Output {
    let path = std::env::var("PATH").unwrap();
    let programs = folder.join("programs");
    Command::new("bash")
        .args(["-euc", commands])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("KUSTOMIZE", kustomize)
        .env("STATE", folder.join("state"))
        .env("TMPDIR", folder)
        .output()
        .unwrap()
}

/// The name of a Job has a hash of the pod in the base, which does not change with the image of an
/// overlay.
#[test]
fn commands_replace_the_job_after_a_change_of_the_overlay_ship_3() {
    let Some(kustomize) = required("SEAWORTHY_TEST_KUSTOMIZE") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, script) in [("kubectl", KUSTOMIZE), ("kubectl-state", KUBECTL)] {
        let program = folder.join("programs").join(name);
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::create_dir(folder.join("state")).unwrap();
    let files = render(&[join()], &Overlay::default()).unwrap();
    write(&folder.join("deploy"), &files).unwrap();
    let overlay = folder.join("deploy/kubernetes/overlays/production/kustomization.yaml");
    let base = fs::read_to_string(&overlay).unwrap();
    let image = |tag: &str| {
        let images = format!("images: [{{name: join-service, newTag: \"{tag}\"}}]\n");
        fs::write(&overlay, format!("{base}{images}")).unwrap();
    };
    let migrated = |tag: &str| {
        let state = fs::read_dir(folder.join("state")).unwrap();
        let jobs = state.map(|entry| entry.unwrap().path());
        let jobs: Vec<_> = jobs
            .filter(|path| path.to_string_lossy().contains("_job_"))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        jobs.len() == 1 && jobs[0].contains(&format!("image: join-service:{tag}\n"))
    };
    let commands = commands();

    image("one");
    let first = run(folder, &kustomize, &commands);
    assert!(first.status.success() && migrated("one"), "{first:?}");
    image("two");
    let without = commands.replace("kubectl delete job", "true");
    let refused = run(folder, &kustomize, &without);
    assert!(!refused.status.success(), "{refused:?}");
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("immutable") && migrated("one"), "{text}");
    let second = run(folder, &kustomize, &commands);
    assert!(second.status.success() && migrated("two"), "{second:?}");
    // The prerequisites of the migration.
    for kind in ["serviceaccount", "configmap", "networkpolicy"] {
        let state = fs::read_dir(folder.join("state")).unwrap();
        let mut names = state.map(|entry| entry.unwrap().file_name());
        assert!(
            names.any(|name| name.to_string_lossy().contains(kind)),
            "{kind}"
        );
    }
}
