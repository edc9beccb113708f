//! A service to copy: users register, log in and use a second factor, over HTTP and gRPC.
//!
//! Begin with `service`: its function `assemble` shows all parts of the service.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `service` | Assembles the parts |
//! | `config` | Settings, and names of variables |
//! | `contract` | Code generated from `contract/*.proto` |
//! | `api` | Methods of the contracts |
//! | `accounts` | Operations on accounts, without a transport |
//! | `features` | Feature flags in the form of the contract |
//! | `domain` | Users, addresses, errors |
//! | `plugins` | Plugins, in builds with the feature `plugins` |
//! | `store` | SQL, encrypted columns |

/// The name of the service in logs, metrics, tokens and events.
const NAME: &str = "starter";
/// The name that users see, such as in authenticator applications.
const TITLE: &str = "Starter";

mod accounts;
mod api;
mod config;
mod contract;
mod domain;
mod features;
mod plugins;
mod service;
mod store;

pub use service::main;
