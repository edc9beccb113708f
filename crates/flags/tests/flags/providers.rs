//! Stock OpenFeature providers of other languages against the server.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

use seaworthy_config::Loader;
use seaworthy_flags::{FlagServer, Flags, FlagsConfig};
use seaworthy_grpc::Contracts;
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::requirement::{optional, required};
use serde_json::{Value, json};

struct TestApp {
    service: RunningService,
    flags: Flags,
    folder: tempfile::TempDir,
}

fn document() -> Value {
    let rule = json!({"if": [{"and": [
        {"==": [{"var": "plan"}, "team"]}, {"in": [{"var": "level"}, [5]]},
        {"==": [{"var": "environment"}, "test"]},
    ]}, "on", null]});
    json!({"flags": {
        "beta": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": rule},
        "theme": {"state": "ENABLED", "variants": {"red": "red", "blue": "blue"}, "defaultVariant": "red",
            "targeting": {"fractional": [["red", 50], ["blue", 50]]}},
        "size": {"state": "ENABLED", "variants": {"small": 1, "large": 5.0}, "defaultVariant": "large"},
        "ratio": {"state": "ENABLED", "variants": {"low": 0.25}, "defaultVariant": "low"},
        "limits": {"state": "ENABLED", "variants": {"a": {"files": 3, "names": ["a"]}}, "defaultVariant": "a"},
        "disabled": {"state": "DISABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"},
    }})
}

async fn start() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &document());
    let config = FlagsConfig {
        directory: folder.path().into(),
        ..FlagsConfig::default()
    };
    let loader = Loader::for_tests("orders");
    let started = OnceLock::new();
    let service = Service::new("orders", "1.4.0")
        .start::<NoSettings, _>(loader, async |service| {
            let flags = Flags::start(service, &config).await?;
            let _ = started.set(flags.clone());
            service.http(flags.ofrep());
            let server = FlagServer::public(&flags);
            server.add_to(service, Contracts::new()).serve(service)
        })
        .await
        .unwrap();
    TestApp {
        service,
        flags: started.into_inner().unwrap(),
        folder,
    }
}

fn write(folder: &Path, document: &Value) {
    fs::write(folder.join("new"), document.to_string()).unwrap();
    fs::rename(folder.join("new"), folder.join("features.json")).unwrap();
}

/// Runs a client until it is ready, changes a flag, and waits for its end.
async fn run(app: &TestApp, mut command: Command) {
    let addresses = app.service.addresses();
    command.arg(addresses.grpc.unwrap().to_string());
    command.arg(addresses.http.to_string());
    let mut client = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, output) = (client.stdin.take().unwrap(), client.stdout.take().unwrap());
    let (folder, mut changes) = (app.folder.path().to_owned(), app.flags.changes());
    let ended = tokio::task::spawn_blocking(move || {
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        if lines.any(|line| line == "ready") {
            let mut changed = document();
            *changed.pointer_mut("/flags/size/defaultVariant").unwrap() = "small".into();
            write(&folder, &changed);
            input.write_all(b"\n").unwrap();
        }
        let done = lines.any(|line| line == "done");
        (done, client.wait().unwrap())
    });
    let (done, status) = ended.await.unwrap();
    assert!(done && status.success(), "{status}");
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
}

#[tokio::test(flavor = "multi_thread")]
async fn python_providers_evaluate_over_grpc_and_ofrep_flag_1() {
    let Some(python) = required("SEAWORTHY_TEST_OPENFEATURE_PYTHON") else {
        return;
    };
    let app = start().await;
    let mut command = Command::new(python);
    command.arg(clients().join("python.py"));
    run(&app, command).await;
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_providers_evaluate_over_grpc_and_ofrep_flag_1() {
    let Some(modules) = required("SEAWORTHY_TEST_OPENFEATURE_JAVASCRIPT") else {
        return;
    };
    let app = start().await;
    let mut command = Command::new("node");
    command
        .arg(clients().join("javascript.mjs"))
        .env("NODE_MODULES", modules);
    run(&app, command).await;
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn java_providers_evaluate_over_grpc_and_ofrep_flag_1() {
    // Optional in CI too: it needs Maven.
    let Some(jars) = optional("SEAWORTHY_TEST_OPENFEATURE_JAVA") else {
        return;
    };
    let app = start().await;
    let mut command = Command::new("java");
    command.args(["-cp", &format!("{jars}/*")]);
    command.arg(clients().join("Providers.java"));
    run(&app, command).await;
    app.service.stop().await;
}

fn clients() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}
