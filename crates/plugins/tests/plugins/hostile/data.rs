//! Guests with data that violate the interface or its limits.

use seaworthy_plugins::{Capability, HookCall, HookPoint, PluginStatus};

use super::{HOOK, attack};
use crate::{app::Setup, guest::Guest};

/// The problem of a guest whose data exceed the payload limit.
const PAYLOAD: &str = "exceeded the payload limit of 1048576 bytes";

#[tokio::test(flavor = "multi_thread")]
async fn long_reasons_are_cut_plug_2() {
    let problem = attack(&Guest::failing(&"x".repeat(5_000))).await;
    assert_eq!(problem, "x".repeat(1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_data_of_host_calls_exceed_the_payload_plug_2() {
    // A line of 4 MiB.
    let body = "(drop (memory.grow (i32.const 100)))
        (call $write (i32.const 0) (i32.const 0) (i32.const 4194304)) (i32.const 16)";
    let guest = Guest::hook(body).import("log", "write", "(param i32 i32 i32)");
    let manifest = format!("capabilities = [\"log\"]\n{HOOK}");
    let app = Setup::new()
        .grant("evil", &[Capability::Log])
        .plugin("evil", &manifest, &guest)
        .start()
        .await
        .unwrap();
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    assert_eq!(report.failed[0].1, PAYLOAD);
    let counted = "plugin_faults_total{plugin=\"evil\",reason=\"payload\"}";
    assert_eq!(app.metric(counted), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_data_for_a_call_do_not_reach_the_guest_plug_2() {
    let app = Setup::new()
        // A build without optimization writes the data slowly.
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("quiet", HOOK, &Guest::quiet())
        .start()
        .await
        .unwrap();
    // More calls than the limit of faults: the service causes these errors, not the plugin.
    for _ in 0..6 {
        let call = HookCall::new().with_value("text", "x".repeat(1024 * 1024));
        let report = app.plugins.run_hooks(HookPoint::BeforeBiz, call).await;
        let problem = &report.unwrap().failed[0].1;
        assert_eq!(
            problem,
            "exceeded the input limit of 1048576 bytes per call"
        );
    }
    let status = app.plugins.get("quiet").unwrap().status;
    assert_eq!(status, PluginStatus::Started);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_results_are_rejected_plug_2() {
    // A result outside of the memory, and one that is not aligned.
    for (body, expected) in [
        (
            "(i32.const 0x7ffffff0)",
            "trapped: pointer out of bounds of memory",
        ),
        ("(i32.const 17)", "trapped: return pointer not aligned"),
    ] {
        assert_eq!(attack(&Guest::hook(body)).await, expected, "{body}");
    }
    let result = |words: &[u32]| Guest::hook("(i32.const 512)").with_words(512, words);
    // A reason outside of the memory, a list of 2^31 entries, and an unknown case.
    for (words, expected) in [
        (
            &[1, 0x7fff_0000, 100][..],
            "trapped: string pointer/length out of bounds of memory",
        ),
        (
            &[0, 0, 1024, 0x7fff_ffff],
            "trapped: list pointer/length out of bounds of memory",
        ),
        (&[0, 9, 0, 0], "trapped: unexpected discriminant: 9"),
    ] {
        assert_eq!(attack(&result(words)).await, expected, "{words:?}");
    }
    // A reason that is not UTF-8.
    let guest = result(&[1, 1024, 2]).with_words(1024, &[0xffff_ffff]);
    assert_eq!(
        attack(&guest).await,
        "trapped: invalid utf-8 sequence of 1 bytes from index 0"
    );
    // A value that is not JSON.
    let problem = attack(&Guest::setting("total", "{")).await;
    let expected =
        "set a value that is not valid JSON: EOF while parsing an object at line 1 column 1";
    assert_eq!(problem, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_results_exceed_the_payload_plug_2() {
    // 200,000 empty entries fit into the memory of the guest, and would need megabytes in the host.
    let guest = Guest::hook("(drop (memory.grow (i32.const 100))) (i32.const 512)")
        .with_words(512, &[0, 0, 8192, 200_000]);
    assert_eq!(attack(&guest).await, PAYLOAD);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_json_values_are_rejected_plug_2() {
    // The text is below the payload limit, and its values would need 20 times as much memory.
    let values = format!("[{}[]]", "[],".repeat(100_000));
    let guest = Guest::hook("(i32.const 512)")
        .with_pages(20)
        .with_words(512, &[0, 0, 600, 1])
        .with_words(
            600,
            &[1024, 5, 65_536, u32::try_from(values.len()).unwrap()],
        )
        .with_text(1024, "lists")
        .with_text(65_536, &values);
    let expected = "set a value that has more than 1000 JSON values";
    assert_eq!(attack(&guest).await, expected);
    // Several hooks together have the same limit.
    let values = format!("[{}[]]", "[],".repeat(400));
    let guest = |name: &str| {
        let length = u32::try_from(name.len()).unwrap();
        Guest::hook("(i32.const 512)")
            .with_words(512, &[0, 0, 600, 1])
            .with_words(
                600,
                &[1024, length, 2048, u32::try_from(values.len()).unwrap()],
            )
            .with_text(1024, name)
            .with_text(2048, &values)
    };
    let mut setup = Setup::new();
    for name in ["a", "b", "c"] {
        setup = setup.plugin(name, HOOK, &guest(name));
    }
    let app = setup.start().await.unwrap();
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let report = call.await.unwrap();
    let problem = "set more values than later hooks may get".to_owned();
    assert_eq!(report.failed, [("c/attack".to_owned(), problem)]);
    assert!(report.call.value("b").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn host_calls_have_a_quota_plug_2() {
    let guest = Guest::hook("(loop $l (drop (call $now)) (br $l)) unreachable").import(
        "clock",
        "now",
        "(result i64)",
    );
    let manifest = format!("capabilities = [\"clock\"]\n{HOOK}");
    let app = Setup::new()
        .grant("evil", &[Capability::Clock])
        .plugin("evil", &manifest, &guest)
        .start()
        .await
        .unwrap();
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    assert_eq!(report.failed[0].1, "made more than 1000 calls to the host");
}
