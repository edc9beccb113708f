//! The interfaces that the services of Tutoring share: envelopes, access tokens, events, and values
//! such as money and dates.
//!
//! ```
//! use tutoring_contract::Role;
//!
//! assert_eq!(Role::from_name("trainer"), Some(Role::Trainer));
//! ```

mod caller_territory;
mod date;
mod envelope;
pub mod events;
pub mod groups;
mod live;
mod money;
mod price;
mod role;
mod service_tokens;
mod slot;
mod territory;
mod tokens;

pub use caller_territory::{CallerTerritory, require_admin_scope, require_everywhere};
pub use date::{InvalidZone, PlatformZone, max_date};
pub use envelope::{
    ExhaustedLimit, ExtractResult, HandlerResult, Reply, error_response, use_envelopes,
};
pub use live::LiveEvent;
pub use money::{Currency, InvalidCurrency, Money};
pub use price::{ClassType, DeliveryMode, Quote, SESSION_COUNTS, Taxed};
pub use role::{AdminRole, Role, grants};
pub use seaworthy::http::{CheckedPage, Json, MAX_PAGE_LIMIT, Page, Pagination, Path, Query};
pub use service_tokens::{SERVICE_ROLE, ServiceTokenConfig, ServiceTokens};
pub use slot::{InvalidSlot, Slot};
pub use territory::Territory;
pub use tokens::{AccessTokenConfig, AccessTokenVerifier, AccessTokens, SESSION_CLAIM, Subject};
