//! The image of the service, assembled and run without a container engine.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use seaworthy_testkit::{http::get, server::free_address};
use serde_json::Value;

use super::{SECRET, TIMEOUT};

fn script(name: &str) -> Command {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut command = Command::new(repository.join("scripts").join(name));
    command.current_dir(repository);
    command
}

/// Assembles the image and returns its digest. The lowest compression level keeps the test fast.
fn assemble(folder: &Path) -> String {
    let assembled = script("image")
        .arg(env!("CARGO_BIN_EXE_city-events-join"))
        .arg(folder)
        .args(["--package", "city-events-join"])
        .args(["--env", "JOIN_SERVICE__PROFILE=production"])
        .env("IMAGE_COMPRESSION", "1")
        .output()
        .unwrap();
    assert!(assembled.status.success(), "{assembled:?}");
    String::from_utf8(assembled.stdout)
        .unwrap()
        .trim()
        .to_owned()
}

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A command of the image with the settings of a development service in its only writable folder.
fn run(image: &Path, command: &str, [http, grpc, admin]: [SocketAddr; 3]) -> Command {
    let mut run = script("run-image");
    run.arg(image).arg(command);
    for (key, value) in [
        ("PROFILE", "development".to_owned()),
        ("DATABASE__URL", "sqlite:/tmp/join.db".to_owned()),
        ("DATABASE__MIGRATE_AT_START", "true".to_owned()),
        ("BROKER__URL", "sqlite:/tmp/broker.db".to_owned()),
        ("JWT__SECRET", SECRET.to_owned()),
        ("AUDIT_LOG__KEY", SECRET.to_owned()),
        ("SERVER__HTTP__ADDR", http.to_string()),
        ("SERVER__GRPC__ADDR", grpc.to_string()),
        ("ADMIN__ADDR", admin.to_string()),
    ] {
        run.env(format!("IMAGE_ENV_JOIN_SERVICE__{key}"), value);
    }
    run.stdout(Stdio::piped()).stderr(Stdio::piped());
    run
}

/// Kills the process when the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn image_serves_as_its_user_on_a_read_only_root_ship_1() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    let digest = assemble(&image);
    let again = assemble(&folder.path().join("again"));
    assert_eq!(digest, again, "the same program gives the same image");

    let bill = json(image.join("sbom.cdx.json"));
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let components = bill["components"].as_array().unwrap().iter();
    let names: BTreeSet<_> = components
        .map(|component| component["name"].as_str().unwrap())
        .collect();
    assert!(names.contains("tokio") && names.contains("seaworthy-outbox"));
    assert!(
        !names.contains("seaworthy-testkit"),
        "it is linked into tests only"
    );
    let provenance = json(image.join("provenance.json"));
    let subject = provenance["subject"][0]["digest"]["sha256"]
        .as_str()
        .unwrap();
    assert_eq!(format!("sha256:{subject}"), digest);

    let addresses = [(); 3].map(|()| free_address().unwrap());
    let mut service = Running(run(&image, "serve", addresses).spawn().unwrap());
    let admin = addresses[2];
    let begun = Instant::now();
    while !get(admin, "/readyz").is_ok_and(|answer| answer.status == 200) {
        if service.0.try_wait().unwrap().is_some() || begun.elapsed() > TIMEOUT {
            let _ = service.0.kill();
            panic!("the service does not become ready: {}", log(&mut service.0));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // The shell and the tools `exec` the service, so the ID of the child is that of the service.
    let process = Path::new("/proc").join(service.0.id().to_string());
    let status = fs::read_to_string(process.join("status")).unwrap();
    let user = status
        .lines()
        .find(|line| line.starts_with("Uid:"))
        .unwrap();
    let may_change = is_root();
    assert!(!may_change || user.contains("65532"), "{user}");
    let capabilities = status.lines().find(|line| line.starts_with("CapEff:"));
    assert_eq!(capabilities, Some("CapEff:\t0000000000000000"));
    let mounts = fs::read_to_string(process.join("mountinfo")).unwrap();
    let root = mounts
        .lines()
        .find(|line| line.split(' ').nth(4) == Some("/"));
    assert!(
        root.unwrap().split(' ').nth(5).unwrap().starts_with("ro"),
        "{mounts}"
    );

    let healthy = run(&image, "health", addresses).output().unwrap();
    assert!(healthy.status.success(), "{healthy:?}");
    drop(service);
    let unhealthy = run(&image, "health", addresses).output().unwrap();
    assert!(!unhealthy.status.success(), "{unhealthy:?}");
}

/// Whether this test may change to the user of the image.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn log(child: &mut Child) -> String {
    use std::io::Read as _;
    let mut text = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        let _ = stdout.read_to_string(&mut text);
    }
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_string(&mut text);
    }
    text
}
