//! Calls whose data have exactly the permitted size.

use seaworthy_core::ByteSize;
use seaworthy_plugins::{Capability, HookCall, HookPoint};

use crate::{
    app::{Setup, TestApp},
    escapes::failures,
    guest::Guest,
};

const HOOK: &str = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\ntimeout = \"30s\"\n";
const MAX: usize = 64 * 1024;
const EXCEEDED: &str = "exceeded the payload limit of 65536 bytes";

async fn start(capability: Capability, guest: &Guest) -> TestApp {
    let more = format!("capabilities = [\"{}\"]\n{HOOK}", capability.as_str());
    Setup::new()
        .config(|config| {
            config.security.max_cpu_percent = Some(100);
            config.security.max_payload_size = ByteSize::bytes(u64::try_from(MAX).unwrap());
            config.security.max_host_calls = 10;
        })
        .grant("evil", &[capability])
        .plugin("evil", &more, guest)
        .start()
        .await
        .unwrap()
}

/// A guest that logs lines of `length` bytes.
fn logging(lines: usize, length: usize) -> Guest {
    let line = format!("(call $write (i32.const 1) (i32.const 1024) (i32.const {length}))");
    let body = format!("{} (i32.const 16)", line.repeat(lines));
    Guest::hook(&body)
        .import("log", "write", "(param i32 i32 i32)")
        .with_pages(8)
}

#[tokio::test(flavor = "multi_thread")]
async fn data_for_the_host_have_at_most_the_payload_plug_2() {
    for (lines, length, expected) in [
        (1, MAX, ""),
        (1, MAX + 1, EXCEEDED),
        (2, MAX / 2, ""),
        (2, MAX / 2 + 1, EXCEEDED),
        // Empty lines count as calls to the host.
        (10, 0, ""),
        (11, 0, "made more than 10 calls to the host"),
    ] {
        let app = start(Capability::Log, &logging(lines, length)).await;
        assert_eq!(failures(&app).await, expected, "{lines} of {length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_for_the_guest_have_at_most_the_payload_plug_2() {
    // Stores a value of half of the payload, and reads it. Two reads are exactly the payload.
    let guest = |reads: usize, length: usize| {
        let get = "(call $get (i32.const 16384) (i32.const 1) (i32.const 600))";
        let body = format!(
            "(call $set (i32.const 16384) (i32.const 1) (i32.const 16384) (i32.const {length}) (i32.const 600))
             {} (i32.const 16)",
            get.repeat(reads)
        );
        Guest::hook(&body)
            .import("key-value", "get", "(param i32 i32 i32)")
            .import("key-value", "set", "(param i32 i32 i32 i32 i32)")
            .with_pages(16)
    };
    for (reads, length, expected) in [
        (2, MAX / 2, ""),
        (2, MAX / 2 + 1, EXCEEDED),
        (3, MAX / 2, EXCEEDED),
    ] {
        let app = start(Capability::KeyValue, &guest(reads, length)).await;
        assert_eq!(failures(&app).await, expected, "{reads} of {length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_a_caller_have_at_most_the_payload_plug_2() {
    let guest = Guest::quiet().with_pages(16);
    let app = start(Capability::Log, &guest).await;
    let problem = async |length: usize| {
        let call = HookCall::new().with_metadata("text", "x".repeat(length));
        let called = app.plugins.run_hooks(HookPoint::BeforeBiz, call).await;
        let failed = called.unwrap().failed.into_iter();
        failed.map(|(_, problem)| problem).collect::<String>()
    };
    // The names of the hook, of the point and of the metadata count, too.
    let others = "attack".len() + "before_biz".len() + "text".len();
    assert_eq!(problem(MAX - others).await, "");
    let expected = "exceeded the input limit of 65536 bytes per call";
    assert_eq!(problem(MAX - others + 1).await, expected);
}
