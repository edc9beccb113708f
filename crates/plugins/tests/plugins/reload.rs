//! Changes of the plugin folder while requests run.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use seaworthy_plugins::PluginStatus;
use seaworthy_testkit::eventually;

use crate::{app::Setup, guest::Guest};

const HOOK: &str = "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\n";

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
async fn reload_under_load_fails_no_request_plug_1() {
    // The requests of this test use far more than the default share in a build without
    // optimization.
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = 100)
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
                    let answer = seaworthy_testkit::http::get(address, "/orders").unwrap();
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
