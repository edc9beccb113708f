//! Documents of the configuration (CONF-6), generated from the settings types.

mod docs;
mod env_example;
mod explain;
mod listing;
mod show;

pub use explain::UnknownKey;
pub use listing::SettingDescription;
pub use show::EffectiveValue;
