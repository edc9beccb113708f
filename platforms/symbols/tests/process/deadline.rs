use std::time::{Duration, Instant};

use seaworthy::data::{Database, DatabaseConfig};
use tonic::{Code, Request};

use crate::{
    app::SymbolsApp,
    calls::{client, create},
    contract::service::symbols::v1::GetSymbolRequest,
};

/// Shorter than the lock timeout of the database.
const DEADLINE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn call_ends_at_deadline_without_effect_life_6() {
    let timeouts = [
        "--set",
        "database.lock_timeout=1m",
        "--set",
        "database.statement_timeout=1m",
    ];
    let mut service = SymbolsApp::start(&timeouts);
    let mut client = client(&service).await;
    let url = format!("sqlite:{}", service.database_path().display());
    let config = DatabaseConfig::from_url(url.parse().unwrap());
    let other = Database::builder("test", config).open().await.unwrap();
    let lock = other.begin().await.unwrap();

    let mut request = Request::new(create(1));
    request.set_timeout(DEADLINE);
    let start = Instant::now();
    let status = client.create_symbol(request).await.unwrap_err();
    assert!(
        matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{status:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(30), "{status:?}");
    let line = service.process.line("DeadlineExceeded").unwrap();
    assert!(line.contains("SymbolsService/CreateSymbol"), "{line}");

    lock.rollback().await.unwrap();
    let missing = client.get_symbol(GetSymbolRequest { id: 1 }).await;
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
    // The pool has its connection back.
    for number in 2..10 {
        client.create_symbol(create(number)).await.unwrap();
    }
}
