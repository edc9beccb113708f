//! Guests with faults, and a service that continues.

use seaworthy_plugins::{FailureMode, HookCall, HookPoint, PluginStatus};
use seaworthy_testkit::{eventually, http::get};

use serde_json::Value;

use super::{HOOK, attack};
use crate::{app::Setup, guest::Guest};

/// The problem of a guest that runs the instruction `unreachable`.
const UNREACHABLE: &str = "trapped: wasm trap: wasm `unreachable` instruction executed";

#[tokio::test(flavor = "multi_thread")]
async fn traps_are_reported_plug_2() {
    for (body, expected) in [
        ("unreachable", UNREACHABLE),
        (
            "(i32.load (i32.const -4))",
            "trapped: wasm trap: out of bounds memory access",
        ),
        (
            "(i32.div_u (i32.const 1) (i32.const 0))",
            "trapped: wasm trap: integer divide by zero",
        ),
    ] {
        let problem = attack(&Guest::hook(body)).await;
        assert_eq!(problem, expected, "{body}");
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
    let disabled = "is disabled after too many faults";
    let expected = [[UNREACHABLE; 5].as_slice(), &[disabled; 2]].concat();
    assert_eq!(problems, expected);
    assert_eq!(app.plugins.get("evil").unwrap().status, PluginStatus::Error);
    assert_eq!(app.orders().0, 200);
    let admin = app.service.addresses().admin;
    eventually(async || {
        let report = get(admin, "/readyz").unwrap();
        let body: Value = serde_json::from_str(&report.body).unwrap();
        report.status == 200 && body["status"] == "degraded"
    })
    .await;
    app.plugins.enable("evil").unwrap();
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    assert_eq!(report.failed[0].1, UNREACHABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn loops_growth_and_traps_disable_a_plugin_plug_2() {
    let hook = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\ntimeout = \"50ms\"\n";
    for body in [
        "unreachable",
        "(loop $l (br $l)) unreachable",
        "(drop (memory.grow (i32.const 65535))) (i32.const 16)",
    ] {
        let app = Setup::new()
            // The CPU share does not end the loops.
            .config(|config| config.security.max_cpu_percent = Some(100))
            .plugin("evil", hook, &Guest::hook(body))
            .start()
            .await
            .unwrap();
        // On a busy machine a call may end at its timeout before its guest runs.
        eventually(async || {
            let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
            assert_eq!(call.await.unwrap().failed.len(), 1, "{body}");
            assert_eq!(app.orders().0, 200);
            app.plugins.status("evil") == PluginStatus::Error
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_failure_rejects_requests_plug_2() {
    let hook = "[[hooks]]\nname = \"guard\"\npoint = \"before_request\"\nveto = true\n";
    let app = Setup::new()
        .plugin("evil", hook, &Guest::hook("unreachable"))
        .start()
        .await
        .unwrap();
    let unavailable = "a plugin that decides about this request is unavailable: retry later";
    let expected = (503, "PLUGIN_UNAVAILABLE".to_owned(), unavailable.to_owned());
    assert_eq!(app.rejection(), expected);
    let open = Setup::new()
        .config(|config| config.on_failure = FailureMode::Open)
        .plugin("evil", hook, &Guest::hook("unreachable"))
        .start()
        .await
        .unwrap();
    assert_eq!(open.orders().0, 200);
}
