//! Changes of the plugin folder beside those of an operator.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use seaworthy_plugins::{EventType, PluginStatus};
use seaworthy_testkit::eventually;

use crate::{app::Setup, guest::Guest};

#[tokio::test(flavor = "multi_thread")]
async fn plugin_loaded_while_a_change_waits_stays_loaded_plug_1() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .settings("slow", "timeout: 8s\n")
        .start()
        .await
        .unwrap();
    let unloaded = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&unloaded);
    let events = app.plugins.events();
    events.subscribe("unloaded", [EventType::PLUGIN_UNLOADED], move |_| {
        seen.store(true, Ordering::Relaxed);
        std::future::ready(Ok(()))
    });
    let load = |name: &'static str| {
        let plugins = app.plugins.clone();
        Box::pin(async move { plugins.load(name).await })
    };
    // The changes wait for this one, which ends at its timeout.
    let endless = Guest::quiet().with_initialize("(loop $l (br $l)) unreachable");
    let found = app.folder_reads("changed");
    app.replace("slow", "", &endless);
    // Each load waits for the changes before the next one begins.
    let (mut slow, mut other) = (load("slow"), load("other"));
    assert!(futures::poll!(slow.as_mut()).is_pending());
    assert!(futures::poll!(other.as_mut()).is_pending());
    let (slow, other) = (tokio::spawn(slow), tokio::spawn(other));
    app.replace("third", "", &Guest::quiet());
    // The service has read the folder, and waits for the other changes.
    eventually(async || app.folder_reads("changed") > found).await;
    app.replace("other", "", &Guest::quiet());
    assert!(slow.await.unwrap().is_err());
    other.await.unwrap().unwrap();
    // The service applies changes of the folder in the order of names.
    let started = async || {
        let info = app.plugins.get("third");
        info.is_ok_and(|info| info.status == PluginStatus::Started)
    };
    eventually(started).await;
    assert!(app.plugins.get("other").is_ok());
    assert!(!unloaded.load(Ordering::Relaxed));
}
