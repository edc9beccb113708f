use std::collections::BTreeMap;

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::DeliveryMode;

use crate::domain::errors;

/// The switches.
pub(crate) const FLAGS: [&str; 4] = [
    "enable_10_session_packages",
    "enable_20_session_packages",
    "enable_sunday_focus",
    "summer_pricing_enabled",
];

/// The switches by name.
#[derive(Debug, Clone)]
pub(crate) struct Flags(pub(crate) BTreeMap<String, bool>);

impl Flags {
    pub(crate) async fn read(connection: &dyn Connection) -> DataResult<Self> {
        let rows: Vec<(String, bool)> = sql("SELECT name, is_enabled FROM feature_flags")
            .fetch_all(connection)
            .await?;
        Ok(Self(rows.into_iter().collect()))
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Whether packages with this number of sessions are offered.
    pub(crate) fn offers(&self, session_count: u16) -> bool {
        match session_count {
            10 => self.is_on("enable_10_session_packages"),
            20 => self.is_on("enable_20_session_packages"),
            _ => true,
        }
    }

    /// Whether sessions on Sundays are offered.
    pub(crate) fn offers_sundays(&self) -> bool {
        self.is_on("enable_sunday_focus")
    }

    /// Requires that packages with this number of sessions and this mode are offered. A package
    /// that was bought is not affected.
    ///
    /// # Errors
    /// `PACKAGE_NOT_OFFERED`.
    pub(crate) fn require_offered(
        &self,
        (session_count, mode): (u16, Option<DeliveryMode>),
    ) -> Result<(), Error> {
        if !self.offers(session_count) {
            return Err(errors::not_priced());
        }
        match mode {
            Some(DeliveryMode::SundayOnly) if !self.offers_sundays() => {
                Err(errors::sundays_not_offered())
            }
            _ => Ok(()),
        }
    }

    pub(crate) async fn set(tx: &Transaction, name: &str, is_on: bool) -> DataResult<()> {
        sql!("UPDATE feature_flags SET is_enabled = {is_on} WHERE name = {name}")
            .apply(tx)
            .await
    }
}
