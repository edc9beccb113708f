//! The mail service of City Events: mails, and the pages of their links.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `consumer` | Consumes messages and sends one mail for each |
//! | `mail_texts` | The texts of mails |
//! | `sent_mails` | Records sent mails, so that no mail is sent twice |
//! | `api` | The pages of links, and their requests to the auth service |
//!
//! Without a mail server, the service stores mails in a mailbox at `/mailbox`.

mod api;
mod auth_client;
mod config;
mod consumer;
mod legacy;
mod mail_texts;
mod sent_mails;
mod service;

pub use config::{EmailConfig, EmailLimitsConfig};
pub use service::{assemble, main, service};
