use std::collections::BTreeMap;

use seaworthy_core::Error;
use seaworthy_data::{DataError, sql};
use serde::Serialize;

use crate::{
    AuditLog, RecordReference,
    follow::ChainPosition,
    keys::Signer,
    log::{Chain, chain},
    record::hexadecimal,
};

/// The result of verifying the whole chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The number of records.
    pub records: u64,
    /// The number of the last pruned record. 0 if none was pruned.
    pub pruned_sequence: i64,
    /// The number of the last record. 0 if there is none.
    pub last_sequence: i64,
    /// The hash of the last record in hexadecimal. Store it elsewhere to detect later whether the
    /// end was removed.
    pub last_hash: String,
    /// The last record that each additional key signed (`audit_log.additional_verification_keys`),
    /// by the name of the key. For a key that has signed no stored record, it is the beginning of
    /// the log. Set it as `last` of the key after its last use.
    pub last_by_other_key: BTreeMap<String, RecordReference>,
    /// The additional keys whose `last` is not set. An attacker who has such a key can add and
    /// alter records.
    pub keys_without_last: Vec<String>,
    /// Whether an additional key signed the beginning. The next append of this service signs it
    /// again.
    pub beginning_by_other_key: bool,
    /// The state of the record from an earlier verification, if one was given.
    pub reference: Option<ReferenceState>,
}

/// The state of a record from an earlier verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferenceState {
    /// The log contains it, or begins right after it.
    Intact,
    /// It and later records were pruned, so it cannot be compared.
    Pruned,
}

/// Errors of verifying the log.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A record was altered, or signed without the key.
    #[error("record {0} was altered")]
    Altered(i64),
    /// Records are missing.
    #[error("record {0} is missing")]
    Missing(i64),
    /// A record precedes the beginning of the chain or follows its end.
    #[error("record {0} is outside of the chain")]
    OutsideChain(i64),
    /// The last record is not the end of the chain.
    #[error("the chain ends at record {expected}, and the last stored record is {found}")]
    WrongEnd {
        /// The number of the end of the chain.
        expected: i64,
        /// The number of the last stored record.
        found: i64,
    },
    /// The beginning of the log was altered, or signed without the key.
    #[error("the proof that the records up to {0} were pruned was altered")]
    PruneProofAltered(i64),
    /// The first records are missing without a proof that they were pruned.
    #[error(
        "there is no proof that the records up to {0} were pruned: an attacker or an old version removed them"
    )]
    PruneProofMissing(i64),
    /// The record differs from the earlier verification.
    #[error("record {0} differs from the reference")]
    ReferenceMismatch(i64),
    /// The log cannot be read.
    #[error(transparent)]
    Failed(#[from] DataError),
}

impl From<VerifyError> for Error {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Failed(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl AuditLog {
    /// Verifies the whole log. `reference` is a record from an earlier verification or from the log
    /// of the service. Without it, the removal of the last records is not detected.
    ///
    /// # Errors
    /// [`VerifyError`] for the first damaged record.
    pub async fn verify(&self, reference: Option<(i64, &str)>) -> Result<Verified, VerifyError> {
        loop {
            // Read before the records, so that concurrent appends are left to the next
            // verification.
            let chain = chain(&self.database).await?;
            let found = self.verify_once(&chain, reference).await;
            // A concurrent pruning looks like missing records.
            if found.is_ok() || !self.was_pruned_since(&chain).await? {
                return found;
            }
        }
    }

    async fn was_pruned_since(&self, before: &Chain) -> Result<bool, DataError> {
        Ok(chain(&self.database).await?.pruned_sequence > before.pruned_sequence)
    }

    async fn verify_once(
        &self,
        chain: &Chain,
        reference: Option<(i64, &str)>,
    ) -> Result<Verified, VerifyError> {
        let (beginning, signer) = self.beginning(chain)?;
        let pruned_sequence = beginning.sequence;
        let known: Vec<_> = self.keys.ends().chain(reference).collect();
        compare(&beginning, &known)?;
        let mut records = 0;
        let mut last: Vec<ChainPosition> = self.keys.names().map(|_| beginning.clone()).collect();
        let end = self
            .follow(
                &self.database,
                beginning,
                chain.last_sequence,
                |position, signer| {
                    records += 1;
                    if let Signer::Other(index) = signer
                        && let Some(last) = last.get_mut(index)
                    {
                        *last = position.clone();
                    }
                    compare(position, &known)
                },
            )
            .await?;
        if end.sequence != chain.last_sequence || end.hash != chain.last_hash {
            return Err(VerifyError::WrongEnd {
                expected: chain.last_sequence,
                found: end.sequence,
            });
        }
        if let Some((missing, _)) = self.keys.ends().find(|(last, _)| *last > end.sequence) {
            return Err(VerifyError::Missing(missing));
        }
        self.reject_entries_outside_chain().await?;
        Ok(Verified {
            records,
            pruned_sequence,
            last_sequence: end.sequence,
            last_hash: hexadecimal(&end.hash),
            last_by_other_key: self
                .keys
                .names()
                .map(str::to_owned)
                .zip(last.iter().map(reference_to))
                .collect(),
            keys_without_last: self.keys.without_last().map(str::to_owned).collect(),
            beginning_by_other_key: matches!(signer, Some(Signer::Other(_))),
            reference: reference_state(reference, pruned_sequence, end.sequence)?,
        })
    }

    /// Reads the record and the ends of the chain in one statement, because other transactions
    /// append and prune.
    async fn reject_entries_outside_chain(&self) -> Result<(), VerifyError> {
        let entry: Option<(i64,)> =
            sql("SELECT sequence FROM audit_log, audit_log_chain WHERE name = 'chain'
                 AND (sequence <= pruned_sequence OR sequence > last_sequence) ORDER BY sequence LIMIT 1")
                .fetch_optional(&self.database)
                .await?;
        entry.map_or(Ok(()), |(sequence,)| {
            Err(VerifyError::OutsideChain(sequence))
        })
    }
}

fn reference_to(position: &ChainPosition) -> RecordReference {
    RecordReference {
        sequence: position.sequence,
        hash: hexadecimal(&position.hash),
    }
}

/// Fails if the record differs from the known one with its number.
fn compare(position: &ChainPosition, known: &[(i64, &str)]) -> Result<(), VerifyError> {
    for (sequence, hash) in known {
        if *sequence == position.sequence && !hexadecimal(&position.hash).eq_ignore_ascii_case(hash)
        {
            return Err(VerifyError::ReferenceMismatch(*sequence));
        }
    }
    Ok(())
}

/// Returns the state of the earlier record, in a verified part of the log.
fn reference_state(
    reference: Option<(i64, &str)>,
    pruned_sequence: i64,
    last_sequence: i64,
) -> Result<Option<ReferenceState>, VerifyError> {
    match reference {
        Some((sequence, _)) if sequence > last_sequence => Err(VerifyError::Missing(sequence)),
        Some((sequence, _)) if sequence < pruned_sequence => Ok(Some(ReferenceState::Pruned)),
        Some(_) => Ok(Some(ReferenceState::Intact)),
        None => Ok(None),
    }
}
