//! Hooks, events and decisions of plugins.

use seaworthy_plugins::{
    Capability, Decision, Event, EventType, FailureMode, HandlerError, HookCall, HookPoint,
    PluginStatus,
};
use seaworthy_testkit::eventually;

use crate::{
    app::{Setup, granted_http},
    guest::Guest,
};

const BEFORE_REQUEST: &str =
    "[[hooks]]\nname = \"check\"\npoint = \"before_request\"\nveto = true\ntimeout = \"30s\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn veto_becomes_the_response_plug_1() {
    let app = Setup::new()
        .plugin("guard", BEFORE_REQUEST, &Guest::rejecting(403, "blocked"))
        .start()
        .await
        .unwrap();
    let expected = (403, "PLUGIN_REJECTED".to_owned(), "blocked".to_owned());
    assert_eq!(app.rejection(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_hooks_after_responses_have_a_limit_plug_2() {
    /// More than the limit of anonymous requests, which is half of 1,000.
    const REQUESTS: u64 = 510;
    // The system accepts connections, and nothing responds.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let grant = granted_http();
    let more = "capabilities = [\"http\"]\n[[hooks]]\nname = \"note\"\npoint = \"after_response\"\ntimeout = \"10m\"\n";
    let app = Setup::new()
        .config(|config| drop(config.grants.insert("notes".to_owned(), grant)))
        .plugin("notes", more, &Guest::requesting(&url, "(i32.const 16)"))
        .settings("notes", "timeout: 10m\n")
        .start()
        .await
        .unwrap();
    for _ in 0..REQUESTS {
        assert_eq!(app.orders().0, 200);
    }
    let failures = "plugin_hook_failures_total{plugin=\"notes\"}";
    eventually(async || app.metric(failures) > 0).await;
    assert_eq!(app.metric(failures), REQUESTS - 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejection_without_veto_does_not_change_the_response_plug_1() {
    let hook = BEFORE_REQUEST.replace("veto = true", "veto = false");
    let app = Setup::new()
        .plugin("guard", &hook, &Guest::rejecting(403, "blocked"))
        .start()
        .await
        .unwrap();
    assert_eq!(app.orders().0, 200);
}

#[tokio::test]
async fn hooks_run_by_priority_and_share_values_plug_1() {
    let hook = |priority: i32| {
        format!("[[hooks]]\nname = \"set\"\npoint = \"before_biz\"\npriority = {priority}\n")
    };
    let app = Setup::new()
        .plugin("late", &hook(20), &Guest::setting("last", "\"late\""))
        .plugin("early", &hook(10), &Guest::setting("last", "\"early\""))
        .plugin("broken", &hook(15), &Guest::failing("no luck"))
        .start()
        .await
        .unwrap();
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    assert_eq!(report.call.value("last"), Some(&"late".into()));
    assert_eq!(
        report.failed,
        [("broken/set".to_owned(), "no luck".to_owned())]
    );
}

#[tokio::test]
async fn hook_without_a_priority_has_that_of_its_settings_plug_1() {
    const HOOK: &str = "[[hooks]]\nname = \"set\"\npoint = \"before_biz\"\n";
    // The default is 100. A hook with a priority of its own ignores the settings.
    let own = format!("{HOOK}priority = 102\n");
    let app = Setup::new()
        .plugin("a-late", HOOK, &Guest::failing("103"))
        .settings("a-late", "priority: 103\n")
        .plugin("b-own", &own, &Guest::failing("102"))
        .settings("b-own", "priority: 1\n")
        .plugin("c-early", HOOK, &Guest::failing("99"))
        .settings("c-early", "priority: 99\n")
        .plugin("d-default", HOOK, &Guest::failing("100"))
        .start()
        .await
        .unwrap();
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let failed = call.await.unwrap().failed.into_iter();
    let order: Vec<String> = failed.map(|(_, priority)| priority).collect();
    assert_eq!(order, ["99", "100", "102", "103"]);
}

#[tokio::test]
async fn hooks_at_two_points_may_share_a_name_plug_1() {
    let hook = |point: &str| format!("[[hooks]]\nname = \"note\"\npoint = \"{point}\"\n");
    let more = format!("{}{}", hook("before_biz"), hook("after_biz"));
    let app = Setup::new()
        .plugin("notes", &more, &Guest::failing("seen"))
        .start()
        .await
        .unwrap();
    for point in [HookPoint::BeforeBiz, HookPoint::AfterBiz] {
        let report = app.plugins.run_hooks(point, HookCall::new()).await.unwrap();
        assert_eq!(
            report.failed,
            [("notes/note".to_owned(), "seen".to_owned())]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_veto_follows_the_mode_of_its_plugin_plug_2() {
    // The operator decides. A manifest can only make the reaction stricter.
    let (open, closed) = ("on_failure = \"open\"\n", "on_failure = \"closed\"\n");
    for (service, manifest, settings, status) in [
        (FailureMode::Closed, "", "", 503),
        (FailureMode::Closed, open, "", 503),
        (FailureMode::Closed, closed, "on_failure: open\n", 200),
        (FailureMode::Open, "", "", 200),
        (FailureMode::Open, closed, "", 503),
        (FailureMode::Open, open, "on_failure: closed\n", 503),
    ] {
        let app = Setup::new()
            .config(|config| config.on_failure = service)
            .plugin(
                "guard",
                &format!("{manifest}{BEFORE_REQUEST}"),
                &Guest::failing("no luck"),
            )
            .settings("guard", settings)
            .start()
            .await
            .unwrap();
        let (answered, body) = app.orders();
        assert_eq!(answered, status, "{service:?} {manifest}{settings}: {body}");
        assert!(!body.contains("no luck"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_policy_follows_the_mode_of_its_plugin_plug_2() {
    for (mode, later, expected) in [
        (FailureMode::Open, None, Ok(Decision::Allow)),
        // The policies after it still decide.
        (
            FailureMode::Open,
            Some("no"),
            Ok(Decision::Deny("no".to_owned())),
        ),
        (FailureMode::Closed, None, Err("PLUGIN_UNAVAILABLE")),
        (FailureMode::Closed, Some("no"), Err("PLUGIN_UNAVAILABLE")),
    ] {
        let mut setup = Setup::new()
            .config(|config| config.on_failure = mode)
            .plugin("a-broken", "", &Guest::deciding("unreachable"));
        if let Some(reason) = later {
            setup = setup.plugin("b-strict", "", &Guest::denying(reason));
        }
        let app = setup.start().await.unwrap();
        let decided = app.decide().await;
        let decided = decided.as_ref().map_err(|error| error.reason());
        assert_eq!(decided.cloned(), expected, "{mode:?} {later:?}");
    }
}

#[tokio::test]
async fn handlers_get_their_events_plug_1() {
    let handlers =
        "capabilities = [\"key_value\"]\n[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    // The permanent failure shows that the handler ran.
    let guest = Guest::handler("(i32.const 512)")
        .with_words(512, &[1, 1, 1024, 4])
        .with_text(1024, "seen");
    let app = Setup::new()
        .grant("notes", &[Capability::KeyValue])
        .plugin("notes", handlers, &guest)
        .start()
        .await
        .unwrap();
    let login = || Event::new(EventType::USER_LOGIN, "accounts").with_data("user", "u-7");
    let failed = app.plugins.events().publish(login()).await;
    let seen = HandlerError::Permanent("seen".to_owned());
    assert_eq!(failed, [("notes/note".to_owned(), seen)]);
    app.plugins.unload("notes").await.unwrap();
    assert!(app.plugins.events().publish(login()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_set_the_retries_of_a_handler_plug_1() {
    let handlers = "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    // The handler requests another delivery each time.
    let guest = Guest::handler("(i32.const 512)")
        .with_words(512, &[1, 0, 1024, 4])
        .with_text(1024, "busy");
    for (settings, deliveries) in [("", 4), ("retry_count: 1\n", 2), ("retry_count: 0\n", 1)] {
        let app = Setup::new()
            .plugin("notes", handlers, &guest)
            .settings("notes", settings)
            .start()
            .await
            .unwrap();
        let login = Event::new(EventType::USER_LOGIN, "accounts");
        let failed = app.plugins.events().publish(login).await;
        let busy = HandlerError::Transient("busy".to_owned());
        assert_eq!(failed, [("notes/note".to_owned(), busy)]);
        let counted = app.metric("plugin_handler_failures_total{plugin=\"notes\"}");
        assert_eq!(counted, deliveries, "{settings}");
    }
}

#[tokio::test]
async fn trap_of_a_handler_is_permanent_plug_1() {
    let handlers = "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    let app = Setup::new()
        .plugin("notes", handlers, &Guest::handler("unreachable"))
        .start()
        .await
        .unwrap();
    let login = Event::new(EventType::USER_LOGIN, "accounts");
    let failed = app.plugins.events().publish(login).await;
    let problem = "trapped: wasm trap: wasm `unreachable` instruction executed";
    let trapped = HandlerError::Permanent(problem.to_owned());
    assert_eq!(failed, [("notes/note".to_owned(), trapped)]);
}

#[tokio::test]
async fn policy_denies_an_action_plug_1() {
    let app = Setup::new()
        .plugin("rules", "", &Guest::denying("not on sundays"))
        .start()
        .await
        .unwrap();
    let denied = Decision::Deny("not on sundays".to_owned());
    assert_eq!(app.decide().await.unwrap(), denied);
    app.plugins.stop_plugin("rules").await.unwrap();
    assert_eq!(app.decide().await.unwrap(), Decision::Allow);
}

#[tokio::test(flavor = "multi_thread")]
async fn unload_removes_hooks_and_respects_dependents_plug_1() {
    let app = Setup::new()
        .plugin("base", BEFORE_REQUEST, &Guest::rejecting(429, "wait"))
        .plugin("above", "dependencies = [\"base\"]\n", &Guest::quiet())
        .start()
        .await
        .unwrap();
    assert_eq!(app.orders().0, 429);
    let refused = app.plugins.unload("base").await.unwrap_err();
    assert_eq!(refused.code().as_str(), "PLUGIN_DEPENDENCY_ERROR");
    app.plugins.unload("above").await.unwrap();
    app.plugins.unload("base").await.unwrap();
    assert_eq!(app.orders().0, 200);
    assert!(app.plugins.list().is_empty());
    assert!(!app.plugins.has_hooks(HookPoint::BeforeRequest));
    app.plugins.load("base").await.unwrap();
    app.plugins.start_plugin("base").await.unwrap();
    assert_eq!(
        app.plugins.get("base").unwrap().status,
        PluginStatus::Started
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn switch_turns_plugins_off_and_on_flag_2_plug_1() {
    let switches = std::sync::OnceLock::new();
    let app = Setup::new()
        .config(|config| {
            config.required = vec!["guard".to_owned(), "rules".to_owned()];
            config.security.max_cpu_percent = Some(100);
        })
        .plugin("guard", BEFORE_REQUEST, &Guest::rejecting(403, "no"))
        .plugin("rules", "", &Guest::denying("no"))
        .start_with(|service, _| {
            service.http(seaworthy_http::Routes::new().get("/orders", async || "orders"));
            let _ = switches.set(service.switches().clone());
        })
        .await
        .unwrap();
    let seen = async || {
        let has_hooks = app.plugins.has_hooks(HookPoint::BeforeRequest);
        let decided = app.decide().await;
        let decided = decided.map_err(|error| error.reason().to_owned());
        (has_hooks, app.orders().0, decided)
    };
    let on = (true, 403, Ok(Decision::Deny("no".to_owned())));
    assert_eq!(seen().await, on);
    let switches = switches.get().unwrap();
    switches.set("plugin_system", false);
    let off = (false, 200, Ok(Decision::Allow));
    assert_eq!(seen().await, off);
    // The switch also turns `plugins.required` off.
    app.plugins.stop_plugin("rules").await.unwrap();
    assert_eq!(seen().await, off);
    switches.set("plugin_system", true);
    let unavailable = Err("PLUGIN_UNAVAILABLE".to_owned());
    assert_eq!(seen().await, (true, 503, unavailable));
}
