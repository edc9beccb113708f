use std::time::{Duration, Instant};

use seaworthy_core::{Deadline, Error, RequestContext, ServiceIdentity, Timeout, context};
use seaworthy_data::{DataError, DataErrorKind, Database, sql};

use crate::test_database::{TestDatabase, add, ids, is_postgres, long_work, work_for_long};

/// Shorter than `work_for_long`, and longer than its abort takes on a busy machine.
const LONG_WORK: Duration = Duration::from_secs(25);

/// Waits until the server has aborted the work of [`work_for_long`], before it would end by itself.
async fn wait_until_aborted(database: &Database) {
    let began = Instant::now();
    while long_work(database).await > 0 {
        assert!(began.elapsed() < LONG_WORK, "the server works");
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn violated_constraints_have_kind_and_name_data_3(test_database: TestDatabase) {
    let database = test_database.open().await;
    add(&database, 1).await;
    let is_sqlite = !is_postgres(&database) && test_database.config().url.file().is_some();
    let unique = sql("INSERT INTO symbols (id, label) VALUES (2, ?)").bind("label 1");
    let error = unique.execute(&database).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::UniqueViolation);
    let name = if is_sqlite {
        "symbols.label"
    } else {
        "symbols_label_key"
    };
    assert_eq!(error.constraint(), Some(name));
    let public = Error::from(error);
    assert_eq!(public.code().http_status(), 409);
    assert!(!format!("{public:?}").contains("label 1"), "{public:?}");
    let foreign = sql("INSERT INTO symbols (id, label, project_id) VALUES (2, 'b', 77)");
    let error = foreign.execute(&database).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::ForeignKeyViolation);
    if !is_sqlite {
        assert_eq!(error.constraint(), Some("symbols_project_fkey"));
    }
    let missing = sql("INSERT INTO symbols (id, label) VALUES (3, ?)").bind(None::<String>);
    let error = missing.execute(&database).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::NotNullViolation);
    assert!(error.constraint().unwrap().ends_with("label"), "{error}");
    let check = sql("INSERT INTO symbols (id, label, places) VALUES (3, 'c', -1)");
    let error = check.execute(&database).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::CheckViolation);
    assert_eq!(error.constraint(), Some("symbols_places_check"));
    assert_eq!(ids(&database).await, [1]);
}

pub(crate) async fn second_connection_in_transaction_is_rejected(test_database: TestDatabase) {
    let database = test_database.open().await;
    let outside = database.clone();
    let error = database
        .transaction(|tx| {
            let outside = outside.clone();
            async move {
                add(&tx, 1).await;
                sql("SELECT id FROM symbols").execute(&outside).await?;
                Ok::<_, DataError>(())
            }
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::SecondConnection);
    let tx = database.begin().await.unwrap();
    let error = database.begin().await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::SecondConnection);
    tx.rollback().await.unwrap();
    add(&database, 2).await;
}

pub(crate) async fn statement_stops_on_server_at_its_timeout_data_1(test_database: TestDatabase) {
    let mut config = test_database.config();
    config.statement_timeout = Timeout::from_millis(300);
    let database = test_database.open_with(config).await;
    let error = work_for_long(&database).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::StatementTimeout, "{error}");
    wait_until_aborted(&database).await;
    add(&database, 1).await;
    let tx = database.begin().await.unwrap();
    add(&tx, 2).await;
    let error = work_for_long(&tx).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::StatementTimeout, "{error}");
    assert!(tx.commit().await.is_err());
    assert_eq!(ids(&database).await, [1]);
}

pub(crate) async fn statements_of_requests_have_a_shorter_timeout_data_1(
    test_database: TestDatabase,
) {
    let mut config = test_database.config();
    // Longer than the work, which would succeed without the timeout of the request.
    config.statement_timeout = Timeout::from_secs(120);
    config.request_statement_timeout = Some(Timeout::from_millis(200));
    let database = test_database.open_with(config.clone()).await;
    let request = RequestContext::background(ServiceIdentity::new("test", "1.0.0"))
        .with_client_address([127, 0, 0, 1].into());
    context::scope(request.into(), async {
        let error = work_for_long(&database).await.unwrap_err();
        assert_eq!(error.kind(), DataErrorKind::StatementTimeout, "{error}");
        let tx = database.begin().await.unwrap();
        let error = work_for_long(&tx).await.unwrap_err();
        assert_eq!(error.kind(), DataErrorKind::StatementTimeout, "{error}");
    })
    .await;
    // Other work keeps the timeout of the connection.
    config.statement_timeout = Timeout::from_secs(2);
    let database = test_database.open_with(config).await;
    let began = Instant::now();
    let error = work_for_long(&database).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::StatementTimeout, "{error}");
    assert!(began.elapsed() >= Duration::from_secs(2));
}

pub(crate) async fn deadline_ends_statement_life_6(test_database: TestDatabase) {
    let database = test_database.open().await;
    let request = RequestContext::background(ServiceIdentity::new("test", "1.0.0"))
        .with_deadline(Deadline::after(Duration::from_millis(300)));
    let error = context::scope(request.into(), async {
        let error = work_for_long(&database).await.unwrap_err();
        // No statement starts after the deadline.
        let late = database.begin().await.unwrap_err();
        assert_eq!(late.kind(), DataErrorKind::DeadlineExceeded);
        error
    })
    .await;
    assert_eq!(error.kind(), DataErrorKind::DeadlineExceeded, "{error}");
    wait_until_aborted(&database).await;
    add(&database, 1).await;
}

pub(crate) async fn full_pool_has_its_own_error_obs_5(test_database: TestDatabase) {
    let mut config = test_database.config();
    config.pool.max_connections = 1.try_into().unwrap();
    config.pool.acquire_timeout = Timeout::from_millis(100);
    let database = test_database.open_with(config).await;
    let holding = database.clone();
    let (held, mut is_held) = tokio::sync::mpsc::channel(1);
    let (free, may_free) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let tx = holding.begin().await.unwrap();
        held.send(()).await.unwrap();
        may_free.await.unwrap();
        tx.rollback().await.unwrap();
    });
    is_held.recv().await.unwrap();
    let error = sql("SELECT id FROM symbols").execute(&database).await;
    assert_eq!(error.unwrap_err().kind(), DataErrorKind::PoolExhausted);
    free.send(()).unwrap();
    task.await.unwrap();
    add(&database, 1).await;
}
