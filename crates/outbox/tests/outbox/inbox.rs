use seaworthy_testkit::eventually;
use std::{
    num::NonZeroU32,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use seaworthy_config::Loader;
use seaworthy_core::Timeout;
use seaworthy_data::{DataError, sql};
use seaworthy_messaging::{
    BrokerUrl, DeadLetterReason, Envelope, Event as _, Failure, Message, Messaging,
    MessagingConfig, Received, Subscription, Topic, Topics,
    dead_letters::{DeadLetterFilter, Progress, Replay, Selection},
};
use seaworthy_outbox::InboxOutcome;
use seaworthy_service::{NoSettings, Service};
use tokio::sync::Notify;

use crate::fixture::{Counted, TIMEOUT, TestApp, TestBroker, TestDatabase, fast};

async fn with_table(database: &TestDatabase) -> TestApp {
    let app = TestApp::start(database, &TestBroker::new(), fast()).await;
    sql("CREATE TABLE effects (number INTEGER NOT NULL)")
        .execute(&app.database)
        .await
        .unwrap();
    app
}

fn message() -> Envelope {
    Envelope::new(
        Topic::new("test.counted").unwrap(),
        "test.counted",
        "orders",
        "{}",
    )
}

async fn effects(app: &TestApp) -> i64 {
    let (count,) = sql("SELECT COUNT(*) FROM effects")
        .fetch_one(&app.database)
        .await
        .unwrap();
    count
}

async fn effect(tx: seaworthy_data::Transaction) -> Result<(), Failure> {
    let done: Result<_, DataError> = sql("INSERT INTO effects (number) VALUES (1)")
        .execute(&tx)
        .await;
    done.map(drop).map_err(Failure::retry)
}

/// Repeats a delivery after transient failures, as a broker does. On a busy machine, waits for
/// locks may open the breaker of the database.
async fn deliver(
    attempt: impl AsyncFn() -> Result<InboxOutcome, Failure>,
) -> Result<InboxOutcome, Failure> {
    let mut last = None;
    eventually(async || {
        let outcome = attempt().await;
        let is_final = outcome
            .as_ref()
            .map_or_else(|failure| !failure.is_retryable(), |_| true);
        last = Some(outcome);
        is_final
    })
    .await;
    last.unwrap()
}

pub(crate) async fn repeated_message_has_its_effect_once_msg_5(database: TestDatabase) {
    let app = with_table(&database).await;
    let inbox = app.outbox.inbox("counter", &fast());
    let other = app.outbox.inbox("other", &fast());
    let (first, second) = (message(), message());
    assert_eq!(
        inbox.process_once(&first, effect).await.unwrap(),
        InboxOutcome::Processed
    );
    assert_eq!(
        inbox.process_once(&first, effect).await.unwrap(),
        InboxOutcome::Duplicate
    );
    assert_eq!(
        inbox.process_once(&second, effect).await.unwrap(),
        InboxOutcome::Processed
    );
    assert_eq!(
        other.process_once(&first, effect).await.unwrap(),
        InboxOutcome::Processed
    );
    assert_eq!(effects(&app).await, 3);
    app.running.stop().await;
}

pub(crate) async fn concurrent_deliveries_have_one_effect_msg_5(database: TestDatabase) {
    let one = with_table(&database).await;
    let two = TestApp::start(&database, &TestBroker::new(), fast()).await;
    for _ in 0..20 {
        let message = message();
        let (first, second) = (
            one.outbox.inbox("counter", &fast()),
            two.outbox.inbox("counter", &fast()),
        );
        let (first, second) = futures::join!(
            deliver(async || first.process_once(&message, effect).await),
            deliver(async || second.process_once(&message, effect).await)
        );
        let both = [first.unwrap(), second.unwrap()];
        assert!(
            both.contains(&InboxOutcome::Processed) && both.contains(&InboxOutcome::Duplicate),
            "{both:?}"
        );
    }
    assert_eq!(effects(&one).await, 20);
    one.running.stop().await;
    two.running.stop().await;
}

/// More attempts than any plausible limit of an inbox.
const FAILURES: u32 = 25;

pub(crate) async fn failed_effect_is_rolled_back_and_retried_msg_5(database: TestDatabase) {
    let app = with_table(&database).await;
    let message = message();
    let calls = AtomicU32::new(0);
    let failing = |tx: seaworthy_data::Transaction| {
        calls.fetch_add(1, Ordering::SeqCst);
        async move {
            effect(tx).await?;
            Err(Failure::retry("the handler failed"))
        }
    };
    // Each inbox is new, as on another replica.
    for _ in 0..FAILURES {
        let inbox = app.outbox.inbox("counter", &fast());
        let failure = inbox.process_once(&message, failing).await.unwrap_err();
        assert!(failure.is_retryable(), "{failure}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), FAILURES);
    assert_eq!(effects(&app).await, 0);
    let inbox = app.outbox.inbox("counter", &fast());
    assert_eq!(
        inbox.process_once(&message, effect).await.unwrap(),
        InboxOutcome::Processed
    );
    app.running.stop().await;
}

/// The retries of the subscription. The inbox does not limit attempts.
const RETRIES: u32 = 12;

/// A message that keeps failing is dead-lettered after exactly the subscription's attempts. Its
/// replay has as many attempts again.
pub(crate) async fn subscription_alone_limits_attempts_of_inbox_msg_3(database: TestDatabase) {
    let app = with_table(&database).await;
    let topic = Topic::new(Counted::TYPE).unwrap();
    let calls = Arc::new(AtomicU32::new(0));
    let (inbox, counted) = (app.outbox.inbox("counter", &fast()), Arc::clone(&calls));
    let subscription = Subscription::new("counter")
        .on(move |received: Received<Counted>| {
            let (inbox, counted) = (inbox.clone(), Arc::clone(&counted));
            async move {
                let call = counted.fetch_add(1, Ordering::SeqCst) + 1;
                // The last attempt after the replay is the first that succeeds.
                let succeeds = call == 2 * (RETRIES + 1);
                let outcome = inbox.process_once(received.envelope(), |tx| async move {
                    effect(tx).await?;
                    if succeeds {
                        return Ok(());
                    }
                    Err(Failure::retry("not yet"))
                });
                outcome.await.map(drop)
            }
        })
        .max_retries(RETRIES);
    let started = OnceLock::new();
    let running = Service::new("counter", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("counter"), async |service| {
            let mut config = MessagingConfig::new(BrokerUrl::memory());
            config.defaults.initial_backoff = Timeout::from_millis(1);
            config.defaults.max_backoff = Timeout::from_millis(2);
            // The breaker stays closed.
            config.defaults.breaker.consecutive_failures = u32::MAX;
            config.defaults.breaker.min_calls = NonZeroU32::MAX;
            let messaging = Messaging::connect(service, "broker", &config).await?;
            messaging.subscribe(subscription).await?;
            let publisher = messaging.publisher(Topics::from_event::<Counted>()).await?;
            let _ = started.set((publisher, messaging.dead_letters().unwrap()));
            Ok(())
        })
        .await
        .unwrap();
    let (publisher, letters) = started.get().unwrap();
    publisher
        .publish(Message::from_event(&Counted { number: 1 }))
        .await
        .unwrap();
    let deadline = Instant::now() + TIMEOUT;
    let dead = loop {
        let mut dead = letters.list(&topic, None, 10).await.unwrap();
        if let Some(letter) = dead.pop() {
            break letter;
        }
        assert!(Instant::now() < deadline, "there is no dead letter");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(dead.reason, DeadLetterReason::RetriesExhausted);
    assert_eq!(calls.load(Ordering::SeqCst), RETRIES + 1);
    assert_eq!(effects(&app).await, 0);
    let selection = Selection::new(std::slice::from_ref(&topic), DeadLetterFilter::default());
    let report = letters
        .replay(&selection, &Replay::default(), &Progress::new())
        .await;
    assert!(report.is_complete(), "{report:?}");
    eventually(async || calls.load(Ordering::SeqCst) == 2 * (RETRIES + 1)).await;
    running.stop().await;
    assert_eq!(effects(&app).await, 1);
    app.running.stop().await;
}

/// Messages that arrive at the same time.
const GROUP: usize = 40;

pub(crate) async fn grouped_messages_have_their_own_outcomes_msg_5(database: TestDatabase) {
    let app = with_table(&database).await;
    let inbox = app.outbox.inbox("counter", &fast()).grouped();
    let messages: Vec<_> = (0..GROUP).map(|_| message()).collect();
    let is_broken = |message: &Envelope| message.id() == messages[7].id();
    let process = |message: &Envelope| {
        let (inbox, message) = (inbox.clone(), message.clone());
        let is_broken = is_broken(&message);
        deliver(async move || {
            let outcome = inbox.process_once(&message, |tx| async move {
                effect(tx).await?;
                if is_broken {
                    return Err(Failure::drop("the message is broken"));
                }
                Ok(())
            });
            outcome.await
        })
    };
    for expected in [InboxOutcome::Processed, InboxOutcome::Duplicate] {
        // Each message twice, so that groups contain duplicates.
        let all = messages.iter().chain(&messages).map(process);
        let outcomes = futures::future::join_all(all).await;
        for (number, message) in messages.iter().enumerate() {
            let pair = [&outcomes[number], &outcomes[GROUP + number]];
            if is_broken(message) {
                assert!(pair.iter().all(|outcome| outcome.is_err()), "{pair:?}");
                continue;
            }
            let pair = pair.map(|outcome| *outcome.as_ref().unwrap());
            assert!(pair.contains(&expected), "{pair:?}");
            assert!(pair.contains(&InboxOutcome::Duplicate), "{pair:?}");
        }
    }
    assert_eq!(effects(&app).await, i64::try_from(GROUP).unwrap() - 1);
    app.running.stop().await;
}

pub(crate) async fn aborted_message_leaves_group_intact_msg_5(database: TestDatabase) {
    let app = with_table(&database).await;
    let inbox = app.outbox.inbox("counter", &fast()).grouped();
    let messages: Vec<_> = (0..GROUP).map(|_| message()).collect();
    let aborted = messages[3].clone();
    let started = Arc::new(Notify::new());
    let task = tokio::spawn({
        let (inbox, started) = (inbox.clone(), Arc::clone(&started));
        async move {
            let never_ends = inbox.process_once(&aborted, |tx| {
                let started = Arc::clone(&started);
                async move {
                    effect(tx).await?;
                    started.notify_one();
                    std::future::pending().await
                }
            });
            never_ends.await
        }
    });
    let others = messages
        .iter()
        .enumerate()
        .filter(|(number, _)| *number != 3);
    let others = others.map(|(_, message)| {
        let inbox = &inbox;
        deliver(async move || inbox.process_once(message, effect).await)
    });
    let others = futures::future::join_all(others);
    let abort = async {
        started.notified().await;
        task.abort();
    };
    let (outcomes, ()) = futures::join!(others, abort);
    for outcome in outcomes {
        assert_eq!(outcome.unwrap(), InboxOutcome::Processed);
    }
    assert_eq!(effects(&app).await, i64::try_from(GROUP).unwrap() - 1);
    let outcome = inbox.process_once(&messages[3], effect).await.unwrap();
    assert_eq!(outcome, InboxOutcome::Processed);
    app.running.stop().await;
}
