//! Repeats with the same Idempotency-Key after a connection broke during a commit (API-6).

use std::sync::Arc;

use parking_lot::Mutex;
use seaworthy_contract::{
    axum::{Router, body::Body, http::Request, http::StatusCode, routing::post},
    idempotency::{IdempotencyConfig, IdempotencyLayer, IdempotencyStore, MemoryStore},
};
use seaworthy_core::{Error, Timeout};
use seaworthy_data::{
    DataError, DataErrorKind, Database, DatabaseConfig, DatabaseStore, IDEMPOTENCY_MIGRATIONS,
    Migrator, sql,
};
use seaworthy_testkit::{
    fault::{Disruption, Fault, FaultProxy},
    postgres::PostgresServer,
    requirement::required,
};
use tower::ServiceExt as _;

/// The timeout of one statement, and of a new connection.
const STATEMENT_TIMEOUT: Timeout = Timeout::from_secs(1);

struct Subject {
    router: Router,
    /// The database without the proxy.
    direct: Database,
    /// The disruption at the commit of the next call.
    next: Arc<Mutex<Option<Disruption>>>,
}

async fn insert(database: &Database) -> Result<(), DataError> {
    database
        .transaction(|tx| async move {
            sql("INSERT INTO effects (made) VALUES (1)")
                .execute(&tx)
                .await
                .map(drop)
        })
        .await
}

impl Subject {
    async fn new(
        server: &PostgresServer,
        name: &str,
        store: impl FnOnce(&Database) -> Arc<dyn IdempotencyStore>,
    ) -> Self {
        let url = server.database(name).unwrap();
        let config = |url: &str| DatabaseConfig::from_url(url.parse().unwrap());
        let direct = Database::builder("direct", config(&url))
            .open()
            .await
            .unwrap();
        let migrator = Migrator::new(&direct, &[IDEMPOTENCY_MIGRATIONS]);
        migrator.up(false).await.unwrap();
        sql("CREATE TABLE effects (made BIGINT NOT NULL)")
            .execute(&direct)
            .await
            .unwrap();
        let proxy = Arc::new(FaultProxy::start(server.address()).await.unwrap());
        let address = server.address().to_string();
        let mut config = config(&url.replace(&address, &proxy.address().to_string()));
        config.statement_timeout = STATEMENT_TIMEOUT;
        config.connect_timeout = STATEMENT_TIMEOUT;
        let database = Database::builder("test", config).open().await.unwrap();
        let store = store(&database);
        let next = Arc::new(Mutex::new(None));
        let taken = Arc::clone(&next);
        let serve = async move || {
            // Not earlier, because the store commits the key first.
            if let Some(disruption) = taken.lock().take() {
                proxy.set_when(b"COMMIT\0", Fault::of(disruption));
            }
            let inserted = insert(&database).await;
            proxy.heal();
            match inserted {
                Ok(()) => StatusCode::CREATED,
                Err(error) => {
                    assert_eq!(error.kind(), DataErrorKind::OutcomeUnknown, "{error}");
                    StatusCode::from_u16(Error::from(error).code().http_status()).unwrap()
                }
            }
        };
        let router = Router::new()
            .route("/orders", post(serve))
            .layer(IdempotencyLayer::new(
                IdempotencyConfig::default(),
                store,
                |call| drop(tokio::spawn(call)),
            ));
        Self {
            router,
            direct,
            next,
        }
    }

    async fn send(&self) -> StatusCode {
        let request = Request::post("/orders")
            .header("idempotency-key", "k1")
            .body(Body::empty())
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        response.status()
    }

    async fn effects(&self) -> i64 {
        let (count,): (i64,) = sql("SELECT count(*) FROM effects")
            .fetch_one(&self.direct)
            .await
            .unwrap();
        count
    }

    /// Returns the status of a repeat after a disrupted commit, and the number of effects.
    async fn repeat_after(&self, disruption: Disruption) -> (StatusCode, i64) {
        *self.next.lock() = Some(disruption);
        assert_eq!(self.send().await, StatusCode::INTERNAL_SERVER_ERROR);
        let repeat = self.send().await;
        (repeat, self.effects().await)
    }
}

fn server() -> Option<PostgresServer> {
    let programs = required("SEAWORTHY_TEST_POSTGRES")?;
    Some(PostgresServer::start(programs).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_in_the_database_resolves_an_unknown_commit_api_6() {
    let Some(server) = server() else { return };
    let store = |database: &Database| -> Arc<dyn IdempotencyStore> {
        Arc::new(DatabaseStore::new(
            database.clone(),
            &IdempotencyConfig::default(),
        ))
    };
    // The server commits, and its response is lost.
    let subject = Subject::new(&server, "committed", store).await;
    let repeat = subject.repeat_after(Disruption::HalfOpen).await;
    assert_eq!(repeat, (StatusCode::CONFLICT, 1));
    // The commit does not reach the server.
    let subject = Subject::new(&server, "lost", store).await;
    let repeat = subject.repeat_after(Disruption::Reset).await;
    assert_eq!(repeat, (StatusCode::CREATED, 1));
    assert_eq!(subject.send().await, StatusCode::CREATED);
    assert_eq!(subject.effects().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_elsewhere_is_kept_after_an_unknown_commit_api_6() {
    let Some(server) = server() else { return };
    let store = |_: &Database| -> Arc<dyn IdempotencyStore> {
        Arc::new(MemoryStore::new(&IdempotencyConfig::default()))
    };
    let subject = Subject::new(&server, "committed", store).await;
    let repeat = subject.repeat_after(Disruption::HalfOpen).await;
    assert_eq!(repeat, (StatusCode::CONFLICT, 1));
    let subject = Subject::new(&server, "lost", store).await;
    let repeat = subject.repeat_after(Disruption::Reset).await;
    assert_eq!(repeat, (StatusCode::CONFLICT, 0));
}
