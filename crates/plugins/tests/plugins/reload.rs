//! Changes of the plugin folder while requests run.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use seaworthy_core::Error;
use seaworthy_http::Routes;
use seaworthy_plugins::{HookCall, HookPoint, PluginStatus};
use seaworthy_testkit::{eventually, http::get};

use crate::{app::Setup, guest::Guest};

/// No call reaches its timeout on a busy machine.
const HOOK: &str =
    "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn new_version_replaces_the_old_one_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    assert!(app.orders().1.contains("one"));
    let newer = format!("version = \"2.0.0\"\n{HOOK}");
    app.replace("guard", &newer, &Guest::rejecting(403, "two"));
    eventually(async || app.orders().1.contains("two")).await;
    assert_eq!(app.plugins.get("guard").unwrap().metadata.version, "2.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_version_leaves_the_old_one_plug_1() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let bad = Guest::rejecting(403, "two").with_initialize("unreachable");
    app.replace("guard", &format!("version = \"2.0.0\"\n{HOOK}"), &bad);
    let reload = app.plugins.reload("guard").await.unwrap_err();
    assert_eq!(reload.code().as_str(), "PLUGIN_CONFIG_ERROR");
    assert!(app.orders().1.contains("one"));
    assert_eq!(app.plugins.get("guard").unwrap().metadata.version, "1.0.0");
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
    assert_ne!(
        app.plugins.get("guard").unwrap().status,
        PluginStatus::Started
    );
    std::fs::remove_dir_all(app.folder.path().join("plugins/guard")).unwrap();
    eventually(async || app.plugins.list().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_folder_unloads_nothing_plug_2() {
    let app = Setup::new()
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let (folder, away) = (
        app.folder.path().join("plugins"),
        app.folder.path().join("away"),
    );
    std::fs::rename(&folder, &away).unwrap();
    // Longer than the service takes to notice the change, and than the poll interval.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(app.orders().0, 403);
    std::fs::rename(&away, &folder).unwrap();
    let newer = format!("version = \"2.0.0\"\n{HOOK}");
    app.replace("guard", &newer, &Guest::rejecting(403, "two"));
    eventually(async || app.orders().1.contains("two")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn request_uses_one_version_until_its_end_plug_1() {
    const HOOK: &str = "[[hooks]]\nname = \"version\"\npoint = \"before_biz\"\n";
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("version", HOOK, &Guest::setting("version", "1"))
        .start_with(|service, plugins| {
            let plugins = plugins.clone();
            service.http(Routes::new().get("/twice", move || {
                let plugins = plugins.clone();
                async move {
                    let mut seen = String::new();
                    for _ in 0..2 {
                        let call = HookCall::new().with_value("version", 0);
                        let report = plugins.run_hooks(HookPoint::BeforeBiz, call).await?;
                        seen += &report.call.value("version").unwrap().to_string();
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    Ok::<_, Error>(seen)
                }
            }));
        })
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let address = app.service.addresses().http;
    let stopped = Arc::clone(&stop);
    let client = std::thread::spawn(move || {
        let mut seen = BTreeSet::new();
        while !stopped.load(Ordering::Relaxed) {
            seen.insert(get(address, "/twice").unwrap().body);
        }
        seen
    });
    for round in 0..10 {
        let version = ["2", "1"][round % 2];
        app.replace("version", HOOK, &Guest::setting("version", version));
        app.plugins.reload("version").await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let seen = client.join().unwrap();
    let whole = BTreeSet::from(["11".to_owned(), "22".to_owned()]);
    assert!(!seen.is_empty() && seen.is_subset(&whole), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_under_load_fails_no_request_plug_1() {
    // The requests of this test use far more than the default share in a build without
    // optimization.
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("guard", HOOK, &Guest::rejecting(403, "one"))
        .start()
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let address = app.service.addresses().http;
    let clients: Vec<_> = (0..2)
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                let mut answers = 0;
                while !stop.load(Ordering::Relaxed) {
                    let answer = get(address, "/orders").unwrap();
                    let whole = answer.body.contains("one") || answer.body.contains("two");
                    assert!(
                        answer.status == 403 && whole,
                        "{} {}",
                        answer.status,
                        answer.body
                    );
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    for round in 0..6 {
        let reason = ["two", "one"][round % 2];
        app.replace("guard", HOOK, &Guest::rejecting(403, reason));
        app.plugins.reload("guard").await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let answers: usize = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .sum();
    assert!(answers > 0);
}
