//! Updates of the settings of one plugin that take long.

use seaworthy_plugins::{EventType, PluginSettings};
use tokio::sync::mpsc;

use crate::{
    app::{Setup, granted_http},
    guest::Guest,
    server::hold,
    settings::load,
};

#[tokio::test(flavor = "multi_thread")]
async fn update_that_takes_long_reloads_once_plug_1() {
    let http = "capabilities = [\"http\"]\n";
    let (url, mut waiting) = hold();
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("guard".to_owned(), granted_http());
        })
        .plugin(
            "guard",
            http,
            &Guest::requesting_in_initialize(&url, "(i32.const 16)"),
        )
        .plugin("other", "", &Guest::quiet())
        .plugin("third", "", &Guest::quiet())
        .start()
        .await
        .unwrap();
    let mut loaded = std::pin::pin!(load(&app));
    loop {
        tokio::select! {
            () = &mut loaded => break,
            unanswered = waiting.recv() => drop(unanswered),
        }
    }
    let (sender, mut reloads) = mpsc::unbounded_channel();
    let events = app.plugins.events();
    events.subscribe_in_order("reloads", [EventType::CONFIG_CHANGED], 0, move |event| {
        let _ = sender.send(event.data().get("plugin").cloned());
        std::future::ready(Ok(()))
    });
    let plugins = app.plugins.clone();
    let config = PluginSettings {
        priority: 5,
        ..PluginSettings::default()
    };
    let update = tokio::spawn(async move { plugins.update_settings("guard", &config).await });
    let unanswered = waiting.recv().await;
    let (sender, mut stops) = mpsc::unbounded_channel();
    events.subscribe("stops", [EventType::PLUGIN_STOPPED], move |event| {
        let _ = sender.send(event.data().get("plugin").cloned());
        std::future::ready(Ok(()))
    });
    app.configure("other", "priority: 7\n");
    app.configure("third", "enabled: false\n");
    // The service has read the changed settings. The reloads wait for the update, and the stop does
    // not.
    assert_eq!(stops.recv().await.flatten(), Some("third".into()));
    drop((unanswered, waiting));
    update.await.unwrap().unwrap();
    // The service applies settings in the order of names.
    for expected in ["guard", "other", "third"] {
        assert_eq!(reloads.recv().await.flatten(), Some(expected.into()));
    }
}
