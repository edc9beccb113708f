//! Changes of plugins while a step of another one runs for minutes.

use std::time::Duration;

use seaworthy_plugins::{PluginError, PluginErrorCode, PluginStatus};
use seaworthy_service::StopOutcome;
use seaworthy_testkit::eventually;
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle, time::timeout};

use crate::{
    app::{Setup, TestApp, granted_http},
    guest::Guest,
    server::{hold, record},
    stops::last_steps,
};

pub(crate) const HTTP: &str = "capabilities = [\"http\"]\n";
/// A step of a plugin waits for a response until this timeout, which a test does not reach.
const SLOW: &str = "timeout: 10m\n";
/// As [`SLOW`], for the requests of plugins.
const CLIENTS: &str =
    "clients: { plugins: { policies: { attempt_timeout: 10m, total_timeout: 10m } } }\n";
/// Far longer than a change needs on a loaded machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// The requests that wait for a response. Their drop ends the steps.
pub(crate) type Waiting = UnboundedReceiver<std::sync::mpsc::Sender<()>>;

/// Starts a service without its plugins. The step of `a-slow` waits for a response, and `other` has
/// no steps.
async fn with_slow(step: &'static str, auto_load: bool) -> (TestApp, Waiting) {
    let (url, waiting) = hold();
    let app = Setup::new()
        .service_settings(CLIENTS)
        .config(|config| {
            config.auto_load = Some(auto_load);
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("a-slow".to_owned(), granted_http());
        })
        .plugin("a-slow", HTTP, &Guest::requesting_in_step(step, &url))
        .settings("a-slow", SLOW)
        .plugin("other", "", &Guest::quiet())
        .start()
        .await
        .unwrap();
    (app, waiting)
}

/// Waits until a step runs. The step ends with the drop of the result and of `waiting`.
pub(crate) async fn running(waiting: &mut Waiting) -> std::sync::mpsc::Sender<()> {
    timeout(TIMEOUT, waiting.recv()).await.unwrap().unwrap()
}

async fn start(app: &TestApp, name: &str) {
    app.plugins.load(name).await.unwrap();
    app.plugins.start_plugin(name).await.unwrap();
}

fn status(app: &TestApp, name: &str) -> Option<PluginStatus> {
    app.plugins.get(name).ok().map(|info| info.status)
}

/// Begins the start of a plugin.
fn begin_start(app: &TestApp, name: &'static str) -> JoinHandle<Result<(), PluginError>> {
    let plugins = app.plugins.clone();
    tokio::spawn(async move { plugins.start_plugin(name).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_changes_a_plugin_while_another_one_starts_plug_1() {
    let (app, mut waiting) = with_slow("start", false).await;
    start(&app, "other").await;
    app.plugins.load("a-slow").await.unwrap();
    let slow = begin_start(&app, "a-slow");
    let _unanswered = running(&mut waiting).await;
    let changes = async {
        app.plugins.stop_plugin("other").await.unwrap();
        app.plugins.start_plugin("other").await.unwrap();
        app.plugins.reload("other").await.unwrap();
        app.plugins.unload("other").await.unwrap();
        app.plugins.load("other").await.unwrap();
    };
    timeout(TIMEOUT, changes).await.unwrap();
    assert!(!slow.is_finished());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_disable_a_plugin_while_another_one_starts_plug_1() {
    let (app, mut waiting) = with_slow("start", false).await;
    start(&app, "other").await;
    app.plugins.load("a-slow").await.unwrap();
    let slow = begin_start(&app, "a-slow");
    let _unanswered = running(&mut waiting).await;
    app.configure("other", "enabled: false\n");
    eventually(async || status(&app, "other") != Some(PluginStatus::Started)).await;
    assert!(!slow.is_finished());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_disable_a_plugin_while_another_one_stops_plug_1() {
    let (app, mut waiting) = with_slow("stop", false).await;
    start(&app, "other").await;
    start(&app, "a-slow").await;
    // The service applies these settings in the order of names.
    let disabled = format!("{SLOW}enabled: false\n");
    app.configure("a-slow", &disabled);
    let _unanswered = running(&mut waiting).await;
    app.configure("other", "enabled: false\n");
    eventually(async || status(&app, "other") != Some(PluginStatus::Started)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_plugin_is_unloaded_while_another_one_stops_plug_1() {
    let (app, mut waiting) = with_slow("stop", true).await;
    assert_eq!(status(&app, "other"), Some(PluginStatus::Started));
    let folder = app.folder.path().join("plugins");
    // Both folders are removed in one step.
    let empty = app.folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::rename(&folder, app.folder.path().join("away")).unwrap();
    std::fs::rename(&empty, &folder).unwrap();
    let _unanswered = running(&mut waiting).await;
    eventually(async || status(&app, "other").is_none()).await;
    assert_eq!(status(&app, "a-slow"), Some(PluginStatus::Stopped));
}

/// A service with the started plugin `base`, and the loaded plugin `child` that depends on it. The
/// steps wait for a response.
pub(crate) async fn with_child(
    base: Option<&'static str>,
    child: Option<&'static str>,
) -> (TestApp, Waiting) {
    let (url, waiting) = hold();
    let guest = |step: Option<&'static str>| match step {
        Some(step) => (HTTP, Guest::requesting_in_step(step, &url)),
        None => ("", Guest::quiet()),
    };
    let mut setup = Setup::new().service_settings(CLIENTS).config(|config| {
        config.auto_load = Some(false);
        config.security.max_cpu_percent = Some(100);
    });
    for (name, needs, (http, guest)) in [
        ("base", "", guest(base)),
        ("child", "dependencies = [\"base\"]\n", guest(child)),
    ] {
        setup = setup
            .config(|config| drop(config.grants.insert(name.to_owned(), granted_http())))
            .plugin(name, &format!("{http}{needs}"), &guest)
            .settings(name, SLOW);
    }
    let app = setup.start().await.unwrap();
    app.plugins.load("base").await.unwrap();
    (app, waiting)
}

#[tokio::test(flavor = "multi_thread")]
async fn start_fails_if_its_dependency_stops_meanwhile_plug_1() {
    let (app, mut waiting) = with_child(None, Some("start")).await;
    app.plugins.start_plugin("base").await.unwrap();
    app.plugins.load("child").await.unwrap();
    let mut failures = app.failures();
    let child = begin_start(&app, "child");
    let unanswered = running(&mut waiting).await;
    let stopped = timeout(TIMEOUT, app.plugins.stop_plugin("base")).await;
    stopped.unwrap().unwrap();
    drop((unanswered, waiting));
    let refused = child.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::Dependency);
    let problem = "plugin \"child\": depends on \"base\", which is not started";
    assert_eq!(refused.to_string(), problem);
    failures.wait_for(problem).await;
    assert_ne!(status(&app, "child"), Some(PluginStatus::Started));
}

#[tokio::test(flavor = "multi_thread")]
async fn start_waits_for_the_start_of_its_dependency_plug_1() {
    let (app, mut waiting) = with_child(Some("start"), None).await;
    app.plugins.load("child").await.unwrap();
    let base = begin_start(&app, "base");
    let unanswered = running(&mut waiting).await;
    let mut child = Box::pin(app.plugins.start_plugin("child"));
    assert!(futures::poll!(child.as_mut()).is_pending());
    drop((unanswered, waiting));
    base.await.unwrap().unwrap();
    timeout(TIMEOUT, child).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn unloading_plugin_is_not_a_dependency_plug_1() {
    let (app, mut waiting) = with_child(Some("stop"), None).await;
    app.plugins.start_plugin("base").await.unwrap();
    let plugins = app.plugins.clone();
    let base = tokio::spawn(async move { plugins.unload("base").await });
    let unanswered = running(&mut waiting).await;
    let refused = timeout(TIMEOUT, app.plugins.load("child")).await.unwrap();
    assert_eq!(refused.unwrap_err().code(), PluginErrorCode::Dependency);
    drop((unanswered, waiting));
    base.await.unwrap().unwrap();
    assert!(app.plugins.get("base").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_the_error_of_a_failed_start_plug_1() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .plugin(
            "evil",
            "",
            &Guest::quiet().with_step("start", "unreachable"),
        )
        .start()
        .await
        .unwrap();
    app.plugins.load("evil").await.unwrap();
    let failed = app.plugins.start_plugin("evil").await.unwrap_err();
    assert_eq!(failed.code(), PluginErrorCode::StartFailed);
    assert_eq!(status(&app, "evil"), Some(PluginStatus::Error));
    // Its faults did not disable it, so this does not end its error.
    app.plugins.enable("evil").unwrap();
    let info = app.plugins.get("evil").unwrap();
    assert_eq!(info.error_code, Some("PLUGIN_START_FAILED"));
    app.plugins.stop_plugin("evil").await.unwrap();
    assert_eq!(status(&app, "evil"), Some(PluginStatus::Stopped));
}

/// A service with a plugin `guard`, which may request URLs.
pub(crate) fn with_guard(guest: &Guest, auto_load: bool) -> Setup {
    Setup::new()
        .service_settings(CLIENTS)
        .config(|config| {
            config.auto_load = Some(auto_load);
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("guard".to_owned(), granted_http());
        })
        .plugin("guard", "", guest)
        .settings("guard", SLOW)
}

/// A started plugin `guard`, and the reload of a version whose `start` waits for a response. `stop`
/// of this version requests a path of `stopped`.
async fn with_slow_version(
    stopped: &str,
) -> (TestApp, JoinHandle<Result<(), PluginError>>, Waiting) {
    let (url, waiting) = hold();
    let app = with_guard(&Guest::quiet(), false).start().await.unwrap();
    start(&app, "guard").await;
    let slow = Guest::requesting_in_step("start", &url).with_request_in_step("stop", stopped);
    app.replace("guard", HTTP, &slow);
    let plugins = app.plugins.clone();
    let reload = tokio::spawn(async move { plugins.reload("guard").await });
    (app, reload, waiting)
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_stops_a_plugin_while_its_new_version_starts_plug_1() {
    let (stopped, mut paths) = record();
    let (app, reload, mut waiting) = with_slow_version(&stopped).await;
    let unanswered = running(&mut waiting).await;
    let stop = timeout(TIMEOUT, app.plugins.stop_plugin("guard")).await;
    stop.unwrap().unwrap();
    assert_eq!(status(&app, "guard"), Some(PluginStatus::Stopped));
    assert!(!reload.is_finished());
    drop((unanswered, waiting));
    reload.await.unwrap().unwrap();
    // The new version replaced the old one, and is stopped like it.
    assert_eq!(status(&app, "guard"), Some(PluginStatus::Stopped));
    assert_eq!(
        timeout(TIMEOUT, paths.recv()).await,
        Ok(Some("/".to_owned()))
    );
    app.plugins.start_plugin("guard").await.unwrap();
    assert_eq!(status(&app, "guard"), Some(PluginStatus::Started));
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_unloads_a_plugin_while_its_new_version_starts_plug_1() {
    let (stopped, mut paths) = record();
    let (app, reload, mut waiting) = with_slow_version(&stopped).await;
    let unanswered = running(&mut waiting).await;
    let unload = timeout(TIMEOUT, app.plugins.unload("guard")).await;
    unload.unwrap().unwrap();
    drop((unanswered, waiting));
    let refused = reload.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::NotFound);
    assert_eq!(
        timeout(TIMEOUT, paths.recv()).await,
        Ok(Some("/".to_owned()))
    );
    assert_eq!(status(&app, "guard"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_disable_a_plugin_while_its_new_version_starts_plug_1() {
    let (stopped, mut paths) = record();
    let (app, reload, mut waiting) = with_slow_version(&stopped).await;
    let unanswered = running(&mut waiting).await;
    app.configure("guard", &format!("{SLOW}enabled: false\n"));
    eventually(async || status(&app, "guard") == Some(PluginStatus::Stopped)).await;
    assert!(!reload.is_finished());
    drop((unanswered, waiting));
    reload.await.unwrap().unwrap();
    assert_ne!(status(&app, "guard"), Some(PluginStatus::Started));
    assert_eq!(
        timeout(TIMEOUT, paths.recv()).await,
        Ok(Some("/".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_stop_does_not_delay_the_shutdown_of_others_plug_1() {
    let (app, mut waiting) = with_slow("stop", false).await;
    for name in ["a-slow", "other"] {
        start(&app, name).await;
    }
    app.replace("a-first", "", &Guest::quiet());
    start(&app, "a-first").await;
    let plugins = app.plugins.clone();
    let others_end = async move {
        let _unanswered = running(&mut waiting).await;
        for name in ["a-first", "other"] {
            eventually(async || plugins.status(name) == PluginStatus::Unloaded).await;
        }
        assert_eq!(plugins.status("a-slow"), PluginStatus::Stopped);
    };
    let (outcome, ()) = tokio::join!(app.service.stop(), others_end);
    assert_eq!(outcome, StopOutcome::Clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_stops_a_failed_plugin_while_its_new_version_starts_plug_1() {
    let (url, mut waiting) = hold();
    let failing = Guest::quiet().with_step("start", "unreachable");
    let app = with_guard(&failing, false).start().await.unwrap();
    app.plugins.load("guard").await.unwrap();
    let failed = app.plugins.start_plugin("guard").await.unwrap_err();
    assert_eq!(failed.code(), PluginErrorCode::StartFailed);
    app.replace("guard", HTTP, &Guest::requesting_in_step("start", &url));
    let plugins = app.plugins.clone();
    let reload = tokio::spawn(async move { plugins.reload("guard").await });
    let unanswered = running(&mut waiting).await;
    let stop = timeout(TIMEOUT, app.plugins.stop_plugin("guard")).await;
    stop.unwrap().unwrap();
    assert!(!reload.is_finished());
    drop((unanswered, waiting));
    reload.await.unwrap().unwrap();
    assert_eq!(status(&app, "guard"), Some(PluginStatus::Stopped));
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_run_above_the_cpu_share_plug_2() {
    // More than the 50 ms that the default share permits at once, and less than the 500 ms of one
    // call.
    const LOOP: &str = "(local $left i32) (local.set $left (i32.const 150000000))
        (loop $l (br_if $l (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (i32.const 16)";
    let (url, mut paths) = record();
    let guest = Guest::quiet()
        .with_reports(&url)
        .with_initialize(LOOP)
        .with_step("start", LOOP);
    let app = Setup::new()
        .config(|config| drop(config.grants.insert("slow".to_owned(), granted_http())))
        .plugin("slow", HTTP, &guest)
        .start()
        .await
        .unwrap();
    let info = app.plugins.get("slow").unwrap();
    assert_eq!(info.status, PluginStatus::Started);
    // The share grows again while the test waits for a processor.
    let is_used = info.cpu_share_left_ms < 50;
    assert!(is_used, "the time of the steps counts");
    app.plugins.stop_plugin("slow").await.unwrap();
    app.plugins.unload("slow").await.unwrap();
    assert_eq!(last_steps(&mut paths).await, ["/stop", "/cleanup"]);
}
