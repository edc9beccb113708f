//! The settings of one plugin.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use seaworthy_plugins::{Capability, EventType, PluginErrorCode, PluginSettings, PluginStatus};
use seaworthy_testkit::eventually;

use crate::{
    app::{Setup, TestApp},
    guest::Guest,
};

const HOOK: &str =
    "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";

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

/// A guest that accepts only an empty object, which has two bytes.
fn strict() -> Guest {
    Guest::rejecting(403, "one")
        .with_initialize(
            "(if (result i32) (i32.gt_u (local.get 1) (i32.const 2))
               (then (i32.const 640)) (else (i32.const 16)))",
        )
        .with_words(640, &[1, 1200, 3])
        .with_text(1200, "bad")
}

/// The manifest of a plugin that may read its settings.
pub(crate) fn with_config() -> String {
    format!("capabilities = [\"config\"]\n{HOOK}")
}

/// Settings with a text that [`strict`] rejects.
pub(crate) fn with_token() -> PluginSettings {
    PluginSettings {
        settings: [("token".to_owned(), "x7-secret".to_owned())].into(),
        ..PluginSettings::default()
    }
}

pub(crate) async fn load(app: &TestApp) {
    app.plugins.load_folder().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn large_settings_fail_the_load_with_their_limit_plug_1() {
    for file in ["guard", "guard.test"] {
        let setup = Setup::new().plugin("guard", HOOK, &Guest::quiet());
        let configs = setup.config.config_directory.clone();
        let failed = setup.settings(file, &large()).start().await.err().unwrap();
        let text = seaworthy_core::error_chain(&failed).to_string();
        let path = configs.join(format!("{file}.yaml"));
        let problem = format!(
            "a plugin cannot be used: plugin \"guard\": its settings {} cannot be read: the file has more than 65536 bytes",
            path.display()
        );
        assert_eq!(text, problem);
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
    let problem = format!(
        "plugin \"guard\": its settings {} cannot be read: the file has more than 65536 bytes",
        settings.display()
    );
    failures.wait_for(&problem).await;
    assert_eq!(app.orders().0, 403);
    std::fs::write(&settings, "enabled: false\n").unwrap();
    eventually(async || app.orders().0 == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updated_configuration_takes_effect_plug_1() {
    let app = guard().await;
    load(&app).await;
    assert_eq!(app.orders().0, 403);
    let mut config = app.plugins.settings("guard").unwrap();
    assert_eq!(config, PluginSettings::default());
    config.enabled = false;
    config.settings = [("token".to_owned(), "x: \"7\"\n# no".to_owned())].into();
    let info = app.plugins.update_settings("guard", &config).await;
    assert_eq!(info.unwrap().status, PluginStatus::Initialized);
    assert_eq!(app.orders().0, 200);
    // The file has the settings, for the next start of the service.
    app.plugins.unload("guard").await.unwrap();
    load(&app).await;
    assert_eq!(app.plugins.settings("guard").unwrap(), config);
    assert_eq!(app.orders().0, 200);
    config.enabled = true;
    let info = app.plugins.update_settings("guard", &config).await;
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
    let config = PluginSettings {
        priority: 5,
        ..PluginSettings::default()
    };
    let update = app.plugins.update_settings("guard", &config);
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
    let config = PluginSettings::default();
    app.plugins.update_settings("guard", &config).await.unwrap();
    let file = app.folder.path().join("config/guard.yaml");
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_configuration_leaves_file_and_version_plug_1() {
    let before = "# Kept.\npriority: 7\n";
    let app = Setup::new()
        .grant("guard", &[Capability::Config])
        .plugin("guard", &with_config(), &strict())
        .settings("guard", before)
        .start()
        .await
        .unwrap();
    let mut config = app.plugins.settings("guard").unwrap();
    assert_eq!(config.priority, 7);
    let old = config.clone();
    config.settings = [("token".to_owned(), "x7".to_owned())].into();
    let refused = app.plugins.update_settings("guard", &config).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::Config);
    assert_eq!(refused.to_string(), "plugin \"guard\": bad");
    let file = app.folder.path().join("config/guard.yaml");
    assert_eq!(std::fs::read_to_string(file).unwrap(), before);
    assert_eq!(app.plugins.settings("guard").unwrap(), old);
    assert_eq!(app.orders().0, 403);
    // The version that runs has the restored settings, so no reload is missing.
    assert_eq!(app.plugins.get("guard").unwrap().failed_reload, None);
    eventually(async || app.readiness() == (200, "ready".to_owned())).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn rejected_update_leaves_link_and_mode_plug_1() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .grant("guard", &[Capability::Config])
        .plugin("guard", &with_config(), &strict())
        .start()
        .await
        .unwrap();
    load(&app).await;
    let folder = app.folder.path();
    let (file, target) = (folder.join("config/guard.yaml"), folder.join("linked.yaml"));
    std::fs::write(&target, "priority: 7\n").unwrap();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&target, &file).unwrap();
    let config = with_token();
    let refused = app.plugins.update_settings("guard", &config).await;
    assert_eq!(refused.unwrap_err().code(), PluginErrorCode::Config);
    assert!(file.symlink_metadata().unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "priority: 7\n");
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "{mode:o}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn file_that_waits_for_settings_gets_none_plug_1() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let app = guard().await;
    load(&app).await;
    let config = app.folder.path().join("config");
    let (waiting, file) = (config.join("guard.new"), config.join("guard.yaml"));
    let other = app.folder.path().join("other");
    for linked in [false, true] {
        drop(std::fs::remove_file(&waiting));
        match linked {
            true => {
                std::fs::write(&other, "kept").unwrap();
                symlink(&other, &waiting).unwrap();
            }
            false => {
                std::fs::write(&waiting, "").unwrap();
                let all = std::fs::Permissions::from_mode(0o644);
                std::fs::set_permissions(&waiting, all).unwrap();
            }
        }
        let token = with_token();
        let update = app.plugins.update_settings("guard", &token);
        update.await.unwrap();
        let written = file.symlink_metadata().unwrap();
        assert!(written.is_file());
        let mode = written.permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "kept");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn pipe_in_place_of_settings_blocks_no_change_plug_1() {
    let app = guard().await;
    load(&app).await;
    let pipe = app.folder.path().join("config/guard.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let plugins = app.plugins.clone();
    let update = tokio::spawn(async move {
        let config = PluginSettings::default();
        plugins.update_settings("guard", &config).await
    });
    let result = tokio::time::timeout(std::time::Duration::from_secs(20), update).await;
    if result.is_err() {
        // Ends the read of the service, so that the test ends, too.
        let mut both = std::fs::OpenOptions::new();
        drop(both.read(true).write(true).open(&pipe));
    }
    let refused = result.unwrap().unwrap().unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::Config);
}

#[tokio::test(flavor = "multi_thread")]
async fn overridden_and_large_configuration_is_rejected_plug_1() {
    let app = guard().await;
    load(&app).await;
    let folder = app.folder.path().join("config");
    let mut config = PluginSettings {
        priority: 5,
        ..PluginSettings::default()
    };
    std::fs::write(folder.join("guard.test.yaml"), "priority: 7\n").unwrap();
    let refused = app.plugins.update_settings("guard", &config).await;
    let problem = "plugin \"guard\": another file or an environment variable overrides the settings: remove them from guard.test.yaml and from the environment";
    assert_eq!(refused.unwrap_err().to_string(), problem);
    std::fs::remove_file(folder.join("guard.test.yaml")).unwrap();
    config.settings = [("text".to_owned(), "x".repeat(64 * 1024))].into();
    let refused = app.plugins.update_settings("guard", &config).await;
    let problem = format!(
        "plugin \"guard\": its settings {} would have more than 65536 bytes",
        folder.join("guard.yaml").display()
    );
    assert_eq!(refused.unwrap_err().to_string(), problem);
    assert!(!folder.join("guard.yaml").exists());
    let unknown = app.plugins.update_settings("other", &config).await;
    assert_eq!(unknown.unwrap_err().code(), PluginErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_need_their_capability_plug_2() {
    let setup = Setup::new().plugin("guard", HOOK, &strict());
    // The guest sees no settings, so it accepts them.
    let app = setup
        .settings("guard", "settings:\n  token: x7\n")
        .start()
        .await;
    assert_eq!(app.unwrap().orders().0, 403);
    let setup = Setup::new().grant("guard", &[Capability::Config]).plugin(
        "guard",
        &with_config(),
        &strict(),
    );
    let app = setup
        .settings("guard", "settings:\n  token: x7\n")
        .start()
        .await;
    let failed = seaworthy_core::error_chain(&app.err().unwrap()).to_string();
    assert!(failed.ends_with("plugin \"guard\": bad"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_lists_in_settings_are_rejected_plug_1() {
    for yaml in ["settings:\n  max: 500\n", "settings:\n  max: [\"500\"]\n"] {
        let setup = Setup::new().plugin("guard", HOOK, &Guest::quiet());
        let failed = setup.settings("guard", yaml).start().await.err().unwrap();
        let text = seaworthy_core::error_chain(&failed);
        let advice = "quote numbers and booleans, and use no lists or maps";
        assert!(text.contains(advice), "{text}");
    }
    let setup = Setup::new().plugin("guard", HOOK, &Guest::quiet());
    let quoted = setup.settings("guard", "settings:\n  max: \"500\"\n");
    let app = quoted.start().await.unwrap();
    let settings = app.plugins.settings("guard").unwrap().settings;
    assert_eq!(settings["max"], "500");
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
