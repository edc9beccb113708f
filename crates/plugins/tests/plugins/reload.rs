//! Reloads of plugins while requests run.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use seaworthy_core::Error;
use seaworthy_http::Routes;
use seaworthy_plugins::{HookCall, HookPoint};
use seaworthy_testkit::http::get;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use crate::{
    app::{Setup, granted_http},
    guest::Guest,
    server::record,
};

/// The timeout of waits: a loaded machine needs far less.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The timeout is long enough for a busy machine.
const HOOK: &str =
    "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn failed_version_leaves_the_old_one_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let bad = Guest::rejecting(403, "two").with_initialize("unreachable");
    app.replace("guard", &format!("version = \"2.0.0\"\n{HOOK}"), &bad);
    let reload = app.plugins.reload("guard").await.unwrap_err();
    assert_eq!(reload.code().as_str(), "PLUGIN_CONFIG_ERROR");
    assert_eq!(app.rejection_text(), "one");
    assert_eq!(app.plugins.get("guard").unwrap().metadata.version, "1.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn request_uses_one_version_until_its_end_plug_1() {
    const HOOK: &str = "[[hooks]]\nname = \"version\"\npoint = \"before_biz\"\ntimeout = \"30s\"\n";
    let (begun, reloaded) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, waits) = (Arc::clone(&begun), Arc::clone(&reloaded));
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("version", HOOK, &Guest::setting("version", "1"))
        .start_with(|service, plugins| {
            let plugins = plugins.clone();
            service.http(Routes::new().get("/twice", move || {
                let plugins = plugins.clone();
                let (begins, waits) = (Arc::clone(&begins), Arc::clone(&waits));
                async move {
                    let run = || plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
                    let first = run().await?.call;
                    begins.notify_one();
                    waits.notified().await;
                    let second = run().await?.call;
                    let versions = [first, second].map(|call| call.value("version").cloned());
                    Ok::<_, Error>(format!("{versions:?}"))
                }
            }));
        })
        .await
        .unwrap();
    let address = app.service.addresses().http;
    let request = || tokio::task::spawn_blocking(move || get(address, "/twice").unwrap().body);
    let seen = request();
    begun.notified().await;
    app.replace("version", HOOK, &Guest::setting("version", "2"));
    app.plugins.reload("version").await.unwrap();
    reloaded.notify_one();
    assert_eq!(seen.await.unwrap(), "[Some(Number(1)), Some(Number(1))]");
    reloaded.notify_one();
    let seen = request().await.unwrap();
    assert_eq!(seen, "[Some(Number(2)), Some(Number(2))]");
}

/// Starts a client that sends requests at its share of the rate. Counts equal responses.
fn paced(address: SocketAddr, client: u32) -> JoinHandle<BTreeMap<(u16, String), usize>> {
    let begun = Instant::now();
    std::thread::spawn(move || {
        let mut seen = BTreeMap::new();
        for number in 0..REQUESTS / CLIENTS {
            let due = Duration::from_secs(1) * (number * CLIENTS + client) / RATE;
            std::thread::sleep((begun + due).saturating_duration_since(Instant::now()));
            let answer = get(address, "/versions").unwrap();
            *seen.entry((answer.status, answer.body)).or_default() += 1;
        }
        seen
    })
}

/// The requests per second of all clients.
const RATE: u32 = 500;
const CLIENTS: u32 = 16;
/// The requests of one test. They take two seconds on a fast machine.
const REQUESTS: u32 = 1_024;

#[tokio::test(flavor = "multi_thread")]
async fn reload_under_load_does_not_fail_or_mix_requests_plug_1() {
    const POINTS: [&str; 3] = ["before_request", "before_biz", "after_data"];
    let hooks = POINTS.map(|point| {
        format!("[[hooks]]\nname = \"version\"\npoint = \"{point}\"\ntimeout = \"30s\"\n")
    });
    let hooks = hooks.concat();
    // The requests of this test use far more than the default share in a build without
    // optimization.
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
        })
        .plugin("version", &hooks, &Guest::setting("version", "1"))
        .start_with(|service, plugins| {
            let plugins = plugins.clone();
            let versions = move || {
                let plugins = plugins.clone();
                async move {
                    let mut seen = Vec::new();
                    // Each point begins with the value of the one before. `after_biz` has no hook,
                    // so its value is that of `before_request`, which ran before this handler.
                    for point in [
                        HookPoint::AfterBiz,
                        HookPoint::BeforeBiz,
                        HookPoint::AfterData,
                    ] {
                        let report = plugins.run_hooks(point, HookCall::new()).await?;
                        seen.push(report.call.value("version").cloned().unwrap_or_default());
                        seen.extend(report.failed.into_iter().map(|(_, problem)| problem.into()));
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    Ok::<_, Error>(Value::from(seen).to_string())
                }
            };
            service.http(Routes::new().get("/versions", versions));
        })
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    let address = app.service.addresses().http;
    let clients: Vec<_> = (0..CLIENTS).map(|client| paced(address, client)).collect();
    let mut reloads = 0;
    while !clients.iter().all(JoinHandle::is_finished) {
        let version = ["2", "1"][reloads % 2];
        app.replace("version", &hooks, &Guest::setting("version", version));
        app.plugins.reload("version").await.unwrap();
        reloads += 1;
    }
    assert!(reloads > 2, "{reloads} reloads");
    let mut seen = BTreeMap::new();
    for client in clients {
        for (response, count) in client.join().unwrap() {
            *seen.entry(response).or_default() += count;
        }
    }
    let whole = ["[1,1,1]", "[2,2,2]"].map(|body| (200, body.to_owned()));
    // Requests of both versions ran, none failed, and none mixed both versions.
    assert_eq!(seen.keys().cloned().collect::<Vec<_>>(), whole, "{seen:?}");
    let count = seen.values().sum::<usize>();
    assert_eq!(count, usize::try_from(REQUESTS).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_plugin_that_an_operator_stopped_stays_stopped_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::hook("unreachable"))
        .start()
        .await
        .unwrap();
    for _ in 0..5 {
        assert_eq!(app.orders().0, 503);
    }
    app.plugins.stop_plugin("guard").await.unwrap();
    assert_eq!(app.orders().0, 200);
    app.replace("guard", HOOK, &Guest::rejecting(403, "two"));
    app.plugins.reload("guard").await.unwrap();
    assert_eq!(app.orders().0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_rejects_circular_dependencies_plug_1() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .plugin("base", HOOK, &Guest::rejecting(403, "one"))
        .plugin("child", "dependencies = [\"base\"]\n", &Guest::quiet())
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    for dependency in ["base", "child"] {
        let circle = format!("dependencies = [\"{dependency}\"]\n{HOOK}");
        app.replace("base", &circle, &Guest::quiet());
        let refused = app.plugins.reload("base").await.unwrap_err();
        assert_eq!(refused.code().as_str(), "PLUGIN_DEPENDENCY_ERROR");
    }
    assert_eq!(app.orders().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_needs_started_dependencies_plug_1() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .plugin("base", "", &Guest::quiet())
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    app.plugins.stop_plugin("base").await.unwrap();
    let needs = format!("dependencies = [\"base\"]\n{HOOK}");
    app.replace("guard", &needs, &Guest::rejecting(403, "two"));
    let refused = app.plugins.reload("guard").await.unwrap_err();
    assert_eq!(refused.code().as_str(), "PLUGIN_DEPENDENCY_ERROR");
    assert_eq!(app.rejection_text(), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn initialized_version_that_is_not_used_cleans_up_plug_1() {
    let (url, mut paths) = record();
    let guest = |path: &str| Guest::quiet().with_reports(&format!("{url}{path}/"));
    let needs =
        |plugin: &str| format!("dependencies = [\"{plugin}\"]\ncapabilities = [\"http\"]\n");
    let failing = guest("failing").with_step("start", "unreachable");
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
            for plugin in ["new", "guard"] {
                config.grants.insert(plugin.to_owned(), granted_http());
            }
        })
        .plugin("base", "", &Guest::quiet())
        .plugin("guard", "", &Guest::quiet())
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    // Its dependency is not loaded.
    app.replace("new", &needs("missing"), &guest("new"));
    let error = app.plugins.load("new").await.unwrap_err();
    assert_eq!(error.code().as_str(), "PLUGIN_DEPENDENCY_ERROR");
    assert_eq!(next_path(&mut paths).await, "/new/cleanup");
    // Its `start` fails.
    app.replace("guard", &needs("base"), &failing);
    let error = app.plugins.reload("guard").await.unwrap_err();
    assert_eq!(error.code().as_str(), "PLUGIN_START_FAILED");
    assert_eq!(next_path(&mut paths).await, "/failing/cleanup");
    // Its dependency is not started.
    app.plugins.stop_plugin("base").await.unwrap();
    app.replace("guard", &needs("base"), &guest("guard"));
    let error = app.plugins.reload("guard").await.unwrap_err();
    assert_eq!(error.code().as_str(), "PLUGIN_DEPENDENCY_ERROR");
    assert_eq!(next_path(&mut paths).await, "/guard/cleanup");
}

/// Returns the path of the next request of a plugin.
async fn next_path(paths: &mut mpsc::UnboundedReceiver<String>) -> String {
    let path = tokio::time::timeout(TIMEOUT, paths.recv()).await;
    path.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_without_a_label_are_counted_together_plug_1() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .plugin("guard", "", &Guest::quiet())
        .plugin("other", "", &Guest::quiet())
        .start()
        .await
        .unwrap();
    app.plugins.load("guard").await.unwrap();
    app.plugins.start_plugin("guard").await.unwrap();
    let reload = async |version: usize| {
        let version = format!("version = \"2.0.{version}\"\n");
        app.replace("guard", &version, &Guest::quiet());
        app.plugins.reload("guard").await.unwrap();
    };
    let started = |plugin: &str, version: &str| {
        app.metric(&format!(
            "plugin_started{{plugin=\"{plugin}\",version=\"{version}\"}}"
        ))
    };
    // With the first version these are 64, which is the maximum number of labels.
    for version in 1..64 {
        reload(version).await;
    }
    assert_eq!(started("guard", "1.0.0"), 0);
    assert_eq!(started("guard", "2.0.63"), 1);
    app.plugins.load("other").await.unwrap();
    app.plugins.start_plugin("other").await.unwrap();
    reload(64).await;
    assert_eq!(started("other", "other"), 2);
    app.plugins.stop_plugin("guard").await.unwrap();
    assert_eq!(started("other", "other"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_does_not_start_a_stopped_plugin_plug_1() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    app.plugins.stop_plugin("guard").await.unwrap();
    for enabled in [false, true] {
        let settings = format!("enabled: {enabled}\n");
        std::fs::write(app.folder.path().join("config/guard.yaml"), settings).unwrap();
        app.plugins.reload("guard").await.unwrap();
        assert_eq!(app.orders().0, 200);
    }
    app.plugins.start_plugin("guard").await.unwrap();
    assert_eq!(app.orders().0, 403);
}
