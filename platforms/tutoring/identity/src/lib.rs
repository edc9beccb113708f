//! Accounts of Tutoring: registration, codes, login, refresh tokens and sessions. The services of
//! students and trainers are this crate with another [`AccountKind`].
//!
//! | Module | Contents |
//! | --- | --- |
//! | `config` | Settings |
//! | `account`, `store` | Accounts, SQL statements and migrations |
//! | `codes`, `sms` | One-time codes and their providers |
//! | `live`, `cookies` | Live sessions, and refresh tokens at the client |
//! | `consumer` | Messages that change a database once |
//! | `backend`, `caller`, `invariants`, `audit_detail` | Connections, callers and data checks of every service |
//! | `operations` | Operations on accounts, without a transport |
//! | `api` | HTTP routes |
//!
//! ```
//! use tutoring_identity::AccountKind;
//!
//! assert_eq!(AccountKind::Trainer.base_path(), "/api/v1/trainers/auth");
//! ```

mod account;
mod api;
mod audit_detail;
mod backend;
mod caller;
mod checks;
mod codes;
mod config;
mod consumer;
mod cookies;
mod errors;
mod google;
mod identity;
mod invariants;
mod limits;
mod live;
mod live_events;
mod operations;
mod rows;
mod sealer;
mod secret_notices;
mod sms;
mod statements;
mod store;
mod variables;

pub use account::{Account, AccountKind, AccountView};
pub use audit_detail::audit_detail;
pub use backend::{BROKER, Backend, BackendConfig, DATABASE, behind_gateway, behind_gateway_with};
pub use caller::{caller, own_or_permitted};
pub use checks::{Checks, normalized_email};
pub use config::{
    CodeConfig, GoogleConfig, IdentityConfig, IdentityLimitConfig, IdentityLimitsConfig,
    LoginLimitConfig, SmsConfig, SmsProvider,
};
pub use consumer::{Consumer, Effect};
pub use cookies::{RefreshCookies, is_mobile};
pub use errors::refresh_in_progress;
pub use identity::Identity;
pub use invariants::Invariants;
pub use limits::{Limits, LoginLimit};
pub use live::{LiveSessions, SessionRecord, client};
pub use live_events::LiveSealer;
pub use rows::{coordinates, from_json, from_optional_text, from_text, territory};
pub use sealer::sealer;
pub use secret_notices::NoticeSealer;
pub use sms::Msg91;
pub use store::{Accounts, MIGRATIONS};
pub use variables::{
    BACKEND_VARIABLES, DATABASE_VARIABLES, LEGACY_VARIABLES, STORE_VARIABLES,
    TRAINER_LEGACY_VARIABLES,
};
