//! SQL statements and migrations.

mod deliveries;
mod devices;
mod migrations;
mod notifications;
mod settings;

pub(crate) use deliveries::{Deliveries, Due};
pub(crate) use devices::{Devices, NewDevice};
pub(crate) use migrations::MIGRATIONS;
pub(crate) use notifications::{Filter, Notification, Notifications};
pub(crate) use settings::StoredPreferences;
