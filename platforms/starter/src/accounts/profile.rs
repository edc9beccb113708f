use std::collections::{BTreeSet, HashMap};

use seaworthy::prelude::*;

use super::{Accounts, caller::caller};
use crate::domain::{Profile, UserId, errors};

impl Accounts {
    /// Returns the profile of the caller.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the user does not exist.
    pub(crate) async fn profile(&self) -> Result<Profile, Error> {
        let profile = self.users.profile(&self.database, caller()?).await?;
        profile.ok_or_else(errors::token_invalid)
    }

    /// Returns the names of the users that exist, by ID.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn names_of<'a>(
        &self,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<HashMap<String, Personal<String>>, Error> {
        let ids: BTreeSet<&str> = ids.collect();
        let ids: Vec<_> = ids
            .into_iter()
            .filter_map(|id| UserId::parse(id).ok())
            .collect();
        self.users.names(&self.database, &ids).await
    }
}
