use seaworthy::prelude::*;

use super::{Accounts, caller};
use crate::domain::{Profile, errors};

impl Accounts {
    /// Returns the profile of the caller.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the user does not exist.
    pub(crate) async fn profile(&self) -> Result<Profile, Error> {
        let profile = self.users.profile(&self.database, caller()?).await?;
        profile.ok_or_else(errors::token_invalid)
    }
}
