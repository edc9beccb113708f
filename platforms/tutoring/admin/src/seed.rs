use seaworthy::{config::Profile, prelude::*};

use crate::{accounts::Accounts, store::admins};

/// The address of the seeded super admin.
pub const SEED_EMAIL: &str = "admin@example.org";
/// The password of the seeded super admin.
pub const SEED_PASSWORD: &str = "Explore-the-course-1";

/// Creates a super admin in an empty database.
///
/// # Errors
/// [`StartError`] in production, because the password is public.
pub(crate) async fn seed(profile: Profile, accounts: &Accounts) -> Result<(), StartError> {
    if profile == Profile::Production {
        return Err(StartError::new(
            "seed must be false in production: create the first admin with `admins create`",
        ));
    }
    let because = |error: Error| StartError::with_cause("the first admin cannot be created", error);
    let exists = admins::exist(&accounts.database).await;
    if exists.map_err(|error| because(error.into()))? {
        return Ok(());
    }
    let password = Some(Secret::new(SEED_PASSWORD.to_owned()));
    let created = accounts.create_super_admin(SEED_EMAIL, "First Admin", password);
    created.await.map_err(because)?;
    Ok(())
}
