//! The plugin in C of `examples/plugins`.

use std::{path::PathBuf, process::Command};

use seaworthy_plugins::{Decision, Interface, Plugins, pack};
use seaworthy_testkit::requirement::optional;
use serde_json::{Map, json};

use crate::{app::Setup, guest};

/// The Python program whose package `ziglang` compiles the plugin.
const ZIG: &str = "SEAWORTHY_TEST_ZIG";
const NAME: &str = "approval_policy";

async fn decide(plugins: &Plugins, action: &str, approved_by: Option<&str>) -> Decision {
    let mut context = Map::new();
    context.insert("amount".to_owned(), json!(7));
    if let Some(person) = approved_by {
        context.insert("approved_by".to_owned(), json!(person));
    }
    let decision = plugins.decide("u-7", action, "order/1", context);
    decision.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_in_c_decides_about_deletions_plug_1() {
    // Optional in CI, too: `./test` lists it as skipped.
    let Some(python) = optional(ZIG) else {
        return;
    };
    let setup = Setup::new();
    let home: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../examples/plugins", NAME]
        .iter()
        .collect();
    let module = setup.folder.path().join("policy.wasm");
    let built = Command::new(python)
        .args(["-m", "ziglang", "cc", "-target", "wasm32-freestanding"])
        .args([
            "-nostdlib",
            "-Wl,--no-entry",
            "-O2",
            "-Wall",
            "-Werror",
            "-o",
        ])
        .args([&module, &home.join("plugin.c")])
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let module = std::fs::read(module).unwrap();
    let component = pack(&module, Interface::V0_2, "policy-decision").unwrap();
    let manifest = std::fs::read_to_string(home.join("plugin.toml")).unwrap();
    let name = format!("name = \"{NAME}\"\n");
    let more = manifest.replace(&name, "");
    guest::write(&setup.config.directory, NAME, &more, &component, &setup.key);
    let app = setup.start().await.unwrap();
    let plugins = &app.plugins;
    assert_eq!(decide(plugins, "read", None).await, Decision::Allow);
    assert_eq!(
        decide(plugins, "delete", Some("u-9")).await,
        Decision::Allow
    );
    let denied = |reason: &str| Decision::Deny(reason.to_owned());
    assert_eq!(
        decide(plugins, "delete", None).await,
        denied("a deletion needs the approval of a second person")
    );
    assert_eq!(
        decide(plugins, "delete", Some("u-7")).await,
        denied("the approval is by the same person")
    );
}
