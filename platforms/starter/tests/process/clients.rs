use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use seaworthy_testkit::{database::EmptyDatabase, requirement::required};

use crate::app::{PASSWORD, Replica, grant_admin, tokens};

/// Generates a client with grpcio-tools from a separate proto file, and runs it.
#[test]
fn python_client_calls_every_method_api_1() {
    let Some(python) = required("SEAWORTHY_TEST_GRPCIO") else {
        return;
    };
    let database = EmptyDatabase::sqlite().unwrap();
    let replica = Replica::start(&database);
    replica.register("root_user");
    grant_admin(&database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let folder = tempfile::tempdir().unwrap();
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let generated = Command::new(&python)
        .args(["-m", "grpc_tools.protoc", "-I"])
        .arg(&files)
        .arg(format!("--python_out={}", folder.path().display()))
        .arg(format!("--grpc_python_out={}", folder.path().display()))
        .args([
            "auth.proto",
            "error.proto",
            "feature.proto",
            "greeter.proto",
        ])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&generated.stderr);
    assert!(generated.status.success(), "{stderr}");
    let output = Command::new(&python)
        .arg(files.join("client.py"))
        .args([replica.grpc().unwrap().to_string(), admin])
        .env("PYTHONPATH", folder.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
}

/// The files of the contracts, and those that they import.
const CONTRACTS: [&str; 9] = [
    "auth/v1/auth.proto",
    "feature/v1/feature.proto",
    "helloworld/v1/greeter.proto",
    "common/v1/error.proto",
    "buf/validate/validate.proto",
    "google/api/annotations.proto",
    "google/api/http.proto",
    "seaworthy/access.proto",
    "seaworthy/flag.proto",
];
/// The generators of Go code, whose module proxy checks the sums.
const GENERATORS: [(&str, &str); 2] = [
    (
        "protoc-gen-go",
        "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.11",
    ),
    (
        "protoc-gen-go-grpc",
        "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.1",
    ),
];

/// Generates a Go client from the protos of the contracts, and runs it.
#[test]
fn go_client_calls_every_method_api_1() {
    let Some(python) = required("SEAWORTHY_TEST_GRPCIO") else {
        return;
    };
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("SKIPPED: there is no Go on the path");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["main.go", "go.mod", "go.sum"] {
        std::fs::copy(home.join("tests/go").join(file), folder.path().join(file)).unwrap();
    }
    generate_go(&python, home, folder.path());
    let program = folder.path().join("client");
    let mut build = go(folder.path());
    succeeded(build.args(["build", "-o"]).arg(&program).output());

    let database = EmptyDatabase::sqlite().unwrap();
    let replica = Replica::start(&database);
    replica.register("root_user");
    grant_admin(&database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let address = replica.grpc().unwrap().to_string();
    succeeded(Command::new(program).args([address, admin]).output());
}

/// Generates the packages `starterclient/gen/…`.
fn generate_go(python: &str, home: &Path, folder: &Path) {
    let plugins: PathBuf = folder.join("bin");
    for (_, package) in GENERATORS {
        let mut install = go(folder);
        succeeded(
            install
                .env("GOBIN", &plugins)
                .args(["install", package])
                .output(),
        );
    }
    let mut protoc = Command::new(python);
    protoc
        .args(["-m", "grpc_tools.protoc", "-I"])
        .arg(home.join("contract"))
        .arg("-I")
        .arg(home.join("../../crates/contract-build/proto"));
    for (name, option) in GENERATORS.map(|(name, _)| (name, name.trim_start_matches("protoc-gen-")))
    {
        protoc.arg(format!("--plugin={name}={}", plugins.join(name).display()));
        protoc.arg(format!("--{option}_out={}", folder.display()));
        protoc.arg(format!("--{option}_opt=module=starterclient"));
        for file in CONTRACTS {
            let package = file.rsplit_once('/').unwrap().0;
            protoc.arg(format!(
                "--{option}_opt=M{file}=starterclient/gen/{package}"
            ));
        }
    }
    succeeded(protoc.args(CONTRACTS).output());
}

fn go(folder: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(folder).env("GOFLAGS", "-mod=mod");
    go
}

#[track_caller]
fn succeeded(output: std::io::Result<Output>) {
    let output = output.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
}
