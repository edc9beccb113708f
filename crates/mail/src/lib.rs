//! E-mail over SMTP, or into a development mailbox.
//!
//! - Addresses and subjects are checked types, so a line break in them never adds a header.
//! - Each error is transient or permanent, so a caller knows whether to retry.
//! - Messages are sent only over TLS, unless a setting allows plain text.
//! - In development no server is needed: the mailbox keeps the last messages in memory. Production
//!   rejects it.
//!
//! [`Mailer::send`] sends a message once. If the response of the server is lost, the server may or
//! may not have the message. To deliver a message reliably, send it from a consumer of the outbox.
//! The consumer retries when [`MailError::is_retryable`] returns `true`, with the same
//! [`Mail::message_id`].
//!
//! ```
//! use seaworthy_mail::Mail;
//!
//! let mail = Mail::new("ada@example.org", "Verify your email")?
//!     .text("Follow this link: https://events.example.org/verify?token=…");
//! assert!(Mail::new("ada@example.org", "Hello\r\nBcc: everybody@example.org").is_err());
//! assert!(Mail::new("ada@example.org>\r\nRCPT TO:<eve@example.org", "Hello").is_err());
//! # drop(mail);
//! # Ok::<_, seaworthy_mail::MailError>(())
//! ```

mod address;
mod config;
mod error;
mod mail;
mod mailbox;
mod mailer;
mod pages;
mod smtp;
mod url;

pub use address::{InvalidMailAddress, MailAddress};
pub use config::MailConfig;
pub use error::MailError;
pub use mail::Mail;
pub use mailbox::{CapturedMail, DevelopmentMailbox};
pub use mailer::Mailer;
pub use url::{InvalidMailUrl, MailUrl};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
