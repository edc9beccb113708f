//! Guests with faults, and a service that continues.

use seaworthy_plugins::{FailureMode, HookCall, HookPoint, PluginStatus};
use seaworthy_testkit::{eventually, http::get};

use super::{HOOK, attack};
use crate::{app::Setup, guest::Guest};

#[tokio::test(flavor = "multi_thread")]
async fn traps_are_reported_plug_2() {
    for (body, expected) in [
        ("unreachable", "unreachable"),
        ("(i32.load (i32.const -4))", "out of bounds"),
        ("(i32.div_u (i32.const 1) (i32.const 0))", "divide by zero"),
    ] {
        let problem = attack(&Guest::hook(body)).await;
        assert!(problem.contains(expected), "{body}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_plugin_is_disabled_and_the_service_continues_plug_2() {
    let app = Setup::new()
        .plugin("evil", HOOK, &Guest::hook("unreachable"))
        .start()
        .await
        .unwrap();
    let mut problems = Vec::new();
    for _ in 0..7 {
        let report = app
            .plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await
            .unwrap();
        problems.push(report.failed[0].1.clone());
    }
    assert!(problems[4].contains("trapped"), "{problems:?}");
    assert!(problems[6].contains("disabled"), "{problems:?}");
    assert_eq!(app.plugins.get("evil").unwrap().status, PluginStatus::Error);
    assert_eq!(app.orders().0, 200);
    let admin = app.service.addresses().admin;
    eventually(async || {
        let report = get(admin, "/readyz").unwrap();
        report.status == 200 && report.body.contains("degraded")
    })
    .await;
    app.plugins.enable("evil").unwrap();
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    assert!(report.failed[0].1.contains("trapped"));
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_failure_refuses_requests_plug_2() {
    let hook = "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\n";
    let app = Setup::new()
        .plugin("evil", hook, &Guest::hook("unreachable"))
        .start()
        .await
        .unwrap();
    let (status, body) = app.orders();
    assert_eq!(status, 503, "{body}");
    assert!(
        body.contains("PLUGIN_UNAVAILABLE") && !body.contains("unreachable"),
        "{body}"
    );
    let open = Setup::new()
        .config(|config| config.on_failure = FailureMode::Open)
        .plugin("evil", hook, &Guest::hook("unreachable"))
        .start()
        .await
        .unwrap();
    assert_eq!(open.orders().0, 200);
}
