//! Guests that use much memory or stack.

use seaworthy_plugins::{HookCall, HookPoint};

use super::{HOOK, attack};
use crate::{
    app::{Setup, resident},
    guest::Guest,
};

/// The problem of a call that exceeds 50 MiB.
const MEMORY: &str = "needs more memory than 52428800 bytes";

#[tokio::test(flavor = "multi_thread")]
async fn growing_memory_ends_the_call_plug_2() {
    let body = "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable";
    let problem = attack(&Guest::hook(body)).await;
    assert_eq!(problem, MEMORY);
}

#[tokio::test(flavor = "multi_thread")]
async fn growing_tables_end_the_call_plug_2() {
    let body = "(drop (table.grow $t (ref.null func) (i32.const 2000000000))) (i32.const 16)";
    let guest = Guest::hook(body).with_functions("(table $t 1 funcref)");
    let problem = attack(&guest).await;
    assert_eq!(problem, MEMORY);
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_recursion_traps_plug_2() {
    let guest = Guest::hook("(call $deep (i32.const 0))").with_functions(
        "(func $deep (param i32) (result i32) (call $deep (i32.add (local.get 0) (i32.const 1))))",
    );
    let problem = attack(&guest).await;
    assert_eq!(problem, "trapped: wasm trap: call stack exhausted");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_pass_from_one_call_to_the_next_plug_2() {
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
        assert_eq!(report.failed, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_memory_and_tables_are_reset_between_calls_plug_2() {
    // Each address is zero when a call begins. This includes memory that the engine reuses or
    // returns to the system, and memory that the guest adds.
    let probes = [4_096, 65_544, 131_060, 140_000, 200_000, 262_144, 390_000];
    let probes: String = probes
        .iter()
        .map(|address| format!("(call $probe (i32.const {address}))"))
        .collect();
    let elements: String = [1, 511, 600, 5_999]
        .iter()
        .map(|element| format!("(call $element (i32.const {element}))"))
        .collect();
    let body = format!(
        "(drop (memory.grow (i32.const 2))) {probes} {elements}
         (if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const 120)) (then unreachable))
         (i32.store8 (i32.const 2048) (i32.const 0)) (i32.const 16)"
    );
    let guest = |address: u32| {
        Guest::hook(&body)
            .with_pages(4)
            // The guests share the memory of the engine, and have different images.
            .with_text(address, "own")
            .with_text(2048, "x")
            .with_functions(
                "(table $t 6000 funcref) (elem declare func $probe)
             (func $probe (param i32)
               (if (i32.load (local.get 0)) (then unreachable))
               (i32.store (local.get 0) (i32.const 1)))
             (func $element (param i32)
               (if (i32.eqz (ref.is_null (table.get $t (local.get 0)))) (then unreachable))
               (table.set $t (local.get 0) (ref.func $probe)))",
            )
    };
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("evil", HOOK, &guest(3_000))
        .plugin("other", HOOK, &guest(90_000))
        .start()
        .await
        .unwrap();
    for _ in 0..20 {
        let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        assert_eq!(call.await.unwrap().failed, []);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn bombs_do_not_increase_the_memory_of_their_process_plug_2() {
    let measured = "hostile::memory::memory_of_bombs_is_released_plug_2";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", measured, "--ignored"])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("1 passed"), "{printed}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the test above runs it in a process of its own"]
async fn memory_of_bombs_is_released_plug_2() {
    const BOMBS: usize = 100;
    /// The goal, in KiB.
    const MAX_GROWTH: i64 = 5 * 1024;
    // Writes to each page up to the limit, and grows further.
    let body = "(drop (memory.grow (i32.const 799)))
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 52428800))
        (loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable";
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("evil", HOOK, &Guest::hook(body))
        .start()
        .await
        .unwrap();
    let mut before = resident();
    for bomb in 0..=BOMBS {
        let report = loop {
            app.plugins.enable("evil").unwrap();
            let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
            let report = call.await.unwrap();
            if report.failed[0].1 != "exceeded its CPU share" {
                break report;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert_eq!(report.failed[0].1, MEMORY);
        // The engine and its caches exist after the first.
        if bomb == 0 {
            before = resident();
        }
    }
    let grown = resident() - before;
    assert!(grown < MAX_GROWTH, "{grown} KiB more than before");
}
