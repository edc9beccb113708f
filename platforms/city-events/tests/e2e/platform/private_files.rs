//! The program writes only private files, under any umask.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use seaworthy_testkit::process::ServiceProcess;

/// Runs a command with an umask that removes no permission.
const WITHOUT_UMASK: &str = r#"umask 0 && exec "$0" "$@""#;

/// Starts the program and waits until it is ready.
fn start(data: &Path) -> ServiceProcess {
    let data = data.to_str().unwrap();
    let program = env!("CARGO_BIN_EXE_city-events");
    let arguments = [
        "-c",
        WITHOUT_UMASK,
        program,
        "--data",
        data,
        "--free-ports",
        "--empty",
    ];
    let mut process = ServiceProcess::spawn(Path::new("/bin/sh"), &arguments, &[]).unwrap();
    process.line("Stop it with Ctrl-C").unwrap();
    process
}

/// Returns a folder and all paths in it.
fn paths_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(paths_in(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Returns the paths that other users have access to.
fn exposed(data: &Path) -> Vec<String> {
    let all = paths_in(data);
    for name in [
        "auth.db",
        "auth.db-wal",
        "broker.db",
        "broker.db-wal",
        "jwt",
    ] {
        assert!(
            all.iter().any(|path| path.ends_with(name)),
            "{name} {all:#?}"
        );
    }
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    all.iter()
        .filter(|path| mode(path) & 0o077 != 0)
        .map(|path| format!("{:o} {}", mode(path), path.display()))
        .collect()
}

fn kill(process: ServiceProcess) {
    process.signal(Signal::KILL).unwrap();
    process.wait_with_output().unwrap();
}

#[test]
fn program_writes_private_files_without_umask_conf_5() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let process = start(&data);
    assert_eq!(exposed(&data), [""; 0]);
    kill(process);
}

#[test]
fn program_makes_existing_files_private_conf_5() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    // A killed process leaves its write-ahead logs.
    kill(start(&data));
    for path in paths_in(&data) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let process = start(&data);
    assert_eq!(exposed(&data), [""; 0]);
    kill(process);
}
