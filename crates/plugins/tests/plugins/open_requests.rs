//! Requests that are open while a plugin or a version of it ends.

use std::sync::Arc;

use seaworthy_core::{Error, Timeout};
use seaworthy_http::Routes;
use seaworthy_plugins::{Capability, Decision, HookCall, HookPoint, PluginErrorCode, PluginStatus};
use seaworthy_testkit::{eventually, http::get};
use serde_json::Map;
use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    app::{Setup, TestApp, granted_http},
    guest::Guest,
    server::{hold, record},
    stops::{REPORTING, last_steps},
};

const HOOK: &str = "[[hooks]]\nname = \"version\"\npoint = \"before_biz\"\ntimeout = \"30s\"\n";

/// A service whose request `/twice` calls the hooks and asks for a decision, twice. The hooks fail
/// with the version of their plugin.
struct Open {
    app: TestApp,
    begun: Arc<Notify>,
    continued: Arc<Notify>,
}

impl Open {
    async fn start(setup: Setup) -> Self {
        let (begun, continued) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (begins, waits) = (Arc::clone(&begun), Arc::clone(&continued));
        let app = setup
            .config(|config| {
                config.security.max_cpu_percent = Some(100);
                config.auto_load = Some(false);
            })
            .start_with(|service, plugins| {
                let plugins = plugins.clone();
                service.http(Routes::new().get("/twice", move || {
                    let plugins = plugins.clone();
                    let (begins, waits) = (Arc::clone(&begins), Arc::clone(&waits));
                    async move {
                        let call = async || {
                            let call = HookCall::new();
                            let report = plugins.run_hooks(HookPoint::BeforeBiz, call).await?;
                            let failed = report.failed.into_iter();
                            let versions: Vec<_> = failed.map(|(_, version)| version).collect();
                            let decision = plugins.decide("u", "read", "order", Map::new());
                            let is_allowed = decision.await? == Decision::Allow;
                            Ok::<_, Error>(format!("{versions:?} {is_allowed}"))
                        };
                        let first = call().await?;
                        begins.notify_one();
                        waits.notified().await;
                        let second = call().await?;
                        Ok::<_, Error>(format!("{first}, {second}"))
                    }
                }));
            })
            .await
            .unwrap();
        app.plugins.load_folder().await.unwrap();
        Self {
            app,
            begun,
            continued,
        }
    }

    /// Begins a request, and waits for its first calls. Fails if the request ends with them.
    async fn request(&self) -> JoinHandle<String> {
        let address = self.app.service.addresses().http;
        let request = move || get(address, "/twice").unwrap().body;
        let mut request = tokio::task::spawn_blocking(request);
        let ended = tokio::select! {
            () = self.begun.notified() => None,
            ended = &mut request => Some(ended),
        };
        assert!(ended.is_none(), "the first calls failed: {ended:?}");
        request
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_request_does_not_call_a_stopped_plugin_plug_1() {
    let setup = Setup::new()
        .plugin("version", HOOK, &Guest::failing("1"))
        .plugin("rules", "", &Guest::denying("no"));
    let open = Open::start(setup).await;
    for unloads in [false, true] {
        let request = open.request().await;
        for name in ["version", "rules"] {
            match unloads {
                true => open.app.plugins.unload(name).await.unwrap(),
                false => open.app.plugins.stop_plugin(name).await.unwrap(),
            }
        }
        open.continued.notify_one();
        assert_eq!(request.await.unwrap(), "[\"1\"] false, [] true");
        if !unloads {
            for name in ["version", "rules"] {
                open.app.plugins.start_plugin(name).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_request_does_not_call_a_plugin_that_failed_to_start_plug_1() {
    let more = format!("capabilities = [\"key_value\"]\n{HOOK}");
    let setup = Setup::new()
        .grant("version", &[Capability::KeyValue])
        .plugin("version", &more, &Guest::failing("1").starting_once());
    let open = Open::start(setup).await;
    let request = open.request().await;
    open.app.plugins.stop_plugin("version").await.unwrap();
    let failed = open.app.plugins.start_plugin("version").await.unwrap_err();
    assert_eq!(failed.code(), PluginErrorCode::StartFailed);
    open.continued.notify_one();
    assert_eq!(request.await.unwrap(), "[\"1\"] true, [] true");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_request_calls_no_replaced_version_of_a_stopped_plugin_plug_1() {
    let setup = Setup::new()
        .plugin("version", HOOK, &Guest::failing("1"))
        .plugin("rules", "", &Guest::denying("no"));
    let open = Open::start(setup).await;
    let request = open.request().await;
    open.app.replace("version", HOOK, &Guest::failing("2"));
    open.app.plugins.reload("version").await.unwrap();
    open.app.plugins.stop_plugin("version").await.unwrap();
    open.continued.notify_one();
    assert_eq!(request.await.unwrap(), "[\"1\"] false, [] false");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_request_uses_plugins_that_were_loaded_again_plug_1() {
    let setup = Setup::new()
        .plugin("version", HOOK, &Guest::failing("1"))
        .plugin("rules", "", &Guest::denying("no"));
    let open = Open::start(setup).await;
    let request = open.request().await;
    open.app.replace("version", HOOK, &Guest::failing("2"));
    for name in ["version", "rules"] {
        open.app.plugins.unload(name).await.unwrap();
        open.app.plugins.load(name).await.unwrap();
        open.app.plugins.start_plugin(name).await.unwrap();
    }
    open.continued.notify_one();
    assert_eq!(request.await.unwrap(), "[\"1\"] false, [\"2\"] false");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_request_uses_plugins_that_were_enabled_again_plug_1() {
    let setup = Setup::new()
        .plugin("version", HOOK, &Guest::failing("1"))
        .plugin("rules", "", &Guest::denying("no"))
        .settings("rules", "enabled: true\n");
    let open = Open::start(setup).await;
    let request = open.request().await;
    let status = || open.app.plugins.get("rules").unwrap().status;
    // The plugin cannot be loaded, so that its version stops without a reload.
    let manifest = open.app.path("rules", "plugin.toml");
    let kept = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, "name = ").unwrap();
    open.app.configure("rules", "enabled: false\n");
    eventually(async || status() == PluginStatus::Stopped).await;
    std::fs::write(&manifest, kept).unwrap();
    open.app.configure("rules", "enabled: true\npriority: 7\n");
    eventually(async || status() == PluginStatus::Started).await;
    open.continued.notify_one();
    assert_eq!(request.await.unwrap(), "[\"1\"] false, [\"1\"] false");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_request_uses_the_new_version_after_the_timeout_plug_1() {
    let (url, mut paths) = record();
    let more = format!("{REPORTING}{HOOK}");
    let setup = Setup::new()
        .config(|config| {
            config.drain_timeout = Timeout::from_secs(1);
            config.grants.insert("version".to_owned(), granted_http());
        })
        .plugin("version", &more, &Guest::failing("1").with_reports(&url));
    let open = Open::start(setup).await;
    let request = open.request().await;
    open.app.replace("version", &more, &Guest::failing("2"));
    open.app.plugins.reload("version").await.unwrap();
    // The old version ends during the request.
    assert_eq!(last_steps(&mut paths).await, ["/stop", "/cleanup"]);
    open.continued.notify_one();
    assert_eq!(request.await.unwrap(), "[\"1\"] true, [\"2\"] true");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_use_the_version_that_replaced_an_ended_one_plug_1() {
    let (url, mut waiting) = hold();
    let first = format!("{REPORTING}{HOOK}priority = 1\n");
    let setup = Setup::new()
        .config(|config| {
            config.grants.insert("first".to_owned(), granted_http());
        })
        .plugin("first", &first, &Guest::requesting(&url, "(i32.const 16)"))
        .plugin("version", HOOK, &Guest::failing("1"));
    let open = Open::start(setup).await;
    let plugins = open.app.plugins.clone();
    let call = tokio::spawn(async move {
        let report = plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await;
        report.unwrap().failed
    });
    let respond = waiting.recv().await.unwrap();
    // The hook of the first plugin runs, and the request has the first version of the other one.
    open.app.plugins.unload("version").await.unwrap();
    open.app.replace("version", HOOK, &Guest::failing("2"));
    open.app.plugins.load("version").await.unwrap();
    open.app.plugins.start_plugin("version").await.unwrap();
    drop((respond, waiting));
    let failed = [("version/version".to_owned(), "2".to_owned())];
    assert_eq!(call.await.unwrap(), failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_version_ends_after_its_requests_plug_1() {
    let (url, mut paths) = record();
    let more = format!("{REPORTING}{HOOK}");
    let setup = Setup::new()
        .config(|config| drop(config.grants.insert("version".to_owned(), granted_http())))
        .plugin("version", &more, &Guest::failing("1").with_reports(&url));
    let open = Open::start(setup).await;
    let request = open.request().await;
    let next = Guest::failing("2").with_reports(&format!("{url}new/"));
    open.app.replace("version", &more, &next);
    open.app.plugins.reload("version").await.unwrap();
    // The request still uses the old version.
    assert!(paths.try_recv().is_err());
    open.continued.notify_one();
    let seen = request.await.unwrap();
    assert_eq!(seen, "[\"1\"] true, [\"1\"] true");
    assert_eq!(last_steps(&mut paths).await, ["/stop", "/cleanup"]);
    // Without requests the next version ends at once.
    open.app.replace("version", &more, &Guest::failing("3"));
    open.app.plugins.reload("version").await.unwrap();
    assert_eq!(last_steps(&mut paths).await, ["/new/stop", "/new/cleanup"]);
}

/// Disables the plugin by its settings, and reloads it. Expects that an open request does not call
/// it afterwards.
async fn expect_end_after_disabling(open: Open, request: JoinHandle<String>) {
    open.app.configure("version", "enabled: false\n");
    open.app.plugins.reload("version").await.unwrap();
    let status = open.app.plugins.get("version").unwrap().status;
    assert_eq!(status, PluginStatus::Initialized);
    open.continued.notify_one();
    assert_eq!(request.await.unwrap(), "[\"1\"] true, [] true");
}

#[tokio::test(flavor = "multi_thread")]
async fn version_disabled_by_its_settings_ends_at_once_plug_1() {
    let setup = Setup::new().plugin("version", HOOK, &Guest::failing("1"));
    let open = Open::start(setup).await;
    let request = open.request().await;
    expect_end_after_disabling(open, request).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_versions_of_a_disabled_plugin_end_at_once_plug_1() {
    let setup = Setup::new().plugin("version", HOOK, &Guest::failing("1"));
    let open = Open::start(setup).await;
    let request = open.request().await;
    // The request still uses the first version.
    open.app.replace("version", HOOK, &Guest::failing("2"));
    open.app.plugins.reload("version").await.unwrap();
    expect_end_after_disabling(open, request).await;
}
