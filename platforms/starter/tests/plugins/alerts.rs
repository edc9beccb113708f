//! The alert on plugins: faults fire it, its runbook works, and it resolves.

use std::{collections::BTreeMap, path::Path};

use seaworthy_deploy::{Overlay, render};
use seaworthy_facts::Facts;
use seaworthy_testkit::{
    alerts::{Alerts, ObservedService},
    eventually,
    prometheus::compress,
    requirement::required,
};

use crate::{
    PROGRAM,
    folder::Folder,
    guard::{MANIFEST, PROCEEDS, log_in, module},
};

/// The divisor of durations in the rules: 15 minutes become 4.5 s.
const FACTOR: u32 = 200;
const TOKEN: &str = "the token of an operator of these tests";
/// The number of faults that disables a plugin.
const FAULTS: usize = 5;

/// Renders the rules and runbooks of the committed facts. `admin` is the admin port of the program.
fn rendered(admin: u16) -> BTreeMap<String, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/facts/starter.json");
    let mut facts = Facts::from_json(&std::fs::read_to_string(file).unwrap()).unwrap();
    for listener in &mut facts.listeners {
        if listener.name == "admin" {
            listener.port = admin;
        }
    }
    render(&[facts], &Overlay::default()).unwrap()
}

#[test]
fn disabled_plugin_fires_its_alert_obs_9_ship_4() {
    let Some(program) = required("SEAWORTHY_TEST_PROMETHEUS") else {
        return;
    };
    let folder = Folder::new();
    let replace = |hook| folder.add("guard", MANIFEST, &module(hook), "hooks-and-events");
    replace("unreachable");
    let app = folder
        .app()
        .setting("auth.login_rate_limit.requests=1000")
        .setting(&format!("admin.token={TOKEN}"))
        .start()
        .unwrap();
    let files = rendered(app.admin.port());
    let rules = compress(&files["prometheus/starter.rules.yaml"], FACTOR);
    let config = tempfile::tempdir().unwrap();
    let observed = ObservedService {
        name: "starter",
        program: Path::new(PROGRAM),
        config: config.path().to_owned(),
        environment: Vec::new(),
        admin: app.admin,
        token: TOKEN,
    };
    let alerts = Alerts::start(program, &rules, files, observed).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let scraped = "plugin_faults_total{plugin=\"guard\",reason=\"disabled\"}";
        let none = serde_json::json!([]);
        eventually(async || alerts.prometheus().query(scraped).unwrap() != none).await;
        // Faults alone do not fire the alert. The next call is rejected.
        for _ in 0..FAULTS {
            assert_eq!(log_in(&app).0, 503);
        }
        let faults = "plugin_faults_total{plugin=\"guard\",reason=\"trap\"} == 5";
        eventually(async || alerts.prometheus().query(faults).unwrap() != none).await;
        assert!(!alerts.is_firing("PluginDisabled").unwrap());
        assert_eq!(log_in(&app).0, 503);
        let printed = alerts.fires("PluginDisabled", "\"status\":\"error\"").await;
        assert!(printed.contains(&format!("{scraped} 1\n")), "{printed}");
        // The operator replaces the plugin, and the service reloads it.
        replace(PROCEEDS);
        eventually(async || log_in(&app).0 != 503).await;
        alerts.resolves(&["PluginDisabled"]).await;
    });
    let ended = app.stop().unwrap();
    assert!(ended.status.success(), "{ended:?}");
}
