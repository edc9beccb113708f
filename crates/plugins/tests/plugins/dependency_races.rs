//! Stops of a plugin while a plugin that depends on it starts.

use std::sync::Arc;

use seaworthy_plugins::{PluginErrorCode, PluginStatus};
use tokio::{sync::Barrier, time::timeout};

use crate::{
    app::{Setup, granted_http},
    guest::Guest,
    server::{hold, record},
    steps::{HTTP, TIMEOUT, running, with_child},
};

/// The number of rounds. The order of the concurrent changes differs between rounds.
const ROUNDS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn start_during_the_stop_of_its_dependency_fails_plug_1() {
    let (app, mut waiting) = with_child(Some("stop"), None).await;
    app.plugins.start_plugin("base").await.unwrap();
    app.plugins.load("child").await.unwrap();
    let plugins = app.plugins.clone();
    let stop = tokio::spawn(async move { plugins.stop_plugin("base").await });
    let unanswered = running(&mut waiting).await;
    // The start waits for the stop, which has already rejected calls of the dependency.
    let mut start = Box::pin(app.plugins.start_plugin("child"));
    assert!(futures::poll!(start.as_mut()).is_pending());
    drop((unanswered, waiting));
    stop.await.unwrap().unwrap();
    let refused = timeout(TIMEOUT, start).await.unwrap().unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::Dependency);
    assert_ne!(app.plugins.status("child"), PluginStatus::Started);
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_whose_dependency_stopped_calls_its_stop_plug_1() {
    let (url, mut waiting) = hold();
    let (reports, mut paths) = record();
    let child = Guest::requesting_in_step("start", &url)
        .with_request_in_step("stop", &format!("{reports}stop"));
    let more = format!("{HTTP}dependencies = [\"base\"]\n");
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("child".to_owned(), granted_http());
        })
        .plugin("base", "", &Guest::quiet())
        .plugin("child", &more, &child)
        .start()
        .await
        .unwrap();
    app.plugins.load("base").await.unwrap();
    app.plugins.start_plugin("base").await.unwrap();
    app.plugins.load("child").await.unwrap();
    let plugins = app.plugins.clone();
    let start = tokio::spawn(async move { plugins.start_plugin("child").await });
    let unanswered = running(&mut waiting).await;
    app.plugins.stop_plugin("base").await.unwrap();
    drop((unanswered, waiting));
    let refused = start.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::Dependency);
    // The start ends after the stop of its plugin.
    assert_eq!(paths.try_recv().as_deref(), Ok("/stop"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_start_and_the_stop_of_its_dependency_fails_plug_1() {
    let (app, _waiting) = with_child(None, None).await;
    app.plugins.load("child").await.unwrap();
    let barrier = Arc::new(Barrier::new(2));
    for round in 0..ROUNDS {
        app.plugins.start_plugin("base").await.unwrap();
        let stop = {
            let (plugins, barrier) = (app.plugins.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                plugins.stop_plugin("base").await
            })
        };
        let start = {
            let (plugins, barrier) = (app.plugins.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                plugins.start_plugin("child").await
            })
        };
        let (stopped, started) = (stop.await.unwrap(), start.await.unwrap());
        assert_ne!(stopped.is_ok(), started.is_ok(), "round {round}");
        let states = ["base", "child"].map(|name| app.plugins.status(name));
        if started.is_ok() {
            assert_eq!(states, [PluginStatus::Started; 2], "round {round}");
            app.plugins.stop_plugin("child").await.unwrap();
            app.plugins.stop_plugin("base").await.unwrap();
        } else {
            let is_started = states.contains(&PluginStatus::Started);
            assert!(!is_started, "round {round}: {states:?}");
        }
        let failed = stopped.and(started).unwrap_err();
        assert_eq!(failed.code(), PluginErrorCode::Dependency, "round {round}");
    }
}
