use aws_lc_rs::hmac;
use seaworthy_core::Secret;
use seaworthy_service::StartError;

use crate::{AuditLogConfig, RecordReference};

/// Minimum length of a key, in bytes: the length of the hash (RFC 2104, section 3).
const MIN_KEY_LENGTH: usize = 32;

/// The key that signs, and the keys that only verify.
pub(crate) struct Keys {
    own: hmac::Key,
    others: Vec<Other>,
}

struct Other {
    name: String,
    key: hmac::Key,
    last: Option<RecordReference>,
}

/// The key of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    /// The key with which this service signs.
    Own,
    /// The additional verification key with this index.
    Other(usize),
}

impl Keys {
    pub(crate) fn new(config: &AuditLogConfig) -> Result<Self, StartError> {
        let own = config.key.as_ref().ok_or_else(|| {
            StartError::new(
                "the audit log needs a key: set audit_log.key to a reference to at least 32 bytes",
            )
        })?;
        let others = config
            .additional_verification_keys
            .iter()
            .map(|(name, other)| {
                let setting = format!("audit_log.additional_verification_keys.{name}.key");
                let secret = other
                    .key
                    .as_ref()
                    .ok_or_else(|| StartError::new(format!("{setting} is missing")))?;
                Ok(Other {
                    name: name.clone(),
                    key: key(secret, &setting)?,
                    last: other.last.clone(),
                })
            });
        Ok(Self {
            own: key(own, "audit_log.key")?,
            others: others.collect::<Result<_, StartError>>()?,
        })
    }

    /// Returns the key for new records and proofs.
    pub(crate) fn own(&self) -> &hmac::Key {
        &self.own
    }

    /// Returns the last records of the keys that have one.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (i64, &str)> {
        let ends = self.others.iter().filter_map(|other| other.last.as_ref());
        ends.map(|last| (last.sequence, last.hash.as_str()))
    }

    /// Returns the names of the additional keys, in the order of their indexes.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(|other| other.name.as_str())
    }

    /// Returns the names of the additional keys without a last record.
    pub(crate) fn without_last(&self) -> impl Iterator<Item = &str> {
        let open = self.others.iter().filter(|other| other.last.is_none());
        open.map(|other| other.name.as_str())
    }

    /// Returns the key with which `is_right` succeeds for the record of this number.
    pub(crate) fn of_record(
        &self,
        sequence: i64,
        is_right: impl Fn(&hmac::Key) -> bool,
    ) -> Option<Signer> {
        self.find(is_right, |last| sequence <= last.sequence)
    }

    /// Returns the key with which `is_right` succeeds for a proof. Keys with a last record are
    /// excluded, because a stolen one could remove the records that it signed.
    pub(crate) fn of_proof(&self, is_right: impl Fn(&hmac::Key) -> bool) -> Option<Signer> {
        self.find(is_right, |_| false)
    }

    fn find(
        &self,
        is_right: impl Fn(&hmac::Key) -> bool,
        is_before: impl Fn(&RecordReference) -> bool,
    ) -> Option<Signer> {
        if is_right(&self.own) {
            return Some(Signer::Own);
        }
        let is_accepted = |other: &Other| other.last.as_ref().is_none_or(&is_before);
        self.others
            .iter()
            .position(|other| is_accepted(other) && is_right(&other.key))
            .map(Signer::Other)
    }
}

fn key(secret: &Secret<String>, setting: &str) -> Result<hmac::Key, StartError> {
    let bytes = secret.expose().as_bytes();
    if bytes.len() < MIN_KEY_LENGTH {
        return Err(StartError::new(format!(
            "{setting} has {} bytes, and the audit log needs a key of at least {MIN_KEY_LENGTH}",
            bytes.len()
        )));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, bytes))
}
