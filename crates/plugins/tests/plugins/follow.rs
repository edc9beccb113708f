//! Changes of files that the service follows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use seaworthy_plugins::{EventType, PluginStatus};
use seaworthy_testkit::eventually;
use tokio::sync::mpsc;

use crate::{
    app::{Setup, TestApp},
    guest::Guest,
};

/// The timeout of waits: a loaded machine needs far less.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A hook whose timeout is long enough for a busy machine.
const HOOK: &str =
    "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn new_version_replaces_the_old_one_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    assert_eq!(app.rejection_text(), "one");
    let newer = format!("version = \"2.0.0\"\n{HOOK}");
    app.replace("guard", &newer, &Guest::rejecting(403, "two"));
    eventually(async || app.rejection_text() == "two").await;
    assert_eq!(app.plugins.get("guard").unwrap().metadata.version, "2.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_and_disabled_plugins_stop_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let settings = app.folder.path().join("config/guard.yaml");
    std::fs::write(&settings, "enabled: false\n").unwrap();
    eventually(async || app.orders().0 == 200).await;
    let status = || app.plugins.get("guard").unwrap().status;
    eventually(async || status() == PluginStatus::Initialized).await;
    std::fs::remove_dir_all(app.folder.path().join("plugins/guard")).unwrap();
    eventually(async || app.plugins.list().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_folder_does_not_unload_plugins_plug_2() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let (folder, away) = (
        app.folder.path().join("plugins"),
        app.folder.path().join("away"),
    );
    let mut failures = app.failures();
    std::fs::rename(&folder, &away).unwrap();
    let problem = format!(
        "the plugin folder {} cannot be read: No such file or directory (os error 2)",
        folder.display()
    );
    failures.wait_for(&problem).await;
    assert_eq!(app.orders().0, 403);
    std::fs::rename(&away, &folder).unwrap();
    let newer = format!("version = \"2.0.0\"\n{HOOK}");
    app.replace("guard", &newer, &Guest::rejecting(403, "two"));
    eventually(async || app.rejection_text() == "two").await;
}

/// Counts the unloads of plugins.
fn unloads(app: &TestApp) -> Arc<AtomicUsize> {
    let counted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&counted);
    let events = app.plugins.events();
    events.subscribe("unloads", [EventType::PLUGIN_UNLOADED], move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(()))
    });
    counted
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn unreadable_manifest_does_not_unload_its_plugin_plug_2() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let (unloads, mut failures) = (unloads(&app), app.failures());
    // A link to itself cannot be read, but the error is not that of a missing file.
    let manifest = app.folder.path().join("plugins/guard/plugin.toml");
    std::fs::remove_file(&manifest).unwrap();
    std::os::unix::fs::symlink(&manifest, &manifest).unwrap();
    let problem = format!(
        "plugin \"guard\": {} cannot be read: Too many levels of symbolic links (os error 40)",
        manifest.display()
    );
    failures.wait_for(&problem).await;
    let unchanged = app.folder_reads("unchanged");
    eventually(async || app.folder_reads("unchanged") > unchanged + 1).await;
    assert_eq!(app.rejection_text(), "one");
    assert_eq!(app.readiness(), (200, "degraded".to_owned()));
    assert_eq!(unloads.load(Ordering::Relaxed), 0);
    std::fs::remove_file(&manifest).unwrap();
    let newer = format!("version = \"2.0.0\"\n{HOOK}");
    app.replace("guard", &newer, &Guest::rejecting(403, "two"));
    eventually(async || app.rejection_text() == "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn briefly_missing_folder_does_not_unload_its_plugin_plug_2() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let unloads = unloads(&app);
    let changed = app.folder_reads("changed");
    std::fs::remove_dir_all(app.folder.path().join("plugins/guard")).unwrap();
    eventually(async || app.folder_reads("changed") > changed).await;
    assert_eq!(app.rejection_text(), "one");
    app.replace("guard", HOOK, &Guest::rejecting(403, "two"));
    eventually(async || app.rejection_text() == "two").await;
    assert_eq!(unloads.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_fail_after_the_folder_of_a_guard_is_removed_plug_2() {
    let app = Setup::new()
        .config(|config| config.required = vec!["guard".to_owned()])
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    assert_eq!(app.orders().0, 403);
    std::fs::remove_dir_all(app.folder.path().join("plugins/guard")).unwrap();
    eventually(async || {
        assert_ne!(app.orders().0, 200, "a call passed without its guard");
        app.plugins.list().is_empty()
    })
    .await;
    let (status, reason, _) = app.rejection();
    assert_eq!((status, reason.as_str()), (503, "PLUGIN_UNAVAILABLE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_disable_a_plugin_of_an_unreadable_folder_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let folder = app.folder.path().join("plugins");
    std::fs::rename(&folder, app.folder.path().join("away")).unwrap();
    app.configure("guard", "enabled: false\n");
    eventually(async || app.orders().0 == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dependency_removed_with_its_dependent_is_unloaded_plug_1() {
    let app = Setup::new()
        .plugin("base", HOOK, &Guest::rejecting(403, "one"))
        .plugin("child", "dependencies = [\"base\"]\n", &Guest::quiet())
        .start()
        .await
        .unwrap();
    assert_eq!(app.orders().0, 403);
    let folder = app.folder.path().join("plugins");
    for name in ["base", "child"] {
        std::fs::remove_dir_all(folder.join(name)).unwrap();
    }
    eventually(async || app.plugins.list().is_empty()).await;
    assert_eq!(app.orders().0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_manifest_keeps_changes_of_other_plugins_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let mut failures = app.failures();
    let other = app.folder.path().join("plugins/other");
    std::fs::create_dir_all(&other).unwrap();
    app.replace("guard", HOOK, &Guest::rejecting(403, "two"));
    std::fs::write(other.join("plugin.toml"), "name = ").unwrap();
    let problem = "plugin \"other\": plugin.toml is not a valid manifest: line 1: string values must be quoted, expected literal string";
    failures.wait_for(problem).await;
    std::fs::remove_dir_all(&other).unwrap();
    eventually(async || app.rejection_text() == "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unloaded_plugin_stays_unloaded_after_other_changes_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    app.plugins.unload("guard").await.unwrap();
    app.replace("other", "", &Guest::quiet());
    eventually(async || app.plugins.get("other").is_ok()).await;
    assert!(app.plugins.get("guard").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_enabled_in_its_settings_starts_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .settings("guard", "enabled: false\n")
        .start()
        .await
        .unwrap();
    assert_eq!(app.orders().0, 200);
    let (sender, mut started) = mpsc::unbounded_channel();
    let events = app.plugins.events();
    events.subscribe("starts", [EventType::PLUGIN_STARTED], move |event| {
        let _ = sender.send(event.data().get("plugin").cloned());
        std::future::ready(Ok(()))
    });
    let settings = app.folder.path().join("config/guard.yaml");
    std::fs::write(&settings, "enabled: true\n").unwrap();
    let event = tokio::time::timeout(TIMEOUT, started.recv()).await;
    assert_eq!(event.unwrap().flatten(), Some("guard".into()));
    assert_eq!(app.orders().0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_profile_apply_alone_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    assert_eq!(app.orders().0, 403);
    let settings = app.folder.path().join("config/guard.test.yaml");
    std::fs::write(&settings, "enabled: false\n").unwrap();
    eventually(async || app.orders().0 == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn component_after_its_manifest_is_loaded_plug_1() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .start()
        .await
        .unwrap();
    let mut failures = app.failures();
    let guest = Guest::rejecting(403, "one");
    app.add_without("plugin.wasm", "guard", HOOK, &guest);
    let problem = format!(
        "plugin \"guard\": {} cannot be read: No such file or directory (os error 2)",
        app.path("guard", "plugin.wasm")
    );
    failures.wait_for(&problem).await;
    assert_eq!(app.orders().0, 200);
    let component = app.folder.path().join("plugins/guard/plugin.wasm");
    std::fs::write(component, guest.build()).unwrap();
    eventually(async || app.rejection_text() == "one").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_manifest_does_not_block_other_plugins_plug_1() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let broken = app.folder.path().join("plugins/broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("plugin.toml"), "name = ").unwrap();
    app.replace("guard", HOOK, &Guest::rejecting(403, "two"));
    eventually(async || app.rejection_text() == "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_plugin_is_retried_with_its_dependency_plug_1() {
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .start()
        .await
        .unwrap();
    let needs = format!("dependencies = [\"base\"]\n{HOOK}");
    let mut failures = app.failures();
    app.replace("guard", &needs, &Guest::rejecting(403, "one"));
    let problem =
        "plugin \"guard\": depends on \"base\", which is not in the folder or has an error";
    failures.wait_for(problem).await;
    assert_eq!(app.orders().0, 200);
    app.replace("base", "", &Guest::quiet());
    eventually(async || app.rejection_text() == "one").await;
}
