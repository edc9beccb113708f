//! Authentication over real listeners, with real and fake issuers of tokens.

mod mutual_tls;
mod oidc;
mod readiness;
mod rotation;
mod service_tokens;
