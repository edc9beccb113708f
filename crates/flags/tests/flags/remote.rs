//! Flags of a flag server, over gRPC and HTTP.

use std::{fs, path::Path, sync::OnceLock};

use seaworthy_config::Loader;
use seaworthy_flags::{Flag, FlagServer, Flags, FlagsConfig, RemoteConfig, RemoteSource, Toggle};
use seaworthy_grpc::Contracts;
use seaworthy_http::Routes;
use seaworthy_service::{NoSettings, RunningService, Service};
use seaworthy_testkit::eventually;

const DOCUMENT: &str = r#"{"flags": {"beta": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}}}"#;

/// The same flag in a list, which flagd accepts too.
const LIST: &str = r#"{"flags": [{"key": "beta", "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}]}"#;

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("new"), text).unwrap();
    fs::rename(folder.join("new"), folder.join("features.json")).unwrap();
}

/// A flag server that reads `features.json` of a folder.
async fn server(folder: &Path) -> RunningService {
    let config = FlagsConfig {
        directory: folder.into(),
        ..FlagsConfig::default()
    };
    Service::new("flags", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("flags"), async |service| {
            let flags = Flags::start(service, &config).await?;
            let path = folder.join("features.json");
            let read = async move || fs::read_to_string(&path).unwrap_or_default();
            service.http(Routes::new().get("/flags.json", read));
            FlagServer::public(&flags)
                .add_to(service, Contracts::new())
                .serve(service)
        })
        .await
        .unwrap()
}

struct TestApp {
    service: RunningService,
    beta: Toggle<bool>,
    flags: Flags,
}

async fn client(state: &Path, source: RemoteSource, setting: String) -> TestApp {
    let config = FlagsConfig {
        directory: state.join("none"),
        state_directory: Some(state.join("state")),
        remote: RemoteConfig {
            source,
            poll_interval: "50ms".parse().unwrap(),
            ..RemoteConfig::default()
        },
        ..FlagsConfig::default()
    };
    let started = OnceLock::new();
    let service = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(
            Loader::for_tests("flags").overrides([setting]),
            async |service| {
                let flags = Flags::start(service, &config).await?;
                let beta = flags.declare(Flag::boolean("beta", false))?;
                let _ = started.set((beta, flags));
                Ok(())
            },
        )
        .await
        .unwrap();
    let (beta, flags) = started.into_inner().unwrap();
    TestApp {
        service,
        beta,
        flags,
    }
}

/// Starts with the flags of a server, follows a change, and starts again without the server.
async fn follow(source: RemoteSource, setting: impl Fn(&RunningService) -> String) {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(folder.path(), LIST);
    let server = server(folder.path()).await;
    let setting = setting(&server);
    let app = client(state.path(), source, setting.clone()).await;
    assert!(app.beta.get());
    assert!(app.flags.entry("beta").is_some());
    write(
        folder.path(),
        &DOCUMENT.replace(r#"defaultVariant": "on""#, r#"defaultVariant": "off""#),
    );
    eventually(async || !app.beta.get()).await;
    // A document with errors changes nothing.
    write(folder.path(), "{\"flags\": 7}");
    write(folder.path(), DOCUMENT);
    eventually(async || app.beta.get()).await;
    app.service.stop().await;
    server.stop().await;
    let app = client(state.path(), source, setting).await;
    assert!(app.beta.get());
    app.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_follow_grpc_server_and_survive_it_flag_1() {
    follow(RemoteSource::Flagd, |server| {
        let address = server.addresses().grpc.unwrap();
        format!("grpc_clients.flags.url=http://{address}")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_follow_http_document_and_survive_server_flag_1() {
    follow(RemoteSource::Http, |server| {
        let address = server.addresses().http;
        format!("clients.flags.base_url=http://{address}")
    })
    .await;
}
