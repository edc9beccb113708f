//! E-mail of a service: over SMTP, or into a development mailbox that shows what would have been sent.
//!
//! Why it is so: a service that sends mail fails in the same few ways. A subject with a line break adds headers; a server that is busy is taken for one that refuses, so mail is lost,
//! or the other way round, so it is tried for ever; a password goes over the wire because the server did not offer TLS. So addresses and subjects are checked types, every failure says
//! whether another try may help, and without TLS nothing is sent unless the settings say that it may. Whoever develops needs no server: the mailbox keeps the last messages in memory, and
//! production refuses it.
//!
//! A message is never sent twice by this crate: a server that has taken one and whose answer was lost cannot be told from one that has not. What has to arrive is a matter of the outbox and
//! of the consumer that calls [`Mailer::send`], which tries again where [`MailError::may_be_retried`] says so, under the same [`Mail::message_id`].
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
pub use mailbox::{DevelopmentMailbox, KeptMail};
pub use mailer::Mailer;
pub use url::{InvalidMailUrl, MailUrl};
