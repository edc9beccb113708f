use city_events_contract::Role;
use seaworthy::{auth::password::PasswordCheck, config::Profile, prelude::*};

use crate::{
    accounts::Accounts,
    config::AuthConfig,
    domain::{EmailAddress, User, UserId},
    store::Users,
};

/// The password of the seeded users. It is public, so a service that other machines can reach
/// fails to start while an account has it.
pub const SEED_PASSWORD: &str = "explore-the-city";
/// The local parts of further users at `example.com`, which the platform seeds.
pub const SEED_USERS: [&str; 7] = ["mira", "jonas", "amal", "lena", "tomas", "noor", "felix"];

fn address(name: &str) -> String {
    format!("{name}@example.com")
}

/// Seeds accounts in the profile `development` without exposed listeners. Otherwise it rejects
/// seeded accounts.
pub(crate) async fn seed_or_reject(
    service: &Assembly<AuthConfig>,
    accounts: &Accounts,
) -> Result<(), StartError> {
    let settings = service.settings();
    let is_deployed = matches!(service.profile(), Profile::Staging | Profile::Production);
    if is_deployed || settings.reject_default_passwords || !service.framework().is_on_loopback() {
        return reject_default_passwords(accounts).await;
    }
    if settings.seed_users && service.profile() == Profile::Development {
        seed(accounts).await?;
    }
    Ok(())
}

/// Refuses to start while a seeded account has the published password (AUTH-2). It tries the
/// password itself, so it also detects accounts that an earlier version seeded.
async fn reject_default_passwords(accounts: &Accounts) -> Result<(), StartError> {
    let names = Role::ALL.iter().map(|role| role.as_str());
    let mut found = Vec::new();
    for address in names.chain(SEED_USERS).map(address) {
        if has_published_password(accounts, &address).await? {
            found.push(address);
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(StartError::new(format!(
        "seeded accounts have a published password, and other machines may reach the service: {}. Use another database, or start on loopback addresses in the profile development and give each account a new password",
        found.join(", ")
    )))
}

async fn has_published_password(accounts: &Accounts, address: &str) -> Result<bool, StartError> {
    let address = EmailAddress::parse(Some(address))?;
    let user = Users::by_email(&accounts.database, &address).await?;
    let Some(user) = user.filter(|user| user.password_hash.is_some()) else {
        return Ok(false);
    };
    let password = Secret::new(SEED_PASSWORD.to_owned());
    let check = accounts
        .passwords
        .verify(password, user.stored_hash())
        .await?;
    Ok(check != PasswordCheck::Invalid)
}

/// Creates an admin, a moderator and a user with verified addresses at `example.com`, if the
/// database has no users.
async fn seed(accounts: &Accounts) -> Result<(), Error> {
    if !Users::is_empty(&accounts.database).await? {
        return Ok(());
    }
    let password = Secret::new(SEED_PASSWORD.to_owned());
    let hash = accounts.passwords.hash(password).await?;
    let users = Role::ALL.map(|role| User {
        id: UserId::new(),
        email: Personal::new(address(role.as_str())),
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
        // Another instance seeded the database at the same time.
        Err(error) if error.code() == Code::Conflict => Ok(()),
        other => {
            tracing::info!("seeded development users admin, moderator and user at example.com");
            other
        }
    }
}
