//! Secrets from HashiCorp Vault or OpenBao (CONF-5): `vault:mount/path#key`, from version 2 of the
//! key-value engine.
//!
//! The access to Vault cannot be a setting, because settings refer to its secrets. So the address,
//! the token and the certificate authorities come from the variables that Vault's own tools read:
//! `VAULT_ADDR`, `VAULT_TOKEN` (or `VAULT_TOKEN_FILE`, which is read again each time, as an agent
//! renews it), `VAULT_NAMESPACE`, `VAULT_CACERT`.

mod access;
mod locator;
mod source;

pub(crate) use access::{connector, variable};
pub(crate) use source::VaultSource;

/// The scheme of references to secrets in Vault.
pub(crate) const SCHEME: &str = "vault";

#[cfg(test)]
mod tests;
