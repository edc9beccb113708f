//! `seaworthy audit` of a hostile repository: bounded time and memory, and no file outside the
//! root.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

/// Seconds of CPU time, ten times the time of a build without optimization.
const PROCESSOR_SECONDS: u32 = 120;
/// KiB of address space: 500 MiB, and the reserve of two threads of the C library.
const ADDRESS_SPACE_KIBIBYTES: u32 = 786_432;

/// Runs the auditor with limits of the operating system. A process that exceeds them is killed and
/// has no exit status.
fn bounded(root: &Path, arguments: &[&str]) -> Output {
    Command::new("sh")
        .arg("-c")
        .arg(format!(
            "ulimit -t {PROCESSOR_SECONDS}; ulimit -v {ADDRESS_SPACE_KIBIBYTES}; exec \"$0\" \"$@\""
        ))
        .arg(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["audit", "."])
        .args(arguments)
        .env("RAYON_NUM_THREADS", "2")
        .current_dir(root)
        .output()
        .unwrap()
}

fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn alias_bomb() -> String {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..60 {
        let before = level - 1;
        bomb.push_str(&format!(
            "a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"
        ));
    }
    bomb + "services: {api: {image: x, ports: *a59, environment: *a59, command: *a59, <<: *a59}}\n"
}

fn make_hostile(root: &Path, outside: &Path) {
    // Links: in a loop, to a folder above, to a file and a folder outside.
    symlink(root, root.join("circle")).unwrap();
    symlink(root.join("two"), root.join("one")).unwrap();
    symlink(root.join("one"), root.join("two")).unwrap();
    symlink("/", root.join("everything")).unwrap();
    symlink(outside, root.join("outside")).unwrap();
    symlink(outside.join("Dockerfile"), root.join("Dockerfile")).unwrap();
    // A pipe, whose reader would wait forever.
    let made = Command::new("mkfifo")
        .arg(root.join("pipe.yaml"))
        .status()
        .unwrap();
    assert!(made.success());
    // Huge: more than the memory that is allowed, without taking room on the disk.
    let huge = File::create(root.join("huge.go")).unwrap();
    huge.set_len(4 << 30).unwrap();
    write(
        root,
        "invalid.go",
        b"package main\n\xff\xfe\xc0 func main() {}",
    );
    write(
        root,
        "invalid.yaml",
        b"a: \xff\xfe\nservices:\n  \xc3\x28: x\n",
    );
    write(
        root,
        "line.js",
        format!("const a = '{}'", "x".repeat(1_000_000)),
    );
    write(
        root,
        "line.yaml",
        format!("password: {}", "x ".repeat(500_000)),
    );
    write(root, "line.env", "password=".repeat(110_000));
    write(root, "docker-compose.yml", alias_bomb());
    write(
        root,
        "deploy/deep.yaml",
        format!("kind: Deployment\nspec: {}", "[".repeat(500_000)),
    );
    write(
        root,
        "deploy/steps.yaml",
        format!("kind: Deployment\nspec:\n{}", " - - ".repeat(100_000)),
    );
    write(root, "deploy/template.yaml", "{{ if ".repeat(100_000));
    write(
        root,
        "package.json",
        format!("{{\"dependencies\": {}", "[".repeat(900_000)),
    );
    write(
        root,
        "Cargo.toml",
        format!("[package]\nname = {}", "[".repeat(900_000)),
    );
    write(root, "pyproject.toml", "[a.".repeat(300_000));
    write(root, "pom.xml", "<a>".repeat(300_000));
    write(root, "go.mod", "module ".repeat(100_000));
    write(
        root,
        "api/Dockerfile",
        format!("FROM a\n{}", "RUN <<E\n".repeat(100_000)),
    );
    for (name, text) in [
        ("deep.js", "(".repeat(900_000)),
        ("deep.ts", "a<".repeat(450_000)),
        (
            "deep.go",
            format!("package a\nvar x = {}", "f(".repeat(400_000)),
        ),
        ("deep.py", "x = ".to_owned() + &"[".repeat(900_000)),
        (
            "deep.java",
            format!("class A {{ int x = {}", "(".repeat(900_000)),
        ),
        ("deep.kt", format!("val x = {}", "{".repeat(900_000))),
        (
            "deep.rs",
            format!("fn a() {{ {}", "if x { ".repeat(120_000)),
        ),
        (
            "sums.go",
            format!("package a\nvar x = \"a\"{}", " + \"a\"".repeat(100_000)),
        ),
    ] {
        write(root, &format!("src/{name}"), text);
    }
    write(root, ".git/index", b"DIRC\x00\x00\x00\x02\xff\xff\xff\xff");
    write(root, ".gitignore", "**/a".repeat(10_000));
    for (at, patterns) in [
        ("patterns/many", "**/*a*b*c*\n".repeat(200_000)),
        ("patterns/long", "a".repeat(50_000_000)),
    ] {
        write(root, &format!("{at}/.gitignore"), patterns);
    }
    for at in 0..40 {
        let patterns = "**/*a*b*c*\n".repeat(5_000);
        write(
            root,
            &format!("{}/.gitignore", vec!["p"; at + 1].join("/")),
            patterns,
        );
    }
    fs::create_dir_all(root.join("patterns/endless")).unwrap();
    symlink("/dev/zero", root.join("patterns/endless/.gitignore")).unwrap();
    fs::create_dir_all(root.join("patterns/pipe")).unwrap();
    let made = Command::new("mkfifo")
        .arg(root.join("patterns/pipe/.gitignore"))
        .status()
        .unwrap();
    assert!(made.success());
    write(
        root,
        "many.yaml",
        concat!("# seaworthy", ": allow SHIP-1.root-user because x\n").repeat(20_000),
    );
    let mut deep = root.to_path_buf();
    for _ in 0..300 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("Dockerfile"), "FROM alpine\n").unwrap();
}

#[test]
fn bounds_time_and_memory_for_a_hostile_repository() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(
        outside.path().join("Dockerfile"),
        "FROM outside-of-the-root\nCMD x\n",
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    make_hostile(folder.path(), outside.path());
    let output = bounded(folder.path(), &["--format", "json", "--fail-on", "never"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    // 3 if a file could not be parsed in time, but never a signal.
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{:?} {errors}",
        output.status
    );
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(
        !printed.contains("outside-of-the-root"),
        "a link was followed"
    );
    let left_out = report["left_out"].to_string();
    assert!(left_out.contains("huge.go"), "{left_out}");
}

#[test]
fn rejects_hostile_configuration_and_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        "seaworthy-audit.toml",
        "ignore = ".to_owned() + &"[".repeat(300_000),
    );
    assert_eq!(bounded(root, &[]).status.code(), Some(2));
    write(root, "seaworthy-audit.toml", "baseline = \"known.json\"\n");
    write(root, "known.json", "[".repeat(300_000));
    assert_eq!(bounded(root, &[]).status.code(), Some(2));
    // A pipe, whose reader would wait forever.
    fs::remove_file(root.join("known.json")).unwrap();
    let made = Command::new("mkfifo")
        .arg(root.join("known.json"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(bounded(root, &[]).status.code(), Some(2));
}
