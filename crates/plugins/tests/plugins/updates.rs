//! Updates of the settings of one plugin that take long.

use seaworthy_core::Timeout;
use seaworthy_plugins::{Capability, EventType, PluginErrorCode, PluginSettings, PluginStatus};
use seaworthy_testkit::eventually;
use tokio::sync::mpsc;

use crate::{
    app::{Setup, granted_http},
    guest::Guest,
    server::hold,
    settings::{load, with_config, with_token},
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

/// A guest whose `initialize` never ends with other settings than an empty object.
fn endless() -> Guest {
    Guest::rejecting(403, "one").with_initialize(
        "(if (i32.gt_u (local.get 1) (i32.const 2)) (then (loop $l (br $l)))) (i32.const 16)",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_settings_do_not_disable_the_plugin_plug_1() {
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
        })
        .grant("guard", &[Capability::Config])
        .plugin("guard", &with_config(), &endless())
        .start()
        .await
        .unwrap();
    load(&app).await;
    let mut config = with_token();
    config.enabled = false;
    // The service reads changed settings after less time.
    config.timeout = Timeout::from_secs(2);
    let refused = app.plugins.update_settings("guard", &config).await;
    assert_eq!(refused.unwrap_err().code(), PluginErrorCode::Timeout);
    let info = app.plugins.get("guard").unwrap();
    assert_eq!((info.status, info.stop_time), (PluginStatus::Started, None));
    assert_eq!(app.orders().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_leaves_no_settings_of_a_running_update_plug_1() {
    let before = "# Kept.\npriority: 7\n";
    let app = Setup::new()
        .set("lifecycle.worker_timeout=1s")
        .set("lifecycle.pool_timeout=1s")
        .config(|config| {
            config.auto_load = Some(false);
            // The stop ends the update, not the CPU time of the plugin.
            config.security.max_cpu_percent = Some(100);
        })
        .grant("guard", &[Capability::Config])
        .plugin("guard", &with_config(), &endless())
        .settings("guard", before)
        .start()
        .await
        .unwrap();
    load(&app).await;
    let file = app.folder.path().join("config/guard.yaml");
    let content = || std::fs::read_to_string(&file).unwrap();
    let plugins = app.plugins.clone();
    let update = tokio::spawn(async move { plugins.update_settings("guard", &with_token()).await });
    eventually(async || content() != before).await;
    app.service.stop().await;
    let refused = update.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::Internal, "{refused:?}");
    assert_eq!(content(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_update_leaves_no_rejected_configuration_plug_1() {
    let before = "# Kept.\npriority: 7\n";
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .grant("guard", &[Capability::Config])
        .plugin("guard", &with_config(), &endless())
        .settings("guard", before)
        .start()
        .await
        .unwrap();
    load(&app).await;
    let file = app.folder.path().join("config/guard.yaml");
    let content = || std::fs::read_to_string(&file).unwrap();
    let config = with_token();
    let written = async {
        while content() == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = written => {}
        result = app.plugins.update_settings("guard", &config) => {
            panic!("ended before its drop: {result:?}");
        }
    }
    eventually(async || content() == before).await;
}
