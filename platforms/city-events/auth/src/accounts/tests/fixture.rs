use std::sync::{Arc, OnceLock};

use seaworthy::{
    config::{Environment, Loader, Profile},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::database::EmptyDatabase;
use tempfile::TempDir;

use crate::{
    accounts::Accounts,
    config::AuthConfig,
    service::{accounts, signer},
};

const SECRET: &str = "a secret of the tests that is long enough";

/// The accounts of a service without routes. Its messages stay in the outbox.
pub(super) struct TestAccounts {
    pub(super) accounts: Arc<Accounts>,
    _running: RunningService,
    _folder: TempDir,
    _empty: EmptyDatabase,
}

impl TestAccounts {
    pub(super) async fn start(empty: EmptyDatabase) -> Self {
        let folder = TempDir::new().unwrap();
        let overrides = [
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "log.level=error".to_owned(),
            format!("database.url={}", empty.url()),
            "database.migrate_at_start=true".to_owned(),
            format!(
                "broker.url=sqlite:{}",
                folder.path().join("broker.db").display()
            ),
            format!("jwt.secret={SECRET}"),
            format!("audit_log.key={SECRET}"),
            "outbox.relay.enabled=false".to_owned(),
        ];
        let loader = Loader::new("auth-service")
            .profile(Profile::Test)
            .environment(Environment::default())
            .overrides(overrides);
        let made = Arc::new(OnceLock::new());
        let making = Arc::clone(&made);
        let assemble = async move |service: &Assembly<AuthConfig>| {
            let signer = signer(service.settings())?;
            let _ = making.set(Arc::new(accounts(service, signer).await?));
            Ok(())
        };
        let running = Service::new("auth-service", "1")
            .start(loader, assemble)
            .await
            .unwrap();
        Self {
            accounts: Arc::clone(made.get().unwrap()),
            _running: running,
            _folder: folder,
            _empty: empty,
        }
    }
}

/// Returns every installed engine, with an empty database each.
pub(super) fn every_database() -> impl Iterator<Item = EmptyDatabase> {
    [
        EmptyDatabase::sqlite,
        EmptyDatabase::postgres,
        EmptyDatabase::mariadb,
    ]
    .into_iter()
    .filter_map(|make| make())
}
