//! The program with all services.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

#[test]
fn empty_platform_shows_no_sample_users() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_tutoring"))
        .args(["--free-ports", "--empty", "--data"])
        .arg(folder.path().join("data"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let lines = lines.map_while(Result::ok);
    let shown: Vec<_> = lines
        .take_while(|line| !line.contains("Stop it with"))
        .collect();
    program.kill().unwrap();
    program.wait().unwrap();
    let has = |label: &str| shown.iter().any(|line| line.starts_with(label));
    assert!(has("    Admin "), "{shown:#?}");
    assert!(!has("    Student "), "{shown:#?}");
}
