use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures::future::BoxFuture;

use super::*;
use crate::config::DEFAULT_TIMEOUT;

fn login() -> Event {
    Event::new(EventType::USER_LOGIN, "accounts")
}

fn subscription(
    name: &str,
    handle: impl Fn(Event) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync + 'static,
) -> Subscription {
    Subscription {
        name: name.to_owned(),
        types: BTreeSet::from([EventType::USER_LOGIN]),
        timeout: DEFAULT_TIMEOUT.get(),
        retries: 0,
        handle: Box::new(handle),
        log: None,
    }
}

#[tokio::test]
async fn publish_waits_for_all_handlers_plug_1() {
    let bus = EventBus::new(10);
    let handled = Arc::new(AtomicUsize::new(0));
    for name in ["one", "two"] {
        let handled = Arc::clone(&handled);
        bus.subscribe(name, [EventType::USER_LOGIN], move |_| {
            let handled = Arc::clone(&handled);
            async move {
                tokio::task::yield_now().await;
                handled.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        });
    }
    assert!(bus.publish(login()).await.is_empty());
    assert_eq!(handled.load(Ordering::Relaxed), 2);
    bus.publish(Event::new(EventType::USER_LOGOUT, "accounts"))
        .await;
    assert_eq!(handled.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn panic_of_a_handler_does_not_stop_others_plug_1() {
    let bus = EventBus::new(10);
    bus.subscribe("bad", [EventType::USER_LOGIN], |_| async { panic!("bad") });
    let (sent, received) = tokio::sync::oneshot::channel();
    let sent = Mutex::new(Some(sent));
    bus.subscribe("good", [EventType::USER_LOGIN], move |_| {
        let sent = sent.lock().take();
        async move {
            let _ = sent.map(|sent| sent.send(()));
            Ok(())
        }
    });
    let failed = bus.publish(login()).await;
    let panicked = HandlerError::Permanent("the handler panicked".to_owned());
    assert_eq!(failed, [("bad".to_owned(), panicked)]);
    received.await.unwrap();
}

#[tokio::test]
async fn panic_before_the_future_of_a_handler_is_caught_plug_1() {
    let bus = EventBus::new(10);
    bus.subscribe("bad", [EventType::USER_LOGIN], |event| {
        assert_eq!(event.source(), "other");
        std::future::ready(Ok(()))
    });
    let failed = bus.publish(login()).await;
    let panicked = HandlerError::Permanent("the handler panicked".to_owned());
    assert_eq!(failed, [("bad".to_owned(), panicked)]);
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_delivered_again_plug_1() {
    let bus = EventBus::new(10);
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let flaky = move |_| {
        let attempt = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            match attempt {
                0 | 1 => Err(HandlerError::Transient("busy".into())),
                _ => Ok(()),
            }
        }
        .boxed()
    };
    let flaky = Subscription {
        retries: 3,
        ..subscription("flaky", flaky)
    };
    bus.replace_plugin(None, "flaky", [flaky]);
    assert!(bus.publish(login()).await.is_empty());
    assert_eq!(tries.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn slow_handler_ends_at_its_timeout_plug_1() {
    let bus = EventBus::new(10);
    bus.subscribe("slow", [EventType::USER_LOGIN], |_| std::future::pending());
    let failed = bus.publish(login()).await;
    let problem = "the handler exceeded its timeout of 30s".to_owned();
    assert_eq!(
        failed,
        [("slow".to_owned(), HandlerError::Transient(problem))]
    );
}

#[tokio::test(start_paused = true)]
async fn handler_that_timed_out_is_called_again_plug_1() {
    let bus = EventBus::new(10);
    let calls = AtomicUsize::new(0);
    bus.subscribe_in_order("log", [EventType::USER_LOGIN], 1, move |_| {
        let is_first = calls.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if is_first {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    });
    assert!(bus.publish(login()).await.is_empty());
}

#[tokio::test]
async fn full_queue_rejects_events_plug_1() {
    let bus = EventBus::new(1);
    for _ in 0..2 {
        bus.publish_async(login()).unwrap();
    }
    // The first handler of the plugin does not accept the event.
    let [mut logout, any] = ["plugin/logout", "plugin/any"]
        .map(|name| subscription(name, |_| Box::pin(async { Ok(()) })));
    logout.types = [EventType::USER_LOGOUT].into();
    bus.replace_plugin(None, "plugin", [logout, any]);
    bus.subscribe("host", [EventType::USER_LOGIN], |_| async { Ok(()) });
    bus.publish_async(login()).unwrap();
    let refused = bus.publish_async(login()).unwrap_err();
    assert_eq!(refused.reason(), "EVENT_QUEUE_FULL");
    let problem = seaworthy_core::error_chain(&refused).to_string();
    let queues = "the queues of \"plugin\", \"host\"";
    assert!(problem.ends_with(queues), "{problem}");
}

#[tokio::test]
async fn filters_keep_events_from_handlers_plug_1() {
    let bus = EventBus::new(1);
    bus.subscribe("any", [EventType::USER_LOGIN], |_| async {
        Err(HandlerError::Permanent("called".into()))
    });
    bus.add_filter(|event| event.source() != "accounts");
    assert!(bus.publish(login()).await.is_empty());
    assert_eq!(
        bus.publish(Event::new(EventType::USER_LOGIN, "other"))
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn removed_handler_is_not_called_plug_1() {
    let bus = EventBus::new(1);
    let id = bus.subscribe("any", [EventType::USER_LOGIN], |_| async {
        Err(HandlerError::Permanent("called".into()))
    });
    bus.unsubscribe(id);
    assert!(bus.publish(login()).await.is_empty());
}

#[test]
fn event_reaches_the_handlers_of_one_version_plug_1() {
    const HANDLERS: usize = 8;
    const EVENTS: usize = 5_000;
    let bus = EventBus::new(1);
    let version = |number: usize| {
        (0..HANDLERS).map(move |_| {
            subscription("plugin", move |_| {
                let problem = HandlerError::Permanent(number.to_string());
                std::future::ready(Err(problem)).boxed()
            })
        })
    };
    let mut handlers = bus.replace_plugin(None, "plugin", version(0));
    let publisher = bus.clone();
    let publisher = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().build().unwrap();
        for _ in 0..EVENTS {
            let reached = runtime.block_on(publisher.publish(login()));
            assert_eq!(reached.len(), HANDLERS, "{reached:?}");
            assert!(
                reached.iter().all(|(_, version)| *version == reached[0].1),
                "{reached:?}"
            );
        }
    });
    for number in 1.. {
        if publisher.is_finished() {
            break;
        }
        handlers = bus.replace_plugin(handlers, "plugin", version(number));
    }
    publisher.join().unwrap();
}

#[tokio::test]
async fn event_must_pass_all_filters_plug_1() {
    let bus = EventBus::new(10);
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    bus.subscribe("any", [EventType::USER_LOGIN], move |event| {
        let _ = sender.send(event.source().to_owned());
        std::future::ready(Ok(()))
    });
    bus.add_filter(|event| event.source() != "one");
    bus.add_filter(|event| event.source() != "two");
    for source in ["one", "two", "three"] {
        bus.publish(Event::new(EventType::USER_LOGIN, source)).await;
        bus.publish_async(Event::new(EventType::USER_LOGIN, source))
            .unwrap();
    }
    assert_eq!(seen.try_recv(), Ok("three".to_owned()));
    // The filters also apply to queued events.
    let mut state = bus.0.state.lock();
    let subscriber = state.subscribers.first_mut().unwrap();
    assert_eq!(subscriber.clear(), 1);
}

#[tokio::test]
async fn filters_do_not_drop_events_of_the_service_plug_1() {
    const RESERVED: [EventType; 3] = [
        EventType::PLUGIN_LOADED,
        EventType::SYSTEM_SHUTDOWN,
        EventType::CONFIG_CHANGED,
    ];
    let bus = EventBus::new(10);
    bus.subscribe("audit-log", RESERVED, |_| async {
        Err(HandlerError::Permanent("called".into()))
    });
    bus.add_filter(|_| false);
    for kind in RESERVED {
        let event = || Event::new(kind.clone(), "plugins");
        assert_eq!(bus.publish(event()).await.len(), 1);
        bus.publish_async(event()).unwrap();
    }
    let mut state = bus.0.state.lock();
    let subscriber = state.subscribers.first_mut().unwrap();
    assert_eq!(subscriber.clear(), RESERVED.len());
}

#[tokio::test]
async fn panic_of_a_filter_drops_only_its_event_plug_1() {
    let bus = EventBus::new(10);
    bus.subscribe("any", [EventType::USER_LOGIN], |_| async {
        Err(HandlerError::Permanent("called".into()))
    });
    bus.add_filter(|event| {
        assert_ne!(event.source(), "bad");
        true
    });
    let bad = || Event::new(EventType::USER_LOGIN, "bad");
    assert_eq!(bus.publish(bad()).await, []);
    bus.publish_async(bad()).unwrap();
    assert_eq!(bus.publish(login()).await.len(), 1);
}

#[tokio::test]
async fn handler_may_use_the_bus_plug_1() {
    let bus = EventBus::new(10);
    let used = bus.clone();
    bus.subscribe("outer", [EventType::USER_LOGIN], move |_| {
        let bus = used.clone();
        async move {
            let types = [EventType::USER_LOGOUT];
            let inner = bus.subscribe("inner", types, |_| async {
                Err(HandlerError::Permanent("called".into()))
            });
            let logout = Event::new(EventType::USER_LOGOUT, "accounts");
            assert_eq!(bus.publish(logout).await.len(), 1);
            bus.unsubscribe(inner);
            bus.add_filter(|_| true);
            Ok(())
        }
    });
    let published = tokio::time::timeout(DEFAULT_TIMEOUT.get(), bus.publish(login()));
    assert_eq!(published.await.unwrap(), []);
}

#[tokio::test]
async fn ten_queued_events_are_delivered_at_the_same_time_plug_1() {
    let bus = EventBus::new(100);
    bus.subscribe("any", [EventType::USER_LOGIN], |_| async { Ok(()) });
    for _ in 0..30 {
        bus.publish_async(login()).unwrap();
    }
    let mut running: Vec<_> = std::iter::from_fn(|| bus.begin_delivery()).collect();
    assert_eq!(running.len(), 10);
    drop(running.pop());
    assert!(bus.begin_delivery().is_some());
}

#[tokio::test]
async fn dropped_events_of_a_queue_are_counted_plug_1() {
    let bus = EventBus::new(10);
    let counter = Counter::default();
    let counted = counter.clone();
    let undelivered = Family::new(2, move |_| counted.clone());
    bus.record_queues(Family::new(2, |_| Gauge::default()), undelivered);
    let subscribe = || bus.subscribe("slow", [EventType::USER_LOGIN], |_| async { Ok(()) });
    let publish = || {
        bus.publish_async(Event::new(EventType::USER_LOGIN, "accounts"))
            .unwrap()
    };
    let removed = subscribe();
    publish();
    publish();
    bus.unsubscribe(removed);
    assert_eq!(counter.get(), 2);
    subscribe();
    publish();
    bus.abandon();
    assert_eq!(counter.get(), 3);
}
