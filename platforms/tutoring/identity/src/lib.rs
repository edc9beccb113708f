//! Accounts of Tutoring: registration, codes, login, refresh tokens and sessions. The services of
//! students and trainers use this crate with a different [`AccountKind`].
//!
//! | Module | Contents |
//! | --- | --- |
//! | `config`, `defaults` | Settings |
//! | `account`, `store` | Accounts, SQL statements and migrations |
//! | `checks`, `text_field` | Checks of requests |
//! | `session_record`, `cookies` | Active sessions, and refresh tokens at the client |
//! | `backend`, `stores`, `caller` | Connections, commands and callers of every service |
//! | `paging`, `rows` | Pages, territories, coordinates and search patterns in SQL |
//! | `operations` | Operations on accounts, without a transport |
//! | `snapshot`, `command` | Published snapshots, and commands of operators |
//! | `api` | HTTP routes |
//!
//! ```
//! use tutoring_identity::AccountKind;
//!
//! assert_eq!(AccountKind::Trainer.base_path(), "/api/v1/trainers/auth");
//! ```

mod account;
mod api;
mod backend;
mod caller;
mod checks;
mod command;
mod config;
mod cookies;
mod defaults;
mod errors;
mod identity;
mod limits;
mod live_events;
mod operations;
mod paging;
mod profile_edit;
mod rows;
mod sealer;
mod secret_notices;
mod session_record;
mod snapshot;
mod store;
mod stores;
mod text_field;
mod variables;

pub use account::{Account, AccountKind};
pub use backend::{
    BROKER, Backend, BackendConfig, DATABASE, behind_gateway, behind_gateway_with, embedded_broker,
    embedded_database, with_client,
};
pub use caller::{CallerSession, caller, own_or_permitted};
pub use checks::{AccountChecks, invalid, normalized_email};
pub use command::accounts_command;
pub use config::{IdentityConfig, IdentityLimitsConfig, LoginLimitConfig};
pub use cookies::{RefreshCookies, is_mobile};
pub use defaults::{default_lockout, default_sessions};
pub use errors::refresh_in_progress;
pub use identity::Identity;
pub use limits::{Limits, LoginLimit, per_minute};
pub use live_events::LiveSealer;
pub use paging::PagedStatement;
pub use profile_edit::ProfileEdit;
pub use rows::{containing, coordinates, levels, optional, territory};
pub use sealer::sealer;
pub use secret_notices::NoticeSealer;
pub use session_record::SessionRecord;
pub use store::{Accounts, MIGRATIONS};
pub use stores::Stores;
pub use text_field::TextField;
pub use variables::{
    MAIL_VARIABLES, account_variables, admin_variables, backend_variables, gateway_variables,
    storage_variables, store_variables, trainer_account_variables,
};

pub use seaworthy::{
    account::{ActiveSessions, CodeKey},
    captcha::SmsProvider,
    core::{Checks, NOT_STORABLE},
};
