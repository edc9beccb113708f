//! Plugins that are stopped or unloaded, and the steps that they run last.

use std::time::Duration;

use seaworthy_plugins::{EventType, HookCall, HookPoint, PluginStatus};
use seaworthy_service::StopOutcome;
use seaworthy_testkit::eventually;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    task::JoinHandle,
};

use crate::{
    app::{Setup, TestApp, granted_http},
    guest::Guest,
    server::{hold, record},
};

const HOOK: &str = "[[hooks]]\nname = \"version\"\npoint = \"before_biz\"\ntimeout = \"30s\"\n";
/// The timeout of waits: a loaded machine needs far less.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The lines of the manifest of a plugin that sends requests in its last steps.
pub(crate) const REPORTING: &str = "capabilities = [\"http\"]\n";

/// Returns the paths that the last steps of a plugin requested.
pub(crate) async fn last_steps(paths: &mut UnboundedReceiver<String>) -> [String; 2] {
    let next = async { [paths.recv().await.unwrap(), paths.recv().await.unwrap()] };
    tokio::time::timeout(TIMEOUT, next).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn unload_and_shutdown_call_the_last_steps_plug_1() {
    let (url, mut paths) = record();
    let mut setup = Setup::new().config(|config| config.security.max_cpu_percent = Some(100));
    for (name, needs) in [
        ("a-base", ""),
        ("b-child", "dependencies = [\"a-base\"]\n"),
        ("other", ""),
    ] {
        let guest = Guest::quiet().with_reports(&format!("{url}{name}/"));
        setup = setup
            .config(|config| drop(config.grants.insert(name.to_owned(), granted_http())))
            .plugin(name, &format!("{needs}{REPORTING}"), &guest);
    }
    let app = setup.start().await.unwrap();
    app.plugins.unload("other").await.unwrap();
    assert_eq!(
        last_steps(&mut paths).await,
        ["/other/stop", "/other/cleanup"]
    );
    let plugins = app.plugins.clone();
    app.service.stop().await;
    assert_eq!(
        last_steps(&mut paths).await,
        ["/b-child/stop", "/b-child/cleanup"]
    );
    assert_eq!(
        last_steps(&mut paths).await,
        ["/a-base/stop", "/a-base/cleanup"]
    );
    assert!(plugins.list().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_last_steps_do_not_abort_the_stop_plug_2() {
    let (url, mut waiting) = hold();
    let app = Setup::new()
        .set("lifecycle.worker_timeout=1s")
        .set("lifecycle.pool_timeout=1s")
        .config(|config| {
            config.auto_load = Some(false);
            config.grants.insert("stalled".to_owned(), granted_http());
        })
        .plugin(
            "stalled",
            REPORTING,
            &Guest::quiet().with_reports(&format!("{url}old/")),
        )
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    // The `stop` of the old version waits for a response.
    let newer = Guest::quiet().with_reports(&format!("{url}new/"));
    app.replace("stalled", REPORTING, &newer);
    app.plugins.reload("stalled").await.unwrap();
    let _unanswered = waiting.recv().await.unwrap();
    assert_eq!(app.service.stop().await, StopOutcome::Clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_plugin_stops_without_its_steps_plug_1() {
    let (url, mut paths) = record();
    let more = format!("{REPORTING}{HOOK}");
    let app = Setup::new()
        .config(|config| {
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("evil".to_owned(), granted_http());
        })
        .plugin(
            "evil",
            &more,
            &Guest::hook("unreachable").with_reports(&url),
        )
        .start()
        .await
        .unwrap();
    for _ in 0..5 {
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        assert_eq!(call.await.unwrap().failed.len(), 1);
    }
    eventually(async || app.readiness() == (200, "degraded".to_owned())).await;
    assert!(app.plugins.get("evil").unwrap().next_trial_time.is_some());
    app.plugins.stop_plugin("evil").await.unwrap();
    let info = app.plugins.get("evil").unwrap();
    assert_eq!(info.status, PluginStatus::Stopped);
    // The service does not call it, so there is no trial.
    assert_eq!(info.next_trial_time, None);
    eventually(async || app.readiness() == (200, "ready".to_owned())).await;
    app.plugins.unload("evil").await.unwrap();
    assert!(paths.try_recv().is_err());
}

/// Begins the load of a plugin whose guest ends after some seconds of processor time.
async fn slow_load(percent: u8) -> (TestApp, JoinHandle<bool>) {
    let (url, mut paths) = record();
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(percent);
            config.grants.insert("slow".to_owned(), granted_http());
        })
        .plugin("other", HOOK, &Guest::failing("1"))
        .settings("slow", "timeout: 60s\n")
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    let endless = Guest::requesting_in_initialize(&url, "(loop $l (br $l)) unreachable");
    app.replace("slow", REPORTING, &endless);
    let plugins = app.plugins.clone();
    let slow = tokio::spawn(async move { plugins.load("slow").await.is_ok() });
    paths.recv().await.unwrap();
    (app, slow)
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_disable_a_plugin_during_the_load_of_another_plug_1() {
    let (app, slow) = slow_load(100).await;
    app.configure("other", "enabled: false\n");
    let status = || app.plugins.get("other").unwrap().status;
    eventually(async || status() == PluginStatus::Stopped).await;
    assert!(!slow.is_finished());
    slow.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_does_not_wait_for_the_load_of_another_plugin_plug_1() {
    let (app, slow) = slow_load(30).await;
    app.plugins.stop_plugin("other").await.unwrap();
    app.plugins.start_plugin("other").await.unwrap();
    app.plugins.unload("other").await.unwrap();
    assert!(!slow.is_finished());
    assert!(!slow.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_of_a_plugin_that_does_not_run_is_published_plug_1() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .plugin(
            "failed",
            "",
            &Guest::quiet().with_step("start", "unreachable"),
        )
        .plugin("disabled", "", &Guest::quiet())
        .settings("disabled", "enabled: false\n")
        .plugin("loaded", "", &Guest::quiet())
        .start()
        .await
        .unwrap();
    let (sender, mut stopped) = mpsc::unbounded_channel();
    let events = app.plugins.events();
    events.subscribe("stops", [EventType::PLUGIN_STOPPED], move |event| {
        let plugin = event.data().get("plugin").cloned();
        let _ = sender.send(plugin.unwrap_or_default());
        std::future::ready(Ok(()))
    });
    for name in ["failed", "disabled", "loaded"] {
        app.plugins.load(name).await.unwrap();
        if name != "loaded" {
            assert!(app.plugins.start_plugin(name).await.is_err());
        }
        // The second stop changes nothing.
        for _ in 0..2 {
            app.plugins.stop_plugin(name).await.unwrap();
        }
    }
    // The stop delivers the queued events.
    app.service.stop().await;
    let stopped: Vec<_> = std::iter::from_fn(|| stopped.try_recv().ok()).collect();
    assert_eq!(stopped, ["failed", "disabled"]);
}
