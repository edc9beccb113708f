//! The broker is unavailable, and purchases go on.

#[cfg(feature = "kafka")]
use std::sync::Arc;
use std::time::{Duration, Instant};

use seaworthy::data::{Database, sql};
#[cfg(feature = "kafka")]
use seaworthy_testkit::server::kafka::KafkaServer;
use serde_json::json;
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, data},
    peer::Peer,
};

/// How long the broker is unavailable.
const OUTAGE: Duration = Duration::from_secs(8);
/// The environment variable with another time in seconds. Acceptance needs 60.
const OUTAGE_VARIABLE: &str = "SEAWORTHY_TUTORING_OUTAGE";
const STUDENTS: usize = 4;
const RATING: f64 = 4.8;
const SLOTS: [&str; 2] = ["16:00", "17:00"];

/// Locks all tables of a PostgreSQL database for other writers, except the leases of workers.
const LOCK: &str = "DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'leases' ORDER BY tablename LOOP EXECUTE format('LOCK TABLE %I IN EXCLUSIVE MODE', name); END LOOP; END $$";

/// A database that only this test can write, or a broker that does not respond.
pub(crate) enum Held {
    Database {
        end: oneshot::Sender<()>,
        task: JoinHandle<()>,
    },
    #[cfg(feature = "kafka")]
    Kafka(Arc<KafkaServer>),
}

impl Held {
    /// Takes the write lock of the database of a service, or of the file of the broker.
    pub(crate) async fn new(app: &TestPlatform, name: &str) -> Self {
        let database = app.database(name).await;
        let (ready, is_ready) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(hold(database, ready, ended));
        is_ready.await.unwrap();
        Self::Database { end, task }
    }

    #[cfg(feature = "kafka")]
    pub(crate) fn freeze(server: Arc<KafkaServer>) -> Self {
        server.freeze();
        Self::Kafka(server)
    }

    pub(crate) async fn free(self) {
        match self {
            Self::Database { end, task } => {
                end.send(()).unwrap();
                task.await.unwrap();
            }
            #[cfg(feature = "kafka")]
            Self::Kafka(server) => server.resume(),
        }
    }
}

async fn hold(database: Database, ready: oneshot::Sender<()>, ended: oneshot::Receiver<()>) {
    let channels = std::sync::Mutex::new(Some((ready, ended)));
    let channels = &channels;
    let held = database.transaction(|tx| async move {
        // A write transaction of SQLite holds the lock from its first statement on.
        sql(LOCK)
            .on_sqlite("SELECT COUNT(*) FROM sqlite_master")
            .execute(&tx)
            .await?;
        let taken = channels.lock().unwrap().take();
        if let Some((ready, ended)) = taken {
            let _ = ready.send(());
            let _ = ended.await;
        }
        Ok::<_, seaworthy::data::DataError>(())
    });
    held.await.unwrap();
}

pub(crate) async fn purchases_survive_an_outage_of_the_broker_msg_5(app: TestPlatform) {
    let peer = Peer::start(&app).await;
    for _ in 0..STUDENTS.div_ceil(SLOTS.len()) {
        app.approve(&peer, RATING).await;
    }
    let seconds = std::env::var(OUTAGE_VARIABLE)
        .ok()
        .and_then(|text| text.parse().ok());
    let outage = seconds.map_or(OUTAGE, Duration::from_secs);
    let held = app.hold_broker().await;
    let began = Instant::now();
    let students: Vec<_> = (0..STUDENTS).map(|_| Uuid::new_v4()).collect();
    for (index, student) in students.iter().enumerate() {
        let schedule = json!({
            "timeSlot": SLOTS[index % SLOTS.len()], "startDate": "2026-12-01",
            "deliveryMode": "WEEKDAY_DAILY",
        });
        let (bought, paid) = app.paid(*student, &json!({ "schedule": schedule }));
        let confirmed = app.confirm(&bought, &paid).unwrap();
        assert_eq!(data(&confirmed)["status"], "succeeded");
    }
    // Events wait in the outbox, so the service still serves requests.
    let (payment, _) = app.address("payment");
    let ready = seaworthy_testkit::http::get(payment, "/ready").unwrap();
    assert_eq!(ready.status, 200, "{}", ready.body);
    sleep(outage.saturating_sub(began.elapsed())).await;
    held.free().await;
    for student in &students {
        app.wait_for_sessions(*student, 30);
    }
    app.finish_pending_work().await;
    app.check_invariants().await;
    for student in &students {
        app.check_student(*student, 0).await;
    }
}
