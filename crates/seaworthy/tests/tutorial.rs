//! The service of `docs/tutorial.md`, built and run in an empty folder (API-1).
#![cfg(all(
    feature = "auth",
    feature = "grpc",
    feature = "outbox",
    feature = "rabbitmq"
))]
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use seaworthy_testkit::{
    external_package::{Block, ExternalPackage},
    process::ServiceProcess,
};

const PAGE: &str = include_str!("../../../docs/tutorial.md");
/// Long enough for a consumer on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);
const TOKEN_KEY: &str = "0f8b1d0c6a3e47f2b95d2c81a7e6f4390f8b1d0c6a3e47f2b95d2c81a7e6f439";

/// The languages of blocks that are not commands.
const FILES: [&str; 6] = ["toml", "proto", "rust", "sql", "yaml", "dockerfile"];

struct Tutorial {
    package: ExternalPackage,
    /// The address of the service, after its start.
    http: String,
}

impl Tutorial {
    /// Runs the commands of a block and returns their output.
    fn run(&self, commands: &str) -> String {
        let commands = commands.replace("127.0.0.1:8000", &self.http);
        let mut bash = self.package.command("bash");
        let ran = bash
            .args(["-euc", &commands])
            .env("TOKEN_KEY", TOKEN_KEY)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&ran.stderr);
        let output = String::from_utf8(ran.stdout).unwrap();
        assert!(ran.status.success(), "{commands}\n{output}\n{errors}");
        output
    }
}

/// Whether a text is the expected one, in which `…` matches any text.
fn matches(expected: &str, text: &str) -> bool {
    let mut parts = expected.trim().split('…');
    let Some(mut rest) = text.trim().strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut last = "";
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        (rest, last) = (after, part);
    }
    rest.is_empty() || (last.is_empty() && expected.contains('…'))
}

#[test]
fn service_of_tutorial_builds_runs_and_counts_an_order_api_1() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    // The target folder of the workspace has most dependencies already.
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let blocks = Block::all(PAGE);
    let package = ExternalPackage::write(&blocks, root.unwrap(), target.parent().unwrap()).unwrap();
    let package = package.with_workspace_features().unwrap();
    for block in &blocks {
        let is_file = FILES.contains(&block.language) || block.language == "text";
        assert_eq!(is_file, block.file().is_some(), "{block:?}");
    }
    let mut tutorial = Tutorial {
        package,
        http: String::new(),
    };
    let mut service: Option<ServiceProcess> = None;
    let mut commands = blocks
        .iter()
        .filter(|block| block.file().is_none())
        .peekable();
    while let Some(block) = commands.next() {
        match (block.language, block.text) {
            ("sh", text) if text.contains("\ncargo run") && service.is_none() => {
                tutorial.run("cargo build --quiet && test -n \"$(openssl rand -hex 32)\"");
                let started = start(&tutorial);
                tutorial.http = started.1;
                service = Some(started.0);
            }
            ("sh", text) => {
                let text = prepared(&tutorial, text);
                let expected = commands.next_if(|next| next.language == "json");
                let expected = expected.map_or("…", |block| block.text);
                let end = Instant::now() + TIMEOUT;
                loop {
                    let output = tutorial.run(&text);
                    if matches(expected, &output) {
                        break;
                    }
                    assert!(Instant::now() < end, "{text}\n{output}\n{expected}");
                    thread::sleep(Duration::from_millis(20));
                }
            }
            ("console", text) => assert!(text.lines().all(|line| line.starts_with("docker "))),
            other => panic!("this block is not checked: {other:?}"),
        }
    }
    assert!(service.is_some());
    let containerfile =
        fs::read_to_string(tutorial.package.folder().join("Containerfile")).unwrap();
    let manifest = fs::read_to_string(tutorial.package.folder().join("Cargo.toml")).unwrap();
    assert!(containerfile.contains("--profile dist") && manifest.contains("[profile.dist]"));
}

/// Starts the built service in its folder, on free ports.
fn start(tutorial: &Tutorial) -> (ServiceProcess, String) {
    let folder = tutorial.package.folder();
    let program = tutorial.package.program("orders");
    let script = format!(
        "cd {} && exec {} serve --set server.http.addr=127.0.0.1:0 --set server.grpc.addr=127.0.0.1:0 --set admin.addr=127.0.0.1:0 --set log.format=json",
        folder.display(),
        program.display()
    );
    let environment = [("TOKEN_KEY", TOKEN_KEY)];
    let bash = Path::new("/bin/bash");
    let mut service = ServiceProcess::spawn(bash, &["-c", &script], &environment).unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let (http, _) = service.addresses().unwrap();
    (service, http.to_string())
}

/// Puts the secrets of production at paths that the test may write.
fn prepared(tutorial: &Tutorial, commands: &str) -> String {
    if !commands.contains("PROFILE=production") {
        return commands.to_owned();
    }
    let folder = tutorial.package.folder();
    for name in ["database", "broker", "token-key"] {
        let random = "openssl rand -base64 48 > ";
        tutorial.run(&format!("{random}{name}"));
    }
    let settings = folder.join("config/config.production.yaml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(
        &settings,
        text.replace("/run/secrets", folder.to_str().unwrap()),
    )
    .unwrap();
    commands.to_owned()
}
