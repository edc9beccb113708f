//! SQL statements and migrations.

pub(crate) mod deliveries;
pub(crate) mod devices;
mod migrations;
pub(crate) mod notifications;
mod settings;

pub(crate) use deliveries::Due;
pub(crate) use devices::NewDevice;
pub(crate) use migrations::MIGRATIONS;
pub(crate) use notifications::{Filter, Notification};
pub(crate) use settings::StoredPreferences;
