//! The data and the quotas of granted capabilities.

use seaworthy_core::ByteSize;
use seaworthy_plugins::Capability;

use crate::{app::Setup, escapes::failures, guest::Guest};

const HOOK: &str = "[[hooks]]\nname = \"use\"\npoint = \"before_biz\"\ntimeout = \"30s\"\n";
/// Fails with the text of the result at 600, if it has one.
const RESULT: &str = "(if (result i32) (i32.load8_u (i32.const 600))
    (then
      (i32.store (i32.const 516) (i32.load (i32.const 604)))
      (i32.store (i32.const 520) (i32.load (i32.const 608)))
      (i32.const 512))
    (else (i32.const 16)))";

/// A guest whose hook runs `call`, and fails with the text of its result.
fn reporting(call: &str) -> Guest {
    Guest::hook(&format!("{call} {RESULT}"))
        .with_words(512, &[1, 0, 0])
        .with_text(1024, "token")
}

#[tokio::test(flavor = "multi_thread")]
async fn values_above_the_quota_are_rejected_plug_2() {
    let more = format!("capabilities = [\"key_value\"]\n{HOOK}");
    for (length, expected) in [
        (900, ""),
        (1000, "the quota of 1000 bytes is exhausted: delete keys"),
    ] {
        let set = format!(
            "(call $set (i32.const 1024) (i32.const 5) (i32.const 2048) (i32.const {length}) (i32.const 600))"
        );
        let guest = reporting(&set).import("key-value", "set", "(param i32 i32 i32 i32 i32)");
        let app = Setup::new()
            .config(|config| config.security.max_stored_size = ByteSize::bytes(1000))
            .grant("notes", &[Capability::KeyValue])
            .plugin("notes", &more, &guest)
            .start()
            .await
            .unwrap();
        assert_eq!(failures(&app).await, expected, "{length}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_visible_to_their_plugin_only_plug_2() {
    let more = format!("capabilities = [\"config\"]\n{HOOK}");
    let get = "(call $get (i32.const 1024) (i32.const 5) (i32.const 600))";
    let guest = reporting(get).import("configuration", "get", "(param i32 i32 i32)");
    let app = Setup::new()
        .grant("owner", &[Capability::Config])
        .grant("other", &[Capability::Config])
        .plugin("owner", &more, &guest)
        .plugin("other", &more, &guest)
        .settings("owner", "settings:\n  token: x7\n")
        .start()
        .await
        .unwrap();
    // The guest gets the value as JSON. The other one finds no setting.
    assert_eq!(failures(&app).await, "\"x7\"");
}
