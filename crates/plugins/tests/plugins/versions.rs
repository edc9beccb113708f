//! All versions of the interface at the same time.

use std::{sync::Arc, time::Duration};

use seaworthy_core::{Deadline, RequestContext, ServiceIdentity, Tenant, context};
use seaworthy_plugins::{Decision, Event, EventType, HandlerError, HookCall, HookPoint};

use crate::{app::Setup, guest::Guest};

const VERSIONS: [&str; 3] = ["0.1.0", "0.2.0", "0.3.0"];
/// A hook of a later version that fails with the tenant. It traps without a tenant, and unless the
/// remaining time is up to one minute. The parameter is the address of the call. The case of the
/// tenant is at 36, and its text at 40. The case of the remaining time is at 48, and its value at
/// 56.
const TENANT: &str = "
    (if (i32.eqz (i32.load8_u offset=36 (local.get 0))) (then unreachable))
    (if (i32.eqz (i32.load8_u offset=48 (local.get 0))) (then unreachable))
    (if (i64.eqz (i64.load offset=56 (local.get 0))) (then unreachable))
    (if (i64.gt_u (i64.load offset=56 (local.get 0)) (i64.const 60000)) (then unreachable))
    (i32.store (i32.const 516) (i32.load offset=40 (local.get 0)))
    (i32.store (i32.const 520) (i32.load offset=44 (local.get 0)))
    (i32.const 512)";

fn manifest(api: &str) -> String {
    format!("api = \"{api}\"\n[[hooks]]\nname = \"set\"\npoint = \"before_biz\"\n")
}

#[tokio::test]
async fn old_and_new_plugins_run_beside_each_other_plug_1() {
    let app = Setup::new()
        .plugin("old", &manifest("0.1.0"), &Guest::setting("old", "1"))
        .plugin(
            "new",
            &manifest("0.2.0"),
            &Guest::setting("new", "2").version("0.2.0"),
        )
        .plugin(
            "newest",
            &manifest("0.3.0"),
            &Guest::setting("newest", "3").version("0.3.0"),
        )
        .start()
        .await
        .unwrap();
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    assert_eq!(report.failed, []);
    assert_eq!(report.call.value("old"), Some(&1.into()));
    assert_eq!(report.call.value("new"), Some(&2.into()));
    assert_eq!(report.call.value("newest"), Some(&3.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn later_versions_read_the_tenant_and_the_deadline_plug_1() {
    for version in ["0.2.0", "0.3.0"] {
        // The words are the case of a failure, and the address and the length of its text.
        let guest = Guest::hook(TENANT).version(version);
        let guest = guest.with_words(512, &[1, 0, 0]);
        let setup = Setup::new().plugin("notes", &manifest(version), &guest);
        let app = setup.start().await.unwrap();
        let request = RequestContext::background(ServiceIdentity::new("orders", "1.0.0"));
        let request = request.with_deadline(Deadline::after(Duration::from_secs(60)));
        assert!(request.set_tenant(Tenant::new("t-1")));
        let call = || app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        let failed = context::scope(Arc::new(request), call()).await;
        assert_eq!(failed.unwrap().failed[0].1, "t-1", "{version}");
        // Outside of a request there is neither.
        let trapped = &call().await.unwrap().failed[0].1;
        assert!(trapped.contains("unreachable"), "{version}: {trapped}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_versions_decide_and_handle_events_plug_1() {
    for version in VERSIONS {
        let api = format!("api = \"{version}\"\n");
        let handler = format!("{api}[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n");
        let app = Setup::new()
            .plugin("rules", &api, &Guest::denying("no").version(version))
            .plugin(
                "notes",
                &handler,
                &Guest::handler("unreachable").version(version),
            )
            .start()
            .await
            .unwrap();
        let denied = Decision::Deny("no".to_owned());
        assert_eq!(app.decide().await.unwrap(), denied);
        let event = Event::new(EventType::USER_LOGIN, "accounts");
        let failed = app.plugins.events().publish(event).await;
        let trap = "trapped: wasm trap: wasm `unreachable` instruction executed";
        let trap = HandlerError::Permanent(trap.to_owned());
        assert_eq!(failed, [("notes/note".to_owned(), trap)], "{version}");
    }
}

#[tokio::test]
async fn component_of_another_version_is_rejected_plug_1() {
    let declared = VERSIONS.into_iter();
    let pairs = declared.flat_map(|declared| VERSIONS.map(|built| (declared, built)));
    for (declared, built) in pairs.filter(|(declared, built)| declared != built) {
        let setup = Setup::new().plugin(
            "notes",
            &manifest(declared),
            &Guest::setting("a", "1").version(built),
        );
        let failed = setup.start().await.err().unwrap();
        let text = seaworthy_core::error_chain(&failed).to_string();
        let expected = format!(
            "a plugin cannot be used: plugin \"notes\": the component does not export `initialize` of seaworthy:plugin/lifecycle@{declared}"
        );
        assert_eq!(text, expected);
    }
    // The host is older than the component.
    let setup = Setup::new().plugin("notes", &manifest("0.9.0"), &Guest::quiet());
    let failed = setup.start().await.err().unwrap();
    let text = seaworthy_core::error_chain(&failed).to_string();
    let expected = "a plugin cannot be used: plugin \"notes\": plugin.toml is not a valid manifest: line 4: unknown variant `0.9.0`, expected one of `0.1.0`, `0.2.0`, `0.3.0`";
    assert_eq!(text, expected);
}
