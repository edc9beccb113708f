//! Captchas in the database of a service: images, spoken digits, and codes by e-mail or SMS.
//!
//! A captcha is valid once, also if two replicas get the answer at the same time. Each answer is
//! counted before it is compared, so concurrent wrong answers count like sequential ones.
//!
//! ```no_run
//! use seaworthy_captcha::{Binding, CaptchaConfig, Captchas, Challenge};
//! use seaworthy_core::{Error, Secret};
//! use seaworthy_data::Database;
//!
//! # async fn example(database: Database, key: Secret<[u8; 32]>) -> Result<(), Error> {
//! let captchas = Captchas::new(database, &key, CaptchaConfig::default());
//! let issued = captchas.issue(&Binding::Image).await?;
//! assert!(matches!(issued.challenge, Challenge::Image(_)));
//! // The client sends the ID and the letters that the user has read.
//! captchas.consume(&issued.id, "h7kx3p", &[Binding::Image]).await?;
//! # Ok(())
//! # }
//! ```

mod audio;
mod binding;
mod captchas;
mod code;
mod config;
mod error;
mod image;
mod metrics;
mod migrations;
mod providers;
mod quota;
mod send;
mod sent_codes;
mod store;
mod targets;
mod window;

pub use binding::{Binding, without_mainland_code};
pub use captchas::{Answered, Captchas, Challenge, Issued};
pub use config::{CaptchaConfig, SentCodesConfig};
pub use error::CaptchaError;
pub use migrations::MIGRATIONS;
pub use providers::{Msg91, SmsConfig, SmsGateway, SmsGatewayConfig, SmsProvider, SmsSenders};
pub use send::{LogCodes, MailCodes, SendCode, SendCodeError, SendCodeFuture};
