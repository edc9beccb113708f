//! All versions of the interface at the same time.

use seaworthy_plugins::{Decision, Event, EventType, HandlerError, HookCall, HookPoint};

use crate::{app::Setup, guest::Guest};

const VERSIONS: [&str; 3] = ["0.1.0", "0.2.0", "0.3.0"];

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
