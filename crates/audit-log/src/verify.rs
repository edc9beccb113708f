use seaworthy_core::Error;
use seaworthy_data::{DataError, sql};
use serde::Serialize;

use crate::{
    AuditLog, RecordReference,
    follow::Link,
    keys::Signer,
    log::{Chain, chain},
    record::hexadecimal,
};

/// What a look at the whole chain has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many records there are.
    pub records: u64,
    /// The number up to which records were pruned, 0 where none was.
    pub pruned_sequence: i64,
    /// The number of the last one, 0 where there was never any.
    pub last_sequence: i64,
    /// Its hash, in hexadecimal: kept elsewhere, it shows later whether the end was cut off.
    pub last_hash: String,
    /// The last record that another key signed which is believed (`audit_log.also_believed`).
    pub last_by_other_key: Option<RecordReference>,
    /// Whether such a key proves where the log begins; the next append by this service proves it anew.
    pub beginning_by_other_key: bool,
    /// What became of the record that was seen before, where one was given.
    pub seen: Option<Seen>,
}

/// What became of a record that was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// The log has it still, or begins right after it.
    Whole,
    /// It was pruned since, and others after it: it cannot be compared any more, and does not tell whether the end was cut off.
    Pruned,
}

/// The log is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A record was altered, or written by somebody without the key.
    #[error("record {0} is not what was written")]
    Altered(i64),
    /// Records are missing.
    #[error("record {0} is missing")]
    Missing(i64),
    /// A record is before the beginning of the chain or after its end.
    #[error("record {0} is not of the chain")]
    Stray(i64),
    /// The end of the chain is not its last record.
    #[error("the chain ends at record {expected}, and the last one that is here is {found}")]
    End {
        /// What the chain says.
        expected: i64,
        /// What is here.
        found: i64,
    },
    /// Where the log begins was altered, or written by somebody without the key.
    #[error("that the records up to {0} were pruned is not what was written")]
    Mark(i64),
    /// The beginning is gone and nothing proves that it was pruned.
    #[error(
        "nothing proves that the records up to {0} were pruned: somebody without the key removed them, or a version that proved nothing yet"
    )]
    Unproved(i64),
    /// It is not what was seen before.
    #[error("record {0} is not the one that was seen before")]
    Replaced(i64),
    /// It cannot be read.
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
    /// Reads the whole log and follows its chain. `seen` is a number and its hash from an earlier look or from the service's logs: without one, a log whose end was cut off is whole.
    ///
    /// # Errors
    /// [`VerifyError`] names the first record that is wrong.
    pub async fn verify(&self, seen: Option<(i64, &str)>) -> Result<Verified, VerifyError> {
        loop {
            // Before the records, so that what is appended meanwhile is not missed but left for the next look.
            let chain = chain(&self.database).await?;
            let found = self.look(&chain, seen).await;
            // What is pruned meanwhile looks as if it were missing.
            if found.is_ok() || !self.was_pruned_since(&chain).await? {
                return found;
            }
        }
    }

    async fn was_pruned_since(&self, before: &Chain) -> Result<bool, DataError> {
        Ok(chain(&self.database).await?.pruned_sequence > before.pruned_sequence)
    }

    async fn look(
        &self,
        chain: &Chain,
        seen: Option<(i64, &str)>,
    ) -> Result<Verified, VerifyError> {
        let (beginning, signer) = self.beginning(chain)?;
        let pruned_sequence = beginning.sequence;
        let known: Vec<_> = self.keys.ends().chain(seen).collect();
        compare(&beginning, &known)?;
        let (mut records, mut last_by_other_key) = (0, None);
        let end = self
            .follow(
                &self.database,
                beginning,
                chain.last_sequence,
                |link, signer| {
                    records += 1;
                    if signer == Signer::Other {
                        last_by_other_key = Some(link.clone());
                    }
                    compare(link, &known)
                },
            )
            .await?;
        if end.sequence != chain.last_sequence || end.hash != chain.last_hash {
            return Err(VerifyError::End {
                expected: chain.last_sequence,
                found: end.sequence,
            });
        }
        if let Some((missing, _)) = self.keys.ends().find(|(last, _)| *last > end.sequence) {
            return Err(VerifyError::Missing(missing));
        }
        self.refuse_strays().await?;
        Ok(Verified {
            records,
            pruned_sequence,
            last_sequence: end.sequence,
            last_hash: hexadecimal(&end.hash),
            last_by_other_key: last_by_other_key.map(|link| RecordReference {
                sequence: link.sequence,
                hash: hexadecimal(&link.hash),
            }),
            beginning_by_other_key: signer == Some(Signer::Other),
            seen: became(seen, pruned_sequence, end.sequence)?,
        })
    }

    /// In one statement with the ends of the chain as they are then, for others append and prune meanwhile.
    async fn refuse_strays(&self) -> Result<(), VerifyError> {
        let stray: Option<(i64,)> =
            sql("SELECT sequence FROM audit_log, audit_log_chain WHERE name = 'chain'
                 AND (sequence <= pruned_sequence OR sequence > last_sequence) ORDER BY sequence LIMIT 1")
                .fetch_optional(&self.database)
                .await?;
        stray.map_or(Ok(()), |(sequence,)| Err(VerifyError::Stray(sequence)))
    }
}

/// Refuses a record that is not the one that is known to be at its place.
fn compare(link: &Link, known: &[(i64, &str)]) -> Result<(), VerifyError> {
    for (sequence, hash) in known {
        if *sequence == link.sequence && !hexadecimal(&link.hash).eq_ignore_ascii_case(hash) {
            return Err(VerifyError::Replaced(*sequence));
        }
    }
    Ok(())
}

/// What became of the one that was seen, in a whole log from here to there, each of which was compared.
fn became(
    seen: Option<(i64, &str)>,
    pruned_sequence: i64,
    last_sequence: i64,
) -> Result<Option<Seen>, VerifyError> {
    match seen {
        Some((sequence, _)) if sequence > last_sequence => Err(VerifyError::Missing(sequence)),
        Some((sequence, _)) if sequence < pruned_sequence => Ok(Some(Seen::Pruned)),
        Some(_) => Ok(Some(Seen::Whole)),
        None => Ok(None),
    }
}
