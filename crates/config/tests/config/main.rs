//! The configuration from the outside: layers, files, errors, secrets and reload.

mod cost;
mod errors;
mod files;
mod layers;
mod legacy_keys;
mod legacy_variables;
mod marks;
mod page;
mod reload;
mod secrets;
mod settings;
mod texts;
mod values;
mod variables;
