use city_events_contract::TestService;
use seaworthy_testkit::database::EmptyDatabase;

use crate::{
    accounts::Accounts,
    service::{accounts, signer},
};

/// The accounts of a service without routes. Its messages stay in the outbox.
pub(super) struct TestAccounts {
    service: TestService<Accounts>,
    _empty: EmptyDatabase,
}

impl TestAccounts {
    pub(super) async fn start(empty: EmptyDatabase) -> Self {
        let service = TestService::start("auth-service", empty.url(), &[], async |service| {
            let signer = signer(service.settings())?;
            accounts(service, signer).await
        });
        Self {
            service: service.await.unwrap(),
            _empty: empty,
        }
    }

    pub(super) fn accounts(&self) -> &Accounts {
        &self.service.parts
    }
}
