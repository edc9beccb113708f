//! Changes of plugins while the service stops.

use std::sync::Arc;

use seaworthy_plugins::{EventType, PluginErrorCode};
use seaworthy_service::StopOutcome;
use tokio::{sync::Notify, time::timeout};

use crate::{
    app::Setup,
    guest::Guest,
    server::{hold, record},
    steps::{HTTP, TIMEOUT, running, with_guard},
};

#[tokio::test(flavor = "multi_thread")]
async fn stopped_service_changes_no_plugin_plug_1() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .plugin("version", "", &Guest::quiet())
        .start()
        .await
        .unwrap();
    app.service.stop().await;
    for refused in [
        app.plugins.load("version").await.map(drop),
        app.plugins.enable("version"),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), PluginErrorCode::Internal);
        let problem = "plugin \"version\": is not changed, because the service stops";
        assert_eq!(refused.to_string(), problem);
    }
    assert!(app.plugins.list().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_of_the_service_ends_a_version_that_starts_plug_1() {
    let (url, mut waiting) = hold();
    let (stopped, mut paths) = record();
    let app = with_guard(&Guest::quiet(), true)
        .set("lifecycle.pool_timeout=20s")
        .start()
        .await
        .unwrap();
    let stopping = Arc::new(Notify::new());
    let stops = Arc::clone(&stopping);
    let events = app.plugins.events();
    events.subscribe("stop", [EventType::SYSTEM_SHUTDOWN], move |_| {
        stops.notify_one();
        std::future::ready(Ok(()))
    });
    // The service reloads the plugin, because it follows the folder.
    let slow = Guest::requesting_in_step("start", &url).with_request_in_step("stop", &stopped);
    app.replace("guard", HTTP, &slow);
    let unanswered = running(&mut waiting).await;
    let plugins = app.plugins.clone();
    let starts = async {
        stopping.notified().await;
        drop((unanswered, waiting));
    };
    let (outcome, ()) = tokio::join!(app.service.stop(), starts);
    assert_eq!(outcome, StopOutcome::Clean);
    assert_eq!(
        timeout(TIMEOUT, paths.recv()).await,
        Ok(Some("/".to_owned()))
    );
    assert!(plugins.list().is_empty());
}
