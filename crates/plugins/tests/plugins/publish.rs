//! Events that plugins publish.

use std::sync::Arc;

use seaworthy_plugins::{
    Capability, Event, EventType, GrantConfig, HookCall, HookPoint, PluginErrorCode,
};
use tokio::sync::{
    Semaphore,
    mpsc::{self, UnboundedReceiver},
};

use crate::{
    app::{Setup, TestApp, granted},
    guest::Guest,
};

const MANIFEST: &str = "api = \"0.3.0\"\ncapabilities = [\"events\"]\n[[hooks]]\nname = \"flag\"\npoint = \"before_biz\"\n";
const FLAGGED: &str = "order.flagged";

fn setup(types: &[&str], guest: &Guest) -> Setup {
    let types = types.iter().map(|kind| kind.parse().unwrap());
    let grant = GrantConfig {
        event_types: types.collect(),
        ..granted(&[Capability::Events])
    };
    Setup::new()
        .config(|config| drop(config.grants.insert("flag".to_owned(), grant)))
        .plugin("flag", MANIFEST, guest)
}

/// Calls the hook. Returns its problem, or an empty text.
async fn publish(app: &TestApp) -> String {
    let call = app.plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    let failed = call.await.unwrap().failed.into_iter();
    failed.map(|(_, problem)| problem).collect()
}

/// Returns the events of a type from now on.
fn received(app: &TestApp, kind: &str) -> UnboundedReceiver<Event> {
    let (sender, events) = mpsc::unbounded_channel();
    let kind = EventType::new(kind).unwrap();
    app.plugins
        .events()
        .subscribe("host", [kind], move |event| {
            let _ = sender.send(event);
            std::future::ready(Ok(()))
        });
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_publish_events_with_the_source_of_the_host_plug_1() {
    let guest = Guest::publishing(FLAGGED, "{\"order\": 7}");
    // The second plugin, of an older interface, handles the event of the first one.
    let handler = format!("[[handlers]]\nname = \"note\"\ntypes = [\"{FLAGGED}\"]\n");
    let app = setup(&[FLAGGED], &guest)
        .plugin("notes", &handler, &Guest::handler("unreachable"))
        .start()
        .await
        .unwrap();
    let (mut events, mut failures) = (received(&app, FLAGGED), app.failures());
    for _ in 0..5 {
        assert_eq!(publish(&app).await, "");
        let event = events.recv().await.unwrap();
        assert_eq!(event.kind().as_str(), FLAGGED);
        assert_eq!(event.source(), "plugins/flag");
        assert_eq!(event.data().get("order"), Some(&7.into()));
    }
    // Five faults disable the second plugin, so it got the events.
    let trap = "trapped: wasm trap: wasm `unreachable` instruction executed";
    failures.wait_for(trap).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn published_events_are_checked_plug_2() {
    let large = format!("{{\"text\": \"{}\"}}", "x".repeat(66_000));
    for (kind, data, expected) in [
        (
            "order.paid",
            "{}",
            "the type \"order.paid\" is not granted: list it in event_types",
        ),
        (
            FLAGGED,
            "[1]",
            "the data is not a JSON object: publish an object",
        ),
        (
            FLAGGED,
            "{",
            "the data is not valid JSON: EOF while parsing an object at line 1 column 1",
        ),
        (FLAGGED, &large, "the event has more than 65536 bytes"),
    ] {
        let guest = Guest::publishing(kind, data).with_pages(4);
        let app = setup(&[FLAGGED], &guest).start().await.unwrap();
        let mut events = received(&app, FLAGGED);
        assert_eq!(publish(&app).await, expected);
        assert!(events.try_recv().is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn published_events_have_a_rate_plug_2() {
    let setup = setup(&[FLAGGED], &Guest::publishing(FLAGGED, "{}"));
    let app = setup.config(|config| config.security.max_events_per_second = 1);
    let app = app.start().await.unwrap();
    let mut problem = String::new();
    // A loaded machine may need a second for a call.
    for _ in 0..100 {
        problem = publish(&app).await;
        if !problem.is_empty() {
            break;
        }
    }
    assert_eq!(problem, "the plugin exceeded max_events_per_second (1)");
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_of_a_plugin_fills_only_queues_of_its_type_plug_2() {
    let app = setup(&[FLAGGED], &Guest::publishing(FLAGGED, "{}")).config(|config| {
        config.max_queued_events = 2;
        config.security.max_events_per_second = 1_000;
        config.security.max_cpu_percent = Some(100);
    });
    let app = app.start().await.unwrap();
    let blocked = Arc::new(Semaphore::new(0));
    let (events, release) = (app.plugins.events(), Arc::clone(&blocked));
    let kind = EventType::new(FLAGGED).unwrap();
    // This handler of the service runs one delivery, and the others wait.
    events.subscribe_in_order("slow", [kind], 0, move |_| {
        let release = Arc::clone(&release);
        async move {
            let _ = release.acquire().await;
            Ok(())
        }
    });
    let mut logins = received(&app, EventType::USER_LOGIN.as_str());
    let full = "the queue of an event handler is full: raise plugins.max_queued_events or make the handler faster";
    // One running delivery, a full queue, and one more event.
    let mut problems = Vec::new();
    while problems.last().is_none_or(String::is_empty) {
        assert!(problems.len() < 4, "{problems:?}");
        problems.push(publish(&app).await);
    }
    assert_eq!(problems.last().map(String::as_str), Some(full));
    let login = Event::new(EventType::USER_LOGIN, "accounts");
    events.publish_async(login).unwrap();
    assert_eq!(logins.recv().await.unwrap().kind(), &EventType::USER_LOGIN);
    blocked.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_cannot_publish_events_of_the_service_plug_2() {
    for kind in ["plugin.error", "system.shutdown", "config.changed"] {
        let setup = setup(&[FLAGGED, kind], &Guest::publishing(kind, "{}"));
        let app = setup.config(|config| config.auto_load = Some(false));
        let app = app.start().await.unwrap();
        let refused = app.plugins.load("flag").await.unwrap_err();
        assert_eq!(refused.code(), PluginErrorCode::Permission);
        let expected = format!(
            "plugin \"flag\": cannot publish \"{kind}\", because only the service publishes it: remove this type from plugins.grants.flag.event_types"
        );
        assert_eq!(refused.to_string(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn older_interfaces_do_not_publish_events_plug_1() {
    let manifest = MANIFEST.replace("0.3.0", "0.2.0");
    let guest = Guest::quiet().version("0.2.0");
    let setup = setup(&[FLAGGED], &guest).plugin("flag", &manifest, &guest);
    let app = setup.config(|config| config.auto_load = Some(false));
    let app = app.start().await.unwrap();
    let refused = app.plugins.load("flag").await.unwrap_err();
    let expected = "plugin \"flag\": plugin.toml requests the capability \"events\", which needs `api = \"0.3.0\"`";
    assert_eq!(refused.to_string(), expected);
}
