//! Migrations and settings documents of the service.

mod migrations;
mod settings;
