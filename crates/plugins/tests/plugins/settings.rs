//! The settings of one plugin.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use seaworthy_plugins::{EventType, PluginErrorCode, PluginFileConfig, PluginStatus};
use seaworthy_testkit::eventually;

use crate::{
    app::{Setup, TestApp},
    guest::Guest,
};

const HOOK: &str = "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\n";

/// Returns settings that are larger than the limit of 64 KiB.
fn large() -> String {
    format!("enabled: true\n# {}\n", "x".repeat(64 * 1024))
}

async fn guard() -> TestApp {
    Setup::new()
        .config(|config| config.auto_load = Some(false))
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap()
}

async fn load(app: &TestApp) {
    app.plugins.load_folder().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn large_settings_fail_the_load_with_their_limit_plug_1() {
    for file in ["guard", "guard.test"] {
        let setup = Setup::new().plugin("guard", HOOK, &Guest::quiet());
        let failed = setup.settings(file, &large()).start().await.err().unwrap();
        let text = seaworthy_core::error_chain(&failed).to_string();
        let parts = [
            "\"guard\"",
            &format!("{file}.yaml"),
            "more than 65536 bytes",
        ];
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_settings_do_not_change_the_plugin_plug_1() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let mut failures = app.failures();
    let settings = app.folder.path().join("config/guard.yaml");
    std::fs::write(&settings, large()).unwrap();
    failures.wait_for("more than 65536 bytes").await;
    assert_eq!(app.orders().0, 403);
    std::fs::write(&settings, "enabled: false\n").unwrap();
    eventually(async || app.orders().0 == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updated_configuration_takes_effect_plug_1() {
    let app = guard().await;
    load(&app).await;
    assert_eq!(app.orders().0, 403);
    let mut config = app.plugins.configuration("guard").unwrap();
    assert_eq!(config, PluginFileConfig::default());
    config.enabled = false;
    config.settings = [("token".to_owned(), "x: \"7\"\n# no".to_owned())].into();
    let info = app.plugins.update_configuration("guard", &config).await;
    assert_ne!(info.unwrap().status, PluginStatus::Started);
    assert_eq!(app.orders().0, 200);
    // The file has the settings, for the next start of the service.
    app.plugins.unload("guard").await.unwrap();
    load(&app).await;
    assert_eq!(app.plugins.configuration("guard").unwrap(), config);
    assert_eq!(app.orders().0, 200);
    config.enabled = true;
    let info = app.plugins.update_configuration("guard", &config).await;
    assert_eq!(info.unwrap().status, PluginStatus::Started);
    assert_eq!(app.orders().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn updated_configuration_reloads_once_plug_1() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let reloads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reloads);
    let events = app.plugins.events();
    events.subscribe("reloads", [EventType::CONFIG_CHANGED], move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(()))
    });
    let config = PluginFileConfig {
        priority: 5,
        ..PluginFileConfig::default()
    };
    let update = app.plugins.update_configuration("guard", &config);
    update.await.unwrap();
    // The service applies changes of the folder in the order of names.
    app.replace("other", "", &Guest::quiet());
    eventually(async || app.plugins.get("other").is_ok()).await;
    eventually(async || reloads.load(Ordering::Relaxed) > 0).await;
    assert_eq!(reloads.load(Ordering::Relaxed), 1);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_reads_updated_configuration_plug_1() {
    use std::os::unix::fs::PermissionsExt as _;

    let app = guard().await;
    load(&app).await;
    let config = PluginFileConfig::default();
    app.plugins
        .update_configuration("guard", &config)
        .await
        .unwrap();
    let file = app.folder.path().join("config/guard.yaml");
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_configuration_leaves_file_and_version_plug_1() {
    // `initialize` accepts only an empty object, which has two bytes.
    let strict = Guest::rejecting(403, "one")
        .with_initialize(
            "(if (result i32) (i32.gt_u (local.get 1) (i32.const 2))
               (then (i32.const 640)) (else (i32.const 16)))",
        )
        .with_words(640, &[1, 1200, 3])
        .with_text(1200, "bad");
    let before = "# Kept.\npriority: 7\n";
    let app = Setup::new()
        .plugin("guard", HOOK, &strict)
        .settings("guard", before)
        .start()
        .await
        .unwrap();
    let mut config = app.plugins.configuration("guard").unwrap();
    assert_eq!(config.priority, 7);
    let old = config.clone();
    config.settings = [("token".to_owned(), "x7".to_owned())].into();
    let refused = app.plugins.update_configuration("guard", &config).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::Config);
    assert!(refused.to_string().contains("bad"), "{refused}");
    let file = app.folder.path().join("config/guard.yaml");
    assert_eq!(std::fs::read_to_string(file).unwrap(), before);
    assert_eq!(app.plugins.configuration("guard").unwrap(), old);
    assert_eq!(app.orders().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn overridden_and_large_configuration_is_refused_plug_1() {
    let app = guard().await;
    load(&app).await;
    let folder = app.folder.path().join("config");
    let mut config = PluginFileConfig {
        priority: 5,
        ..PluginFileConfig::default()
    };
    std::fs::write(folder.join("guard.test.yaml"), "priority: 7\n").unwrap();
    let refused = app.plugins.update_configuration("guard", &config).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("guard.test.yaml"), "{refused}");
    std::fs::remove_file(folder.join("guard.test.yaml")).unwrap();
    config.settings = [("text".to_owned(), "x".repeat(64 * 1024))].into();
    let refused = app.plugins.update_configuration("guard", &config).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("more than 65536 bytes"), "{refused}");
    assert!(!folder.join("guard.yaml").exists());
    let unknown = app.plugins.update_configuration("other", &config).await;
    assert_eq!(unknown.unwrap_err().code(), PluginErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_in_settings_do_not_show_values_plug_1() {
    const SECRET: &str = "x7-secret";
    for yaml in [
        format!("settings: {SECRET}\n"),
        format!("settings:\n  token: [{SECRET}]\n"),
        format!("settings:\n  token: {SECRET}\n broken\n"),
        format!("settings: {{ token: {SECRET}\n"),
        format!("settings:\n  token: \"{SECRET}\"\ntiemout: 1s\n"),
    ] {
        let setup = Setup::new().plugin("guard", HOOK, &Guest::quiet());
        let failed = setup.settings("guard", &yaml).start().await.err().unwrap();
        let text = seaworthy_core::error_chain(&failed).to_string();
        assert!(text.contains("guard.yaml"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}
