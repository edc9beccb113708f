//! Guests that attack while they are loaded.

use seaworthy_service::StartError;

use super::HOOK;
use crate::{app::Setup, guest::Guest};

/// Returns the problem of the plugin in the error of a start.
fn rejection(failed: &StartError) -> String {
    let text = seaworthy_core::error_chain(failed).to_string();
    let problem = text.strip_prefix("a plugin cannot be used: plugin \"evil\": ");
    problem.map_or(text.clone(), str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_allocations_fail_the_load_plug_2() {
    for (body, timeout, expected) in [
        // Addresses outside of the memory, and one that is not aligned.
        (
            "(i32.const -8)",
            "20s",
            "trapped: realloc return: beyond end of memory",
        ),
        (
            "(i32.const 0x10000)",
            "20s",
            "trapped: realloc return: beyond end of memory",
        ),
        (
            "unreachable",
            "20s",
            "trapped: wasm trap: wasm `unreachable` instruction executed",
        ),
        (
            "(loop $l (br $l)) unreachable",
            "60ms",
            "exceeded its timeout of 60ms",
        ),
        (
            "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable",
            "20s",
            "needs more memory than 52428800 bytes",
        ),
    ] {
        // The settings are the first data for which the host asks the guest for memory.
        let failed = Setup::new()
            .plugin("evil", HOOK, &Guest::quiet().with_realloc(body))
            .settings("evil", &format!("timeout: {timeout}\n"))
            .start()
            .await
            .err()
            .unwrap();
        assert_eq!(rejection(&failed), expected, "{body}");
    }
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
    let problem = "the component cannot be used: exceeded its timeout of 1s";
    assert_eq!(rejection(&failed), problem);
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
    assert_eq!(rejection(&failed), "exceeded its timeout of 60ms");
}
