//! Guests that attack the service.

use std::time::{Duration, Instant};

use seaworthy_plugins::{HookCall, HookPoint, PluginStatus};

use crate::{app::Setup, guest::Guest};

const HOOK: &str = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\ntimeout = \"50ms\"\n";
/// A guest that is not stopped runs for ever. A loaded machine needs far less than this.
const MAX: Duration = Duration::from_secs(20);

/// Returns what the service reports about a call of the guest.
async fn attack(guest: &Guest) -> String {
    let app = Setup::new()
        .plugin("evil", HOOK, guest)
        .start()
        .await
        .unwrap();
    let begun = Instant::now();
    let report = app
        .plugins
        .run_hooks(
            HookPoint::BeforeBiz,
            HookCall::new().with_value("secret", "x"),
        )
        .await
        .unwrap();
    assert!(begun.elapsed() < MAX);
    assert_eq!(report.call.value("secret"), Some(&"x".into()));
    assert_eq!(app.orders().0, 200, "the service goes on");
    report
        .failed
        .into_iter()
        .map(|(_, problem)| problem)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_guests_end_at_their_timeout_plug_2() {
    for body in [
        "(loop $l (br $l)) unreachable",
        // A fill checks the time once, so many small ones and large ones must end, too.
        "(loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)) (br $l)) unreachable",
        "(loop $l (memory.copy (i32.const 0) (i32.const 8) (i32.const 60000)) (br $l)) unreachable",
        "(loop $l (drop (call $nothing)) (br $l)) unreachable",
    ] {
        let guest = Guest::hook(body).with_functions("(func $nothing (result i32) (i32.const 1))");
        let problem = attack(&guest).await;
        assert!(problem.contains("timeout of 50ms"), "{body}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn growing_memory_ends_the_call_plug_2() {
    let body = "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable";
    let problem = attack(&Guest::hook(body)).await;
    assert!(problem.contains("more memory"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn growing_tables_end_the_call_plug_2() {
    let body = "(drop (table.grow $t (ref.null func) (i32.const 2000000000))) (i32.const 16)";
    let guest = Guest::hook(body).with_functions("(table $t 1 funcref)");
    let problem = attack(&guest).await;
    assert!(problem.contains("more memory"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_allocations_fail_the_load_plug_2() {
    for (body, expected) in [
        // Addresses outside of the memory, and one that is not aligned.
        ("(i32.const -8)", "trapped"),
        ("(i32.const 0x10000)", "trapped"),
        ("unreachable", "unreachable"),
        ("(loop $l (br $l)) unreachable", "timeout"),
        (
            "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable",
            "more memory",
        ),
    ] {
        // The settings are the first data that the host passes.
        let failed = Setup::new()
            .plugin("evil", HOOK, &Guest::quiet().with_realloc(body))
            .settings("evil", "timeout: 60ms\n")
            .start()
            .await
            .err()
            .unwrap();
        let text = seaworthy_core::error_chain(&failed).to_string();
        assert!(text.contains(expected), "{body}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_reasons_are_cut_plug_2() {
    let problem = attack(&Guest::failing(&"x".repeat(5_000))).await;
    assert_eq!(problem.len(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_data_of_host_calls_exceed_the_payload_plug_2() {
    // A line of 4 MiB.
    let body = "(drop (memory.grow (i32.const 100)))
        (call $write (i32.const 0) (i32.const 0) (i32.const 4194304)) (i32.const 16)";
    let guest = Guest::hook(body).import("log", "write", "(param i32 i32 i32)");
    // A busy machine does not reach the timeout before the limit.
    let hook = HOOK.replace("50ms", "10s");
    let manifest = format!("capabilities = [\"log\"]\n{hook}");
    let app = Setup::new()
        .config(|config| {
            let grant = seaworthy_plugins::GrantConfig {
                capabilities: vec![seaworthy_plugins::Capability::Log],
                ..Default::default()
            };
            config.grants.insert("evil".to_owned(), grant);
        })
        .plugin("evil", &manifest, &guest)
        .start()
        .await
        .unwrap();
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    let problem = &report.failed[0].1;
    assert!(
        problem.contains("payload") || problem.contains("fuel"),
        "{problem}"
    );
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
    // More than the limit of faults: the data are those of the service.
    for _ in 0..6 {
        let call = HookCall::new().with_value("text", "x".repeat(1024 * 1024));
        let report = app.plugins.run_hooks(HookPoint::BeforeBiz, call).await;
        let problem = &report.unwrap().failed[0].1;
        assert!(problem.contains("1048576 bytes"), "{problem}");
    }
    let status = app.plugins.get("quiet").unwrap().status;
    assert_eq!(status, PluginStatus::Started);
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_guest_ends_with_its_processor_time_plug_2() {
    // 1 % of ten seconds are 100 ms, and the timeout of the point is 30 s.
    let hook = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\n";
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(1))
        .plugin("evil", hook, &Guest::hook("(loop $l (br $l)) unreachable"))
        .start()
        .await
        .unwrap();
    let call = || app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let problem = &call().await.unwrap().failed[0].1;
    assert!(
        problem.contains("exceeded the processor time of 100ms"),
        "{problem}"
    );
    let problem = &call().await.unwrap().failed[0].1;
    assert!(problem.contains("share"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_guests_do_not_delay_other_plugins_plug_2() {
    let hook = |point: &str, timeout: &str| {
        format!("[[hooks]]\nname = \"hook\"\npoint = \"{point}\"\ntimeout = \"{timeout}\"\n")
    };
    let endless = Guest::hook("(loop $l (br $l)) unreachable");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("evil", &hook("before_data", "3s"), &endless)
        .plugin(
            "good",
            &hook("before_biz", "1s"),
            &Guest::setting("seen", "1"),
        )
        .start()
        .await
        .unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    let attacks = (0..cores * 4).map(|_| {
        let plugins = app.plugins.clone();
        tokio::spawn(async move {
            plugins
                .run_hooks(HookPoint::BeforeData, HookCall::new())
                .await
        })
    });
    let attacks: Vec<_> = attacks.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let report = call.await.unwrap();
    assert!(!attacks[0].is_finished());
    assert_eq!(report.call.value("seen"), Some(&1.into()), "{report:?}");
    let mut problems = Vec::new();
    for attack in attacks {
        problems.extend(attack.await.unwrap().unwrap().failed);
    }
    assert_eq!(problems.len(), cores * 4);
    let waited = "too many calls of this plugin run at the same time";
    assert!(
        problems.iter().any(|(_, problem)| problem == waited),
        "{problems:?}"
    );
}

/// Measures time. `cargo test --profile dist -p seaworthy-plugins --features wasm -- --ignored within`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an otherwise idle machine"]
async fn endless_guests_end_within_five_milliseconds_plug_2() {
    const DEADLINE: Duration = Duration::from_millis(50);
    for body in [
        "(loop $l (br $l)) unreachable",
        "(loop $l (drop (call $nothing)) (br $l)) unreachable",
        "(loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)) (br $l)) unreachable",
        // 49 MiB of the 50 MiB that a call may have.
        "(drop (memory.grow (i32.const 784))) (loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 51380224)) (br $l)) unreachable",
    ] {
        let guest = Guest::hook(body).with_functions("(func $nothing (result i32) (i32.const 1))");
        let app = Setup::new()
            .config(|config| config.security.max_cpu_percent = Some(100))
            .plugin("evil", HOOK, &guest)
            .start()
            .await
            .unwrap();
        let mut late = Vec::new();
        while late.len() < 100 {
            app.plugins.enable("evil").unwrap();
            tokio::time::sleep(DEADLINE).await;
            let begun = Instant::now();
            let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
            let problem = &call.await.unwrap().failed[0].1;
            match problem.contains("timeout of 50ms") {
                true => late.push(begun.elapsed().saturating_sub(DEADLINE)),
                false => assert!(problem.contains("share"), "{problem}"),
            }
        }
        late.sort_unstable();
        assert!(late[99] <= Duration::from_millis(5), "{body}: {late:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_guest_is_stopped_every_time_plug_2() {
    let hook = HOOK.replace("50ms", "5ms");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("evil", &hook, &Guest::hook("(loop $l (br $l)) unreachable"))
        .start()
        .await
        .unwrap();
    let mut timeouts = 0;
    let begun = Instant::now();
    while timeouts < 100 {
        assert!(begun.elapsed() < MAX * 3);
        app.plugins.enable("evil").unwrap();
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        let problem = &call.await.unwrap().failed[0].1;
        match problem.contains("timeout of 5ms") {
            true => timeouts += 1,
            // A loaded machine uses more than the share.
            false => assert!(problem.contains("share"), "{problem}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_recursion_traps_plug_2() {
    let guest = Guest::hook("(call $deep (i32.const 0))").with_functions(
        "(func $deep (param i32) (result i32) (call $deep (i32.add (local.get 0) (i32.const 1))))",
    );
    let problem = attack(&guest).await;
    assert!(problem.contains("call stack exhausted"), "{problem}");
}

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
async fn invalid_results_are_refused_plug_2() {
    // A result outside of the memory, and one that is not aligned.
    for body in ["(i32.const 0x7ffffff0)", "(i32.const 17)"] {
        assert!(
            attack(&Guest::hook(body)).await.contains("trapped"),
            "{body}"
        );
    }
    let result = |words: &[u32]| Guest::hook("(i32.const 512)").with_words(512, words);
    // A reason outside of the memory, a list of 2^31 entries, and an unknown case.
    for words in [
        &[1, 0x7fff_0000, 100][..],
        &[0, 0, 1024, 0x7fff_ffff],
        &[0, 9, 0, 0],
    ] {
        let problem = attack(&result(words)).await;
        assert!(problem.contains("trapped"), "{words:?}: {problem}");
    }
    // A reason that is not UTF-8.
    let guest = result(&[1, 1024, 2]).with_words(1024, &[0xffff_ffff]);
    assert!(attack(&guest).await.contains("trapped"));
    // A value that is not JSON.
    let problem = attack(&Guest::setting("total", "{")).await;
    assert!(problem.contains("not valid JSON"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_results_exceed_the_payload_plug_2() {
    // 70,000 empty entries fit into the memory of the guest, and would need megabytes in the host.
    let guest = Guest::hook("(drop (memory.grow (i32.const 100))) (i32.const 512)")
        .with_words(512, &[0, 0, 8192, 200_000]);
    let problem = attack(&guest).await;
    assert!(
        problem.contains("trapped") || problem.contains("payload"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_start_function_fails_the_load_plug_2() {
    let guest = Guest::quiet()
        .with_functions("(func $begin (loop $l (br $l)))")
        .with_start_function();
    let failed = Setup::new()
        .plugin("evil", HOOK, &guest)
        .start()
        .await
        .err()
        .unwrap();
    assert!(
        seaworthy_core::error_chain(&failed)
            .to_string()
            .contains("timeout"),
        "{failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_initialization_fails_the_load_plug_2() {
    let guest = Guest::quiet().with_initialize("(loop $l (br $l)) unreachable");
    let failed = Setup::new()
        .plugin("evil", HOOK, &guest)
        .settings("evil", "timeout: 60ms\n")
        .start()
        .await
        .err()
        .unwrap();
    assert!(
        seaworthy_core::error_chain(&failed)
            .to_string()
            .contains("timeout"),
        "{failed:?}"
    );
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
        .config(|config| {
            let grant = seaworthy_plugins::GrantConfig {
                capabilities: vec![seaworthy_plugins::Capability::Clock],
                ..Default::default()
            };
            config.grants.insert("evil".to_owned(), grant);
        })
        .plugin("evil", &manifest, &guest)
        .start()
        .await
        .unwrap();
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    assert!(
        report.failed[0].1.contains("1000 calls to the host"),
        "{:?}",
        report.failed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_from_one_call_to_the_next_plug_2() {
    // The guest counts in its memory. Each call begins at zero, so it never reaches two.
    let body = "(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
        (if (i32.gt_u (i32.load (i32.const 4096)) (i32.const 1)) (then unreachable)) (i32.const 16)";
    let app = Setup::new()
        .plugin("evil", HOOK, &Guest::hook(body))
        .start()
        .await
        .unwrap();
    for _ in 0..3 {
        let report = app
            .plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await
            .unwrap();
        assert!(report.failed.is_empty(), "{:?}", report.failed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_plugin_is_disabled_and_the_service_goes_on_plug_2() {
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
    seaworthy_testkit::eventually(async || {
        let report = seaworthy_testkit::http::get(admin, "/readyz").unwrap();
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
        .config(|config| config.on_failure = seaworthy_plugins::FailureMode::Open)
        .plugin("evil", hook, &Guest::hook("unreachable"))
        .start()
        .await
        .unwrap();
    assert_eq!(open.orders().0, 200);
}
