//! Plugins that their settings disable.

use seaworthy_plugins::{PluginErrorCode, PluginStatus};
use seaworthy_testkit::eventually;

use crate::{app::Setup, guest::Guest};

const HOOK: &str =
    "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn settings_disable_a_plugin_without_auto_load_plug_1() {
    let app = Setup::new()
        .config(|config| {
            config.security.max_cpu_percent = Some(100);
            config.auto_load = Some(false);
        })
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    app.plugins.load_folder().await.unwrap();
    assert_eq!(app.orders().0, 403);
    app.configure("guard", "enabled: false\n");
    eventually(async || app.orders().0 == 200).await;
    app.configure("guard", "enabled: true\n");
    eventually(async || app.orders().0 == 403).await;
    // Without `auto_load` the service does not load other files on its own.
    app.replace("guard", HOOK, &Guest::rejecting(403, "two"));
    app.configure("guard", "enabled: false\n");
    eventually(async || app.orders().0 == 200).await;
    assert_eq!(
        app.plugins.get("guard").unwrap().status,
        PluginStatus::Stopped
    );
    let refused = app.plugins.start_plugin("guard").await.unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::StartFailed);
    app.configure("guard", "enabled: true\n");
    app.plugins.reload("guard").await.unwrap();
    assert_eq!(app.rejection_text(), "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_disable_a_plugin_with_broken_files_plug_1() {
    for auto_load in [false, true] {
        let app = Setup::new()
            .config(|config| {
                config.security.max_cpu_percent = Some(100);
                config.auto_load = Some(auto_load);
            })
            .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
            .start()
            .await
            .unwrap();
        app.configure("guard", "enabled: true\n");
        app.plugins.load_folder().await.unwrap();
        let file = app.path("guard", "plugin.toml");
        let manifest = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, "name = ").unwrap();
        assert_eq!(app.orders().0, 403);
        app.configure("guard", "enabled: false\n");
        eventually(async || app.orders().0 == 200).await;
        // The files of the version that its settings stopped are restored.
        std::fs::write(&file, manifest).unwrap();
        app.configure("guard", "enabled: true\n");
        eventually(async || app.orders().0 == 403).await;
    }
}
