//! Plugins at the admin listener.

use seaworthy_testkit::{
    eventually,
    http::{get, request},
};
use serde_json::Value;

use crate::{
    folder::Folder,
    guard::{MANIFEST, PROCEEDS, VETOES, admin, audited, log_in, module},
};

/// The faults within a minute that disable a plugin.
const MAX_FAULTS: usize = 5;

#[test]
fn operator_stops_starts_and_checks_a_plugin_plug_1() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(VETOES), "hooks-and-events");
    let app = folder.app().start().unwrap();
    assert_eq!(log_in(&app).0, 429);
    let listed = get(app.admin, "/plugins").unwrap().body;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["metadata"]["name"], "guard", "{listed}");
    assert_eq!(listed[0]["status"], "started", "{listed}");
    assert_eq!(listed[0]["signed"], true, "{listed}");
    // A page in a browser cannot send the header to another site.
    let forged = request(app.admin, "POST", "/plugins/guard/stop", &[], "").unwrap();
    assert_eq!(forged.status, 403, "{}", forged.body);
    assert_eq!(log_in(&app).0, 429);
    admin(&app, "check");
    admin(&app, "stop");
    assert_ne!(log_in(&app).0, 429);
    admin(&app, "start");
    assert_eq!(log_in(&app).0, 429);
}

#[test]
fn disabled_plugin_is_reported_until_it_is_enabled_plug_2() {
    let folder = Folder::new();
    folder.add(
        "guard",
        MANIFEST,
        &module("unreachable"),
        "hooks-and-events",
    );
    let app = folder.app().start().unwrap();
    for _ in 0..MAX_FAULTS {
        assert_eq!(log_in(&app).0, 503);
    }
    let info = get(app.admin, "/plugins/guard").unwrap().body;
    let info: Value = serde_json::from_str(&info).unwrap();
    assert_eq!(info["status"], "error", "{info}");
    let problem = info["error_msg"].as_str().unwrap();
    assert!(problem.contains("unreachable"), "{info}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually(async || {
        let ready = get(app.admin, "/readyz").unwrap();
        ready.status == 200 && ready.body.contains("degraded")
    }));
    let metrics = get(app.admin, "/metrics").unwrap().body;
    for counted in [
        "plugin_faults_total{plugin=\"guard\",reason=\"trap\"} 5",
        "plugin_hook_failures_total{plugin=\"guard\"} 5",
        "plugin_call_duration_seconds_count{plugin=\"guard\"} ",
    ] {
        assert!(metrics.contains(counted), "{counted}: {metrics}");
    }
    admin(&app, "enable");
    assert!(app.stop().unwrap().status.success());
    let audited = audited(&folder.database());
    let details = |action: &str| {
        let entry = audited.iter().find(|(logged, _)| logged == action);
        let (_, details) = entry.unwrap_or_else(|| panic!("{action}: {audited:?}"));
        serde_json::from_str::<Value>(details).unwrap()
    };
    let failed = details("plugin.fail");
    let problem = failed["problem"].as_str().unwrap();
    assert!(problem.contains("unreachable"), "{failed}");
    assert_eq!(details("plugin.enable")["version"], "1.0.0");
}

#[test]
fn failed_load_is_recorded_in_the_audit_log_plug_1() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(PROCEEDS), "hooks-and-events");
    let app = folder.app().setting("plugins.auto_load=false");
    let app = app.start().unwrap();
    std::fs::remove_file(folder.path("plugins/guard/plugin.sig")).unwrap();
    let header = [("x-admin-request", "1")];
    let refused = request(app.admin, "POST", "/plugins/guard/load", &header, "").unwrap();
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(
        refused.body.contains("PLUGIN_PERMISSION_ERROR"),
        "{}",
        refused.body
    );
    assert!(app.stop().unwrap().status.success());
    let audited = audited(&folder.database());
    let (action, details) = audited.first().unwrap();
    assert_eq!(action, "plugin.fail");
    assert!(details.contains("trusted_keys"), "{details}");
}
