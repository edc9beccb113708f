//! Changes that are requested while another one or a request runs.

use std::time::Duration;

use futures::FutureExt as _;
use seaworthy_plugins::{HookCall, HookPoint, PluginErrorCode, PluginStatus};
use seaworthy_testkit::eventually;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    app::{Setup, TestApp, granted_http},
    guest::Guest,
    server::{hold, respond},
};

const HOOK: &str = "capabilities = [\"http\"]\n[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";
/// The timeout of waits: a loaded machine needs far less.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The failure of the reload of a slow version.
const SLOW: &str = "plugin \"guard\": exceeded its timeout of 2s";

/// Starts a service, and writes a version of its plugin whose reload fails after two seconds.
/// Returns the reports of its initializations.
async fn with_slow_version(auto_load: bool) -> (TestApp, UnboundedReceiver<String>) {
    let (url, running) = respond("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    let app = Setup::new()
        .config(|config| {
            config.security.max_cpu_percent = Some(100);
            config.auto_load = Some(auto_load);
            let grant = granted_http();
            config.grants.insert("guard".to_owned(), grant);
        })
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .settings("guard", "timeout: 2s\n")
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    assert_eq!(app.rejection_text(), "one");
    let slow = Guest::requesting_in_initialize(&url, "(loop $l (br $l)) unreachable");
    app.replace("guard", HOOK, &slow);
    (app, running)
}

/// Waits until a slow version is initialized.
async fn initialized(running: &mut UnboundedReceiver<String>) {
    let report = tokio::time::timeout(TIMEOUT, running.recv()).await;
    let report = report.map(|request| request.map(drop));
    assert_eq!(report, Ok(Some(())), "no reload");
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_during_another_one_applies_newer_files_plug_1() {
    let (app, mut running) = with_slow_version(false).await;
    let mut slow = Box::pin(app.plugins.reload("guard"));
    assert!(slow.as_mut().now_or_never().is_none());
    initialized(&mut running).await;
    app.replace("guard", HOOK, &Guest::rejecting(403, "two"));
    let newer = app.plugins.reload("guard");
    let (slow, newer) = futures::join!(slow, newer);
    assert_eq!(slow.unwrap_err().code(), PluginErrorCode::Timeout);
    newer.unwrap();
    assert_eq!(app.rejection_text(), "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_without_a_caller_follows_another_one_plug_1() {
    let (app, mut running) = with_slow_version(false).await;
    let mut slow = Box::pin(app.plugins.reload("guard"));
    assert!(slow.as_mut().now_or_never().is_none());
    initialized(&mut running).await;
    app.replace("guard", HOOK, &Guest::rejecting(403, "two"));
    // The caller of the next reload, such as a client that disconnects, is gone at once.
    assert!(app.plugins.reload("guard").now_or_never().is_none());
    assert_eq!(slow.await.unwrap_err().to_string(), SLOW);
    eventually(async || app.rejection_text() == "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_whose_caller_is_gone_ends_plug_1() {
    let (app, mut running) = with_slow_version(false).await;
    let mut failures = app.failures();
    assert!(app.plugins.reload("guard").now_or_never().is_none());
    initialized(&mut running).await;
    failures.wait_for(SLOW).await;
    assert_eq!(app.rejection_text(), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn change_of_the_folder_during_a_reload_is_applied_plug_1() {
    let (app, mut running) = with_slow_version(true).await;
    // The service reloads the slow version, because it follows the folder.
    initialized(&mut running).await;
    app.replace("guard", HOOK, &Guest::rejecting(403, "two"));
    eventually(async || app.rejection_text() == "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hook_that_a_newer_version_lacks_is_skipped_plug_1() {
    let (url, mut waiting) = hold();
    let hook = |name: &str, priority: i32| {
        format!(
            "[[hooks]]\nname = \"{name}\"\npoint = \"before_biz\"\npriority = {priority}\nveto = true\ntimeout = \"30s\"\n"
        )
    };
    let first = format!("capabilities = [\"http\"]\n{}", hook("first", 1));
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("first".to_owned(), granted_http());
        })
        .plugin("first", &first, &Guest::requesting(&url, "(i32.const 16)"))
        .plugin("guard", &hook("old", 2), &Guest::quiet())
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    let plugins = app.plugins.clone();
    let call = tokio::spawn(async move {
        let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        call.await.map(|report| report.failed)
    });
    let respond = waiting.recv().await.unwrap();
    // The hook of the first plugin runs, and the call has the first version of the other one.
    app.plugins.unload("guard").await.unwrap();
    app.replace("guard", &hook("new", 2), &Guest::quiet());
    app.plugins.load("guard").await.unwrap();
    app.plugins.start_plugin("guard").await.unwrap();
    drop((respond, waiting));
    assert_eq!(call.await.unwrap().unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_of_lost_callers_release_their_calls_plug_2() {
    let (url, mut waiting) = hold();
    let app = Setup::new()
        .service_settings(
            "clients: { plugins: { policies: { attempt_timeout: 10m, total_timeout: 10m } } }\n",
        )
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("guard".to_owned(), granted_http());
        })
        .plugin(
            "guard",
            "capabilities = [\"http\"]\n[[hooks]]\nname = \"guard\"\npoint = \"before_biz\"\nveto = true\ntimeout = \"10m\"\n",
            &Guest::requesting(&url, "(i32.const 16)"),
        )
        .settings("guard", "timeout: 10m\n")
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    let mut unanswered = Vec::new();
    // Without cancellation, these guests would use up the concurrent calls of the plugin.
    for _ in 0..=cores {
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        let request = tokio::select! {
            _ = call => None,
            request = tokio::time::timeout(TIMEOUT, waiting.recv()) => request.unwrap(),
        };
        unanswered.push(request.unwrap());
    }
    let counted = "plugin_faults_total{plugin=\"guard\",reason=\"cancelled\"}";
    eventually(async || app.metric(counted) > u64::try_from(cores).unwrap()).await;
    app.plugins.stop_plugin("guard").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn load_of_the_folder_continues_after_its_drop_plug_1() {
    let (url, mut waiting) = hold();
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("guard".to_owned(), granted_http());
        })
        .plugin(
            "guard",
            "capabilities = [\"http\"]\n",
            &Guest::requesting_in_initialize(&url, "(i32.const 16)"),
        )
        .start()
        .await
        .unwrap();
    let unanswered = tokio::select! {
        loaded = app.plugins.load_folder() => panic!("ended before its drop: {loaded:?}"),
        unanswered = waiting.recv() => unanswered,
    };
    drop((unanswered, waiting));
    eventually(async || app.plugins.status("guard") == PluginStatus::Started).await;
    app.service.stop().await;
    let refused = app.plugins.load_folder().await.unwrap_err();
    let problem = "the plugin folder is not changed, because the service stops";
    assert_eq!(refused.to_string(), problem);
}
