use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use seaworthy_data::{DataError, Transaction, sql};

use crate::{
    AuditLog, VerifyError,
    follow::Link,
    keys::Signer,
    log::Chain,
    record::{BEGINNING, add},
};

/// Sets a proof apart from the hash of a record, for the key is the same.
const PURPOSE: &[u8] = b"where the audit log begins since a pruning";

impl AuditLog {
    /// Where the log begins, if that is proved, and by whose key where something was pruned.
    pub(crate) fn beginning(&self, chain: &Chain) -> Result<(Link, Option<Signer>), VerifyError> {
        if chain.pruned_proof.is_some() {
            let pruned = pruned(chain);
            return match self.signer_of_beginning(chain, &pruned) {
                None => Err(VerifyError::Mark(pruned.sequence)),
                signer => Ok((pruned, signer)),
            };
        }
        let sequence = chain.pruned_sequence;
        let hash = BEGINNING.to_vec();
        let nothing_was_pruned = sequence == 0;
        nothing_was_pruned
            .then_some((Link { sequence, hash }, None))
            .ok_or(VerifyError::Unproved(sequence))
    }

    fn signer_of_beginning(&self, chain: &Chain, pruned: &Link) -> Option<Signer> {
        let known = chain.pruned_proof.as_ref()?;
        self.keys
            .of_proof(|key| verify_slices_are_equal(&proof(pruned, key), known).is_ok())
    }

    /// Signs it with the own key where another one did that is believed, so that the other one can be done without.
    pub(crate) async fn sign_beginning_anew(
        &self,
        tx: &Transaction,
        chain: &Chain,
    ) -> Result<(), DataError> {
        let pruned = pruned(chain);
        match self.signer_of_beginning(chain, &pruned) {
            Some(Signer::Other) => self.mark(tx, &pruned).await,
            Some(Signer::Own) | None => Ok(()),
        }
    }

    /// Writes down where the log begins from now on, signed.
    pub(crate) async fn mark(&self, tx: &Transaction, pruned: &Link) -> Result<(), DataError> {
        sql("UPDATE audit_log_chain SET pruned_sequence = ?, pruned_hash = ?, pruned_proof = ? WHERE name = 'chain'")
            .bind(pruned.sequence)
            .bind(pruned.hash.clone())
            .bind(proof(pruned, self.keys.own()))
            .execute(tx)
            .await
            .map(drop)
    }
}

fn pruned(chain: &Chain) -> Link {
    Link {
        sequence: chain.pruned_sequence,
        hash: chain.pruned_hash.clone(),
    }
}

/// What stands for those that were pruned. Without it, whoever has the database could say that everything was.
fn proof(pruned: &Link, key: &hmac::Key) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    add(&mut context, Some(PURPOSE));
    add(&mut context, Some(&pruned.sequence.to_be_bytes()));
    add(&mut context, Some(&pruned.hash));
    context.sign().as_ref().to_vec()
}
