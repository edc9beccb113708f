use city_events_contract::Role;
use seaworthy::prelude::*;

use crate::{
    accounts::Accounts,
    domain::{User, UserId},
    store::Users,
};

/// The password of the three users that a development begins with. It is no secret: there is no such user anywhere else.
pub const SEED_PASSWORD: &str = "explore-the-city";

/// Gives an empty database an admin, a moderator and a user at `example.com`, whose addresses are verified.
pub(crate) async fn seed(accounts: &Accounts) -> Result<(), Error> {
    if !Users::is_empty(&accounts.database).await? {
        return Ok(());
    }
    let password = Secret::new(SEED_PASSWORD.to_owned());
    let hash = accounts.passwords.hash(password).await?;
    let users = Role::ALL.map(|role| User {
        id: UserId::new(),
        email: Personal::new(format!("{}@example.com", role.as_str())),
        password_hash: Some(Secret::new(hash.as_str().to_owned())),
        role,
        email_verified: true,
        locked: false,
        name: None,
        avatar: None,
    });
    let seeded: Result<(), Error> = accounts
        .database
        .transaction(|tx| {
            let users = &users;
            async move {
                for user in users {
                    Users::insert(&tx, user).await?;
                }
                Ok(())
            }
        })
        .await;
    match seeded {
        // Another instance was faster.
        Err(error) if error.code() == Code::Conflict => Ok(()),
        other => {
            tracing::info!(
                "three users were made for development: admin, moderator and user at example.com"
            );
            other
        }
    }
}
