//! Guests that attack while they are loaded.

use super::HOOK;
use crate::{app::Setup, guest::Guest};

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
        // The settings are the first data for which the host asks the guest for memory.
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
