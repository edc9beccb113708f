use seaworthy::{data::prelude::*, prelude::*};
use serde_json::{Value, json};

use crate::domain::Preferences;

/// The preferences of a user, and the address for e-mail.
#[derive(Debug, Default)]
pub(crate) struct StoredPreferences {
    pub(crate) settings: Preferences,
    pub(crate) email: Option<Personal<String>>,
}

impl FromRow for StoredPreferences {
    fn from_row(row: &Row) -> DataResult<Self> {
        let settings: Value = row.get("settings")?;
        let email: Option<String> = row.get("email")?;
        Ok(Self {
            settings: serde_json::from_value(settings).unwrap_or_default(),
            email: email.map(Personal::new),
        })
    }
}

impl StoredPreferences {
    /// Returns the preferences of a user, or the defaults.
    pub(crate) async fn of(connection: &dyn Connection, user: Uuid) -> DataResult<Self> {
        let found = sql!("SELECT settings, email FROM preferences WHERE user_id = {user}")
            .fetch_optional(connection)
            .await?;
        Ok(found.unwrap_or_default())
    }

    /// Replaces the preferences of a user.
    pub(crate) async fn store(&self, connection: &dyn Connection, user: Uuid) -> DataResult<()> {
        let email = self.email.as_ref().map(|email| email.expose().clone());
        sql!("INSERT INTO preferences (user_id, settings, email, updated_at) VALUES ({user}, {json!(self.settings)}, {email}, {Utc::now()})
             ON CONFLICT (user_id) DO UPDATE SET settings = excluded.settings, email = excluded.email, updated_at = excluded.updated_at",
            mysql: "INSERT INTO preferences (user_id, settings, email, updated_at) VALUES ({user}, {json!(self.settings)}, {email}, {Utc::now()})
             ON DUPLICATE KEY UPDATE settings = VALUES(settings), email = VALUES(email), updated_at = VALUES(updated_at)")
            .apply(connection)
            .await
    }
}
