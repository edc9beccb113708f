//! Events during reloads.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use seaworthy_plugins::{
    Decision, Event, EventBus, EventType, HandlerError, PluginStatus, SubscriptionId,
};
use seaworthy_service::StopOutcome;
use seaworthy_testkit::eventually;
use serde_json::Map;

use crate::{
    app::{Setup, granted_http},
    guest::Guest,
};

/// Far longer than a test needs on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(20);
/// With many handlers, a replacement one by one would take long enough to mix versions.
const HANDLERS: usize = 16;

/// A guest whose handlers report its version as their failure.
fn version(text: &str) -> Guest {
    Guest::handler("(i32.const 512)")
        .with_words(512, &[1, 1, 1024, u32::try_from(text.len()).unwrap()])
        .with_text(1024, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn event_reaches_one_version_during_reloads_plug_1() {
    let handlers = (0..HANDLERS).map(|number| {
        format!("[[handlers]]\nname = \"note-{number}\"\ntypes = [\"user.login\"]\n")
    });
    let handlers: String = handlers.collect();
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .plugin("notes", &handlers, &version("one"))
        .start()
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (events, stopped) = (app.plugins.events().clone(), Arc::clone(&stop));
    let publisher = tokio::spawn(async move {
        let mut published = 0;
        while !stopped.load(Ordering::Relaxed) {
            let login = Event::new(EventType::USER_LOGIN, "accounts");
            let reached = events.publish(login).await;
            assert_eq!(reached.len(), HANDLERS, "{reached:?}");
            let mut versions: Vec<String> = reached
                .into_iter()
                .map(|(_, version)| version.to_string())
                .collect();
            versions.dedup();
            assert_eq!(versions.len(), 1, "{versions:?}");
            published += 1;
            tokio::task::yield_now().await;
        }
        published
    });
    for round in 0..10 {
        app.replace("notes", &handlers, &version(["two", "one"][round % 2]));
        app.plugins.reload("notes").await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    assert!(publisher.await.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_plugin_gets_each_event_once_plug_2() {
    const EVENTS: u64 = 100;
    let handler = "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    let dependent = format!("dependencies = [\"notes\"]\n{handler}");
    let app = Setup::new()
        .plugin("notes", handler, &Guest::handler("unreachable"))
        .plugin("other", &dependent, &Guest::handler("(i32.const 16)"))
        .start()
        .await
        .unwrap();
    let login = || Event::new(EventType::USER_LOGIN, "accounts");
    // The series of the alert `PluginDisabled` exists before the first fault.
    let series = "plugin_faults_total{plugin=\"notes\",reason=\"disabled\"} 0\n";
    let admin = app.service.addresses().admin;
    let metrics = seaworthy_testkit::http::get(admin, "/metrics").unwrap();
    assert!(metrics.body.contains(series), "{}", metrics.body);
    // Five faults disable the first plugin, and with it the second one.
    while app.plugins.get("notes").unwrap().status != PluginStatus::Error {
        app.plugins.events().publish(login()).await;
    }
    let count = |plugin: &str, reason: &str| {
        let labels = format!("plugin=\"{plugin}\",reason=\"{reason}\"");
        app.metric(&format!("plugin_faults_total{{{labels}}}"))
    };
    let before = count("other", "dependency");
    for _ in 0..EVENTS {
        let failed = app.plugins.events().publish(login()).await;
        assert_eq!(failed.len(), 2, "{failed:?}");
    }
    assert_eq!(count("notes", "disabled"), EVENTS);
    assert_eq!(count("other", "dependency"), before + EVENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_handler_does_not_delay_others_plug_1() {
    const EVENTS: usize = 50;
    let app = Setup::new()
        .config(|config| config.max_queued_events = EVENTS)
        .start()
        .await
        .unwrap();
    let events = app.plugins.events();
    events.subscribe("stalled", [EventType::USER_LOGIN], |_| {
        std::future::pending()
    });
    let (sender, mut delivered) = tokio::sync::mpsc::unbounded_channel();
    events.subscribe("quick", [EventType::USER_LOGIN], move |_| {
        let _ = sender.send(());
        std::future::ready(Ok(()))
    });
    let login = || Event::new(EventType::USER_LOGIN, "accounts");
    for _ in 0..EVENTS {
        events.publish_async(login()).unwrap();
        let next = tokio::time::timeout(TIMEOUT, delivered.recv());
        assert_eq!(next.await, Ok(Some(())));
    }
    // A full queue rejects events of its own handler only.
    let mut full = 0;
    for _ in 0..EVENTS {
        if let Err(refused) = events.publish_async(login()) {
            assert_eq!(refused.reason(), "EVENT_QUEUE_FULL");
            full += 1;
        }
        let next = tokio::time::timeout(TIMEOUT, delivered.recv());
        assert_eq!(next.await, Ok(Some(())));
    }
    assert!(full > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn handler_in_order_retries_before_the_next_event_plug_1() {
    let app = Setup::new().start().await.unwrap();
    let events = app.plugins.events();
    let (sender, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let failures = Arc::new(AtomicUsize::new(0));
    let types = [EventType::USER_LOGIN];
    events.subscribe_in_order("entries", types, 3, move |event| {
        let _ = sender.send(event.source().to_owned());
        let failure = failures.fetch_add(1, Ordering::Relaxed);
        async move {
            match failure {
                0 | 1 => Err(HandlerError::Transient("busy".to_owned())),
                _ => Ok(()),
            }
        }
    });
    for source in ["one", "two", "three"] {
        let login = Event::new(EventType::USER_LOGIN, source);
        events.publish_async(login).unwrap();
    }
    for expected in ["one", "one", "one", "two", "three"] {
        let call = tokio::time::timeout(TIMEOUT, calls.recv());
        assert_eq!(call.await.unwrap().unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_delivery_uses_the_plugins_that_run_plug_1() {
    let app = Setup::new()
        .plugin("rules", "", &Guest::denying("closed"))
        .start()
        .await
        .unwrap();
    let (sender, mut decisions) = tokio::sync::mpsc::unbounded_channel();
    let (events, plugins) = (app.plugins.events(), app.plugins.clone());
    events.subscribe("orders", [EventType::USER_LOGIN], move |_| {
        let (plugins, sender) = (plugins.clone(), sender.clone());
        async move {
            let _ = sender.send(plugins.decide("u-7", "read", "order", Map::new()).await);
            Ok(())
        }
    });
    let mut decide = async || {
        let login = Event::new(EventType::USER_LOGIN, "accounts");
        events.publish_async(login).unwrap();
        let decision = tokio::time::timeout(TIMEOUT, decisions.recv()).await;
        decision.unwrap().unwrap().unwrap()
    };
    let denied = Decision::Deny("closed".to_owned());
    assert_eq!(decide().await, denied);
    app.plugins.stop_plugin("rules").await.unwrap();
    assert_eq!(decide().await, Decision::Allow);
}

#[tokio::test(flavor = "multi_thread")]
async fn metric_counts_queued_events_plug_1() {
    const EVENTS: u64 = 3;
    let app = Setup::new().start().await.unwrap();
    let events = app.plugins.events();
    let (sender, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let released = Arc::new(tokio::sync::Semaphore::new(0));
    let permits = Arc::clone(&released);
    events.subscribe_in_order("entries", [EventType::USER_LOGIN], 0, move |_| {
        let _ = sender.send(());
        let permits = Arc::clone(&permits);
        async move {
            permits.acquire().await.unwrap().forget();
            Ok(())
        }
    });
    for _ in 0..EVENTS {
        let login = Event::new(EventType::USER_LOGIN, "accounts");
        events.publish_async(login).unwrap();
    }
    begun.recv().await.unwrap();
    let queued = || app.metric("plugin_events_queued{subscriber=\"entries\"}");
    assert_eq!(queued(), EVENTS - 1);
    released.add_permits(1);
    begun.recv().await.unwrap();
    assert_eq!(queued(), EVENTS - 2);
    released.add_permits(2);
    eventually(async || queued() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_retries_before_its_timeout_plug_1() {
    let app = Setup::new()
        .set("lifecycle.worker_timeout=1s")
        .start()
        .await
        .unwrap();
    let events = app.plugins.events().clone();
    let (sender, mut calls) = tokio::sync::mpsc::unbounded_channel();
    events.subscribe_in_order("entries", [EventType::USER_LOGIN], 60, move |_| {
        let _ = sender.send(());
        std::future::ready(Err(HandlerError::Transient("no database".to_owned())))
    });
    let login = || Event::new(EventType::USER_LOGIN, "accounts");
    for _ in 0..3 {
        events.publish_async(login()).unwrap();
    }
    calls.recv().await.unwrap();
    assert_eq!(app.service.stop().await, StopOutcome::Clean);
    let refused = events.publish_async(login()).unwrap_err();
    assert_eq!(refused.reason(), "EVENT_BUS_STOPPED");
}

#[test]
fn removed_handler_may_remove_another_at_its_drop_plug_1() {
    struct Guard(EventBus, SubscriptionId);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.unsubscribe(self.1);
        }
    }
    let bus = EventBus::new(1);
    let handled = |_| std::future::ready(Ok(()));
    let inner = bus.subscribe("inner", [EventType::USER_LOGIN], handled);
    let guard = Guard(bus.clone(), inner);
    let outer = bus.subscribe("outer", [EventType::USER_LOGIN], move |_| {
        let _kept = &guard;
        std::future::ready(Ok(()))
    });
    let (sender, removed) = mpsc::channel();
    let removing = bus.clone();
    thread::spawn(move || {
        removing.unsubscribe(outer);
        let _ = sender.send(());
    });
    removed.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(format!("{bus:?}"), "EventBus { handlers: [], .. }");
}

#[tokio::test(flavor = "multi_thread")]
async fn event_after_the_stop_is_rejected_with_its_code_plug_1() {
    const EVENTS: usize = 5;
    let app = Setup::new().start().await.unwrap();
    let events = app.plugins.events().clone();
    let (sender, mut delivered) = tokio::sync::mpsc::unbounded_channel();
    events.subscribe("any", [EventType::USER_LOGIN], move |event| {
        let _ = sender.send(event.id().to_owned());
        std::future::ready(Ok(()))
    });
    let login = || Event::new(EventType::USER_LOGIN, "accounts");
    for _ in 0..EVENTS {
        events.publish_async(login()).unwrap();
    }
    app.service.stop().await;
    let refused = events.publish_async(login()).unwrap_err();
    assert_eq!(refused.reason(), "EVENT_BUS_STOPPED");
    // An event without handlers is refused, too.
    let other = Event::new(EventType::USER_LOGOUT, "accounts");
    let refused = events.publish_async(other).unwrap_err();
    assert_eq!(refused.reason(), "EVENT_BUS_STOPPED");
    // The events before the stop are delivered.
    let mut count = 0;
    while delivered.try_recv().is_ok() {
        count += 1;
    }
    assert_eq!(count, EVENTS);
}

/// Serves requests. Responds to none of them before it has requests for as many paths as `paths`.
fn respond_to_all(listener: &TcpListener, paths: usize) {
    const RESPONSE: &[u8] = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    let (mut seen, mut waiting) = (BTreeSet::new(), Vec::new());
    for connection in listener.incoming() {
        let mut connection = connection.unwrap();
        let mut request = [0; 4096];
        let length = connection.read(&mut request).unwrap();
        let request = String::from_utf8_lossy(request.get(..length).unwrap());
        seen.insert(request.split(' ').nth(1).map(str::to_owned));
        waiting.push(connection);
        if seen.len() == paths {
            for mut connection in waiting.drain(..) {
                // The client may have sent the request again.
                let _ = connection.write_all(RESPONSE);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_of_one_event_run_beside_each_other_plug_1() {
    const PLUGINS: [&str; 2] = ["one", "two"];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || respond_to_all(&listener, PLUGINS.len()));
    let handlers =
        "capabilities = [\"http\"]\n[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
    let mut setup = Setup::new();
    for name in PLUGINS {
        let guest = Guest::requesting_in_handler(&format!("http://{address}/{name}"));
        let grant = granted_http();
        setup = setup
            .config(|config| drop(config.grants.insert(name.to_owned(), grant)))
            .plugin(name, handlers, &guest)
            .settings(name, "retry_count: 0\n");
    }
    let app = setup.start().await.unwrap();
    let login = Event::new(EventType::USER_LOGIN, "accounts");
    assert_eq!(app.plugins.events().publish(login).await, []);
}
