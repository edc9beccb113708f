//! The command `deploy render`, run on the facts of the starter.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::root;

fn render(out: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["deploy", "render"])
        .arg(root().join("platforms/starter/deploy/facts/starter.json"))
        .arg("--out")
        .arg(out)
        .args(options)
        .output()
        .unwrap()
}

#[test]
fn render_writes_files_and_check_reports_changes_obs_9() {
    let folder = tempfile::tempdir().unwrap();
    let written = render(folder.path(), &[]);
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    let text = String::from_utf8_lossy(&written.stdout);
    assert!(text.contains(" files are written to "), "{text}");

    let current = render(folder.path(), &["--check"]);
    assert_eq!(current.status.code(), Some(0), "{current:?}");

    let file = "kubernetes/base/starter/deployment.yaml";
    let changed = fs::read_to_string(folder.path().join(file)).unwrap() + "# changed\n";
    fs::write(folder.path().join(file), &changed).unwrap();
    let stale = render(folder.path(), &["--check"]);
    assert_eq!(stale.status.code(), Some(1), "{stale:?}");
    let text = String::from_utf8_lossy(&stale.stderr);
    assert!(text.contains(file), "{text}");
    // A check changes nothing.
    assert_eq!(
        fs::read_to_string(folder.path().join(file)).unwrap(),
        changed
    );
}
