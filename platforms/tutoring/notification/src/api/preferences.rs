use std::sync::Arc;

use seaworthy::{auth::token::VerifiedToken, axum::Extension, prelude::*};
use tutoring_contract::{Json, Reply};
use tutoring_identity::caller;

use super::{HandlerResult, State};
use crate::{domain::Preferences, errors, store::StoredPreferences};

pub(super) async fn show(notifier: State) -> HandlerResult {
    let stored = StoredPreferences::of(&notifier.backend.database, caller()?).await?;
    Reply::ok("preferences", stored.settings)
}

/// Replaces the preferences. Mail goes to the address of the access token, which its account has
/// verified. The service stores no address of a user who has disabled mail.
pub(super) async fn replace(
    notifier: State,
    Extension(token): Extension<Arc<VerifiedToken>>,
    Json(preferences): Json<Preferences>,
) -> HandlerResult {
    let settings = preferences.checked()?;
    let email = match settings.wants_any_email() {
        true => {
            let email = token.claims().text("email").map_err(Error::from)?;
            Some(email.ok_or_else(errors::no_address)?)
        }
        false => None,
    };
    let stored = StoredPreferences {
        email: email.map(|email| Personal::new(email.to_owned())),
        settings,
    };
    stored.store(&notifier.backend.database, caller()?).await?;
    Reply::ok("preferences stored", stored.settings)
}
