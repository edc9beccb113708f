use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use seaworthy_testkit::{
    database::EmptyDatabase,
    requirement::{has_program, required},
};

use crate::app::{PASSWORD, Replica, grant_admin, tokens};

/// Starts a replica and calls it with a client, which gets the address of gRPC and the token of an
/// administrator.
fn call_with(database: &EmptyDatabase, client: &mut Command) {
    let replica = Replica::start(database);
    replica.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&replica.login("root_user", PASSWORD));
    let address = replica.grpc().unwrap().to_string();
    succeeded(client.args([address, admin]).output());
}

/// Generates a client with grpcio-tools from a separate proto file, and runs it.
pub(crate) fn python_client_calls_every_method_api_1(database: &EmptyDatabase) {
    let Some(python) = required("SEAWORTHY_TEST_GRPCIO") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let mut protoc = Command::new(&python);
    protoc
        .args(["-m", "grpc_tools.protoc", "-I"])
        .arg(&files)
        .arg(format!("--python_out={}", folder.path().display()))
        .arg(format!("--grpc_python_out={}", folder.path().display()))
        .args([
            "auth.proto",
            "error.proto",
            "feature.proto",
            "greeter.proto",
        ]);
    succeeded(protoc.output());
    let mut client = Command::new(&python);
    client.arg(files.join("client.py"));
    call_with(database, client.env("PYTHONPATH", folder.path()));
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

/// The program of the Go client, which all tests share. `None` without Python or Go.
static GO_CLIENT: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let python = required("SEAWORTHY_TEST_GRPCIO")?;
    if !has_program("go", "version") {
        return None;
    }
    // A static is never dropped, so a temporary folder would stay.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("starter-go-client");
    std::fs::create_dir_all(&folder).unwrap();
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["main.go", "go.mod", "go.sum"] {
        std::fs::copy(home.join("tests/go").join(file), folder.join(file)).unwrap();
    }
    generate_go(&python, home, &folder);
    let client = folder.join("client");
    succeeded(go(&folder).args(["build", "-o"]).arg(&client).output());
    Some(client)
});

/// Generates a Go client from the protos of the contracts, and runs it.
pub(crate) fn go_client_calls_every_method_api_1(database: &EmptyDatabase) {
    if let Some(client) = &*GO_CLIENT {
        call_with(database, &mut Command::new(client));
    }
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
