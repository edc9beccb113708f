use seaworthy::{
    account::{ApiKeys, Lockout, SecondFactorConfig, SecondFactors, Sessions},
    data::Database,
};

use crate::{
    TITLE,
    config::AuthConfig,
    store::{Keys, Users},
};

/// The stores of users and their credentials.
#[derive(Debug)]
pub(crate) struct AccountStores {
    pub(crate) database: Database,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) lockout: Lockout,
    pub(crate) factors: SecondFactors,
    pub(crate) api_keys: ApiKeys,
}

impl AccountStores {
    /// Creates the stores on a database.
    pub(crate) fn new(settings: &AuthConfig, database: &Database, keys: &Keys) -> Self {
        let factors = SecondFactors::new(
            database.clone(),
            keys.sealer.clone(),
            TITLE,
            SecondFactorConfig::default(),
        );
        Self {
            users: Users::new(keys.clone()),
            sessions: Sessions::new(database.clone(), settings.sessions()),
            lockout: Lockout::new(database.clone(), settings.lockout()),
            factors,
            api_keys: ApiKeys::new(database.clone(), settings.api_keys.clone()),
            database: database.clone(),
        }
    }
}
